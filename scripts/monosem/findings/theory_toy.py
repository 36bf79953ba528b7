"""What planted features and last layers with a known truth say of superposition; criteria as in `theory`.

The discussion asks these questions and answers none of them, so the statements are ours (source U). The two rows named
`-mends-haste` were added after a first run in which no dead feature was missed; their criteria are those of the two
rows before them.
"""

from monosem.findings.discussion import AFTERWARDS, discussed
from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

FOUND = 0.9  # least share of planted features, as of `planted-truth-is-found`

PLANTED = (
    discussed(
        "planted-truth-by-every-kind",
        "Every architecture of this project finds planted sparse features, more than dimensions, with a dictionary as "
        "wide as the truth and penalties chosen for this on other draws (least share found).",
        "asked of all architectures; no number given",
        "U",
        all_of(("least found", ">=", FOUND)),
        "planted_recovery",
        least_found="least.recovered",
        least_MMCS="least.mmcs",
    ),
    discussed(
        "planted-denser-is-harder",
        "The more planted features are on at once, the fewer are found (shares, medians over architectures).",
        "sparsity is asked to be varied; no number given",
        "U",
        all_of(("densest", "<", "sparsest")),
        "planted_recovery",
        densest="on.densest.recovered",
        sparsest="on.sparsest.recovered",
    ),
    discussed(
        "planted-wider-finds-more",
        "A dictionary narrower than the truth finds fewer of the features than one as wide, and a wider one no fewer.",
        "width is asked to be varied; no number given",
        "U",
        all_of(("narrowest", "<", "as wide"), ("as wide", "<=", "widest")),
        "planted_recovery",
        narrowest="width.narrowest.recovered",
        as_wide="width.as_wide.recovered",
        widest="width.widest.recovered",
    ),
    discussed(
        "planted-pairs-are-harder",
        "Fewer are found where the features of a pair mostly come together than where each comes on its own.",
        "correlation is asked to be varied; no number given",
        "U",
        all_of(("in pairs", "<", "alone")),
        "planted_recovery",
        in_pairs="together.most.recovered",
        alone="together.least.recovered",
    ),
    discussed(
        "planted-resampling-helps",
        "Resampling dead features finds more of the truth than leaving them dead, in the widest dictionary.",
        "dead-feature handling is asked to be varied; no number given",
        "U",
        all_of(("resampled", ">", "left")),
        "planted_recovery",
        resampled="spare.resampling.recovered",
        left="spare.none.recovered",
        alive_resampled="spare.resampling.alive",
        alive_left="spare.none.alive",
    ),
    discussed(
        "planted-extra-loss-helps",
        "So does a loss of their own, in the architectures that have one.",
        "dead-feature handling is asked to be varied; no number given",
        "U",
        all_of(("extra loss", ">", "left")),
        "planted_recovery",
        extra_loss="spare.with_term.term.recovered",
        left="spare.with_term.none.recovered",
        alive_extra_loss="spare.with_term.term.alive",
        alive_left="spare.with_term.none.alive",
    ),
    discussed(
        "planted-resampling-mends-haste",
        "Where a high learning rate kills features of a dictionary just as wide as the truth, resampling finds more of "
        f"it than leaving them dead. {AFTERWARDS}",
        "the paper blames high learning rates for dead features; no number given",
        "U",
        all_of(("resampled", ">", "left")),
        "planted_recovery",
        resampled="needed.resampling.recovered",
        left="needed.none.recovered",
        alive_resampled="needed.resampling.alive",
        alive_left="needed.none.alive",
    ),
    discussed(
        "planted-extra-loss-mends-haste",
        f"So does a loss of their own there, in the architectures that have one. {AFTERWARDS}",
        "the paper blames high learning rates for dead features; no number given",
        "U",
        all_of(("extra loss", ">", "left")),
        "planted_recovery",
        extra_loss="needed.with_term.term.recovered",
        left="needed.with_term.none.recovered",
        alive_extra_loss="needed.with_term.term.alive",
        alive_left="needed.with_term.none.alive",
    ),
)
OUTPUTS = (
    discussed(
        "softmax-alone-makes-superposition",
        "A layer with nothing but a softmax after it represents more features than it has neurons, if they are sparse "
        "(features a neuron; one is represented if, on alone, its probability rises by half or more; named, of any "
        "number of neurons: those whose output is then the largest).",
        "asked why it should, with only a softmax after it",
        "U",
        all_of(("softmax", ">", 1)),
        "output_superposition",
        softmax="softmax.sparsest.a_neuron",
        named="softmax.sparsest.named",
    ),
    discussed(
        "squared-loss-makes-none",
        "With a squared loss in place of cross-entropy the same layer never represents more features than neurons "
        "(here a value rises by half or more, which is not the same as of a probability; named is of both alike).",
        "asked of both losses; no number given",
        "U",
        all_of(("most", "<=", 1)),
        "output_superposition",
        most="squared.most",
        rises="squared.most_rises",
        named="squared.sparsest.named",
    ),
    discussed(
        "output-relu-makes-superposition",
        "A squared loss makes superposition where a ReLU follows, on sparse features.",
        "asked of both losses; no number given",
        "U",
        all_of(("ReLU", ">", 1)),
        "output_superposition",
        ReLU="squared_ReLU.sparsest.a_neuron",
        most="squared_ReLU.most",
        named="squared_ReLU.sparsest.named",
    ),
    discussed(
        "dense-features-share-no-neurons",
        "Behind a softmax, too, fewer features are represented where more are on at once.",
        "sparsity is asked to be varied; no number given",
        "U",
        all_of(("densest", "<", "sparsest")),
        "output_superposition",
        densest="softmax.densest.a_neuron",
        sparsest="softmax.sparsest.a_neuron",
    ),
)


def testable(finding: Finding) -> Finding:
    """What is set beside dead features left as they are is not run where all of the truth is found even so: nothing
    could find more."""

    def measure(m: Measurements) -> Measured:
        measured = finding.measure(m)
        if measured.numbers.get("left", 0) >= 1:
            raise NotMeasuredError("not testable here: all of the truth is found with dead features left as they are")
        return measured

    return finding._replace(measure=measure)


ROWS = (*map(testable, PLANTED), *OUTPUTS)
