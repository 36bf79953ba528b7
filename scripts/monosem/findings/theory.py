"""What posts and comments around the paper say of features in principle, beside small computations of our own.

Criteria were fixed before the first run. Where a statement goes further than its source, or says where that fails, it
is ours (source U). So are the thresholds 0.001 nats (fits) and 0.01 nats (does not).
"""

import math

from monosem.findings.discussion import discussed
from monosem.findings.finding import all_of

FITS, FAILS = 0.001, 0.01

ROWS = (
    discussed(
        "ratios-never-turn",
        "Of any two tokens, the ratio of probabilities moves one way as a last-layer feature grows: its logarithm is a "
        "line, with biases or without (share of the ratios that turn).",
        "p2 / p1 = exp(a (l2 - l1))",
        "D",
        all_of(("turning", "<=", 0), ("largest bend", "<=", 1e-9)),
        "log_ratios",
        turning="most.softmax",
        largest_bend="largest_bend",
    ),
    discussed(
        "ratios-never-turn-normalised",
        "The same holds through a transformer's final normalisation (share that turns, while a random feature grows to "
        "the greatest activation tried).",
        "said of transformers, without their normalisation",
        "U",
        all_of(("turning", "<=", 0)),
        "log_ratios",
        turning="at_greatest.normalised",
        formula="at_greatest.formula",
    ),
    discussed(
        "binary-takes-one",
        "One feature brings about any three tokens in any fixed proportions (largest KL, nats, of random triples).",
        "one linear feature fits any fixed distribution over three tokens",
        "D",
        all_of(("KL", "<", FITS)),
        "fixed_triples",
        KL="free.largest_kl",
    ),
    discussed(
        "binary-takes-one-narrow",
        "It does so too where the residual stream has a quarter as many dimensions as there are tokens.",
        "not said of unembeddings that tokens share",
        "U",
        all_of(("KL", "<", FITS)),
        "fixed_triples",
        KL="quarter.largest_kl",
        median_at_a_32nd="narrow.median_kl",
    ),
    discussed(
        "three-modes-take-one",
        "With biases, one feature fits cold, mild and hot in turn where their ratios are monotone (KL, nats).",
        "one feature cannot be cold, mild and hot in turn",
        "U",
        all_of(("KL", "<", FITS)),
        "continuous_targets",
        KL="kl.straight.with biases.1",
        without_biases="kl.straight.without biases.1",
    ),
    discussed(
        "turning-ratios-take-two",
        "Where ratios turn along the latent, one feature does not fit and two that fire together do.",
        "a non-monotone ratio takes two co-firing features",
        "D",
        all_of(("one", ">", FAILS), ("two", "<", FITS)),
        "continuous_targets",
        one="kl.turning.with biases.1",
        two="kl.turning.with biases.2",
    ),
    discussed(
        "monotone-is-not-enough",
        "Ratios that are monotone, but whose logarithms do not lie on one line, take two features as well.",
        "only non-monotone ratios are said to",
        "U",
        all_of(("one", ">", FAILS), ("two", "<", FITS)),
        "continuous_targets",
        one="kl.bent.with biases.1",
        two="kl.bent.with biases.2",
    ),
    discussed(
        "two-meanings-cost-less",
        "An on/off neuron that stands for two of four exclusive features loses less, under cross-entropy, than one "
        "that stands for a single feature.",
        "3/4 ln 3 = 0.824 nats for one feature, ln 2 = 0.693 for two",
        "D",
        all_of(("two", "<", "one")),
        "one_neuron",
        one="fixed.one",
        two="fixed.two",
    ),
    discussed(
        "trained-neuron-has-two-meanings",
        "Trained from random starts, most on/off neurons come to stand for two features (share of the starts).",
        "no superposition is not monosemantic",
        "D",
        all_of(("two", ">", 0.5)),
        "one_neuron",
        two="unpenalised.2",
        one="unpenalised.1",
    ),
    discussed(
        "sparsity-can-make-it-one",
        "A penalty on the activation changes that only where it outweighs the gain, from 3 ln 3 - 4 ln 2 = 0.523 on: "
        "at half of that most neurons still have two meanings, at twice that one (shares of the starts).",
        "sparse activations do not make neurons monosemantic",
        "U",
        all_of(("two at half", ">", 0.5), ("one at twice", ">", 0.5)),
        "one_neuron",
        two_at_half="below_turn.2",
        one_at_twice="above_turn.1",
    ),
    discussed(
        "real-valued-neuron-does-better",
        "A neuron with real values beats both, because each feature may have a value of its own (median loss, nats).",
        "the losses above are of on/off neurons",
        "U",
        all_of(("median", "<", math.log(2))),
        "one_neuron",
        median="real.median_loss",
    ),
)
