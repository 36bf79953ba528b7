"""What posts and comments around the paper say of features in principle, beside small computations of our own.

Criteria were fixed before the first run. Where a statement goes further than its source, or says where it fails, it is
ours (source U). The thresholds 0.001 nats (fits) and 0.01 nats (does not) are ours too.
"""

import math
from collections.abc import Callable

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measurements
from monosem.findings.measures import Measured
from monosem.records import value_of

SECTION = "discussion"


def taken(experiment: str, **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of an experiment's record by dotted field; an underscore in their names stands for a space."""

    def measure(m: Measurements) -> Measured:
        numbers = {name.replace("_", " "): m.found(experiment, field) for name, field in fields.items()}
        return Measured(numbers, 0, [], str(value_of(m.investigation(experiment), "note", experiment)))

    return measure


ROWS = (
    Finding(
        "two-meanings-cost-less",
        SECTION,
        "An on/off neuron that stands for two of four exclusive features loses less, under cross-entropy, than one that "
        "stands for a single feature.",
        "3/4 ln 3 = 0.824 nats for one feature, ln 2 = 0.693 for two",
        "D",
        all_of(("two", "<", "one")),
        taken("one_neuron", one="fixed.one", two="fixed.two"),
    ),
    Finding(
        "trained-neuron-has-two-meanings",
        SECTION,
        "Trained from random starts, most on/off neurons come to stand for two features (share of the starts).",
        "no superposition is not monosemantic",
        "D",
        all_of(("two", ">", 0.5)),
        taken("one_neuron", two="unpenalised.2", one="unpenalised.1"),
    ),
    Finding(
        "sparsity-can-make-it-one",
        SECTION,
        "A penalty on the activation changes that only where it outweighs the gain, from 3 ln 3 - 4 ln 2 = 0.523 on: at "
        "half of that most neurons still have two meanings, at twice that one (shares of the starts).",
        "sparse activations do not make neurons monosemantic",
        "U",
        all_of(("two at half", ">", 0.5), ("one at twice", ">", 0.5)),
        taken("one_neuron", two_at_half="below_turn.2", one_at_twice="above_turn.1"),
    ),
    Finding(
        "real-valued-neuron-does-better",
        SECTION,
        "A neuron with real values beats both, because each feature may have a value of its own (median loss).",
        "the losses above are of on/off neurons",
        "U",
        all_of(("median", "<", math.log(2))),
        taken("one_neuron", median="real.median_loss"),
    ),
)
