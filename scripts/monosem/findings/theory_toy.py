"""What experiments with a known truth say of superposition, and of how layers share work; criteria as in `theory`.

The discussion asks these questions and answers none of them, so the statements are ours (source U). The two rows named
`-mends-haste` were added after a first run in which no dead feature was missed; their criteria are those of the two
rows before them.
"""

from monosem.findings.criteria import Criterion
from monosem.findings.discussion import SECTION, taken
from monosem.findings.finding import Finding, all_of

FOUND = 0.9  # least share of planted features, as of `planted-truth-is-found`


def ours(id: str, statement: str, asked: str, criterion: Criterion, experiment: str, **fields: str) -> Finding:
    """A statement of our own about what was asked; the fields are of the experiment's record."""
    measure = taken(experiment, **fields)
    return Finding(id, SECTION, statement, asked, "U", criterion, measure, figure=experiment)


PLANTED = (
    ours(
        "planted-truth-by-every-kind",
        "Every architecture of this project finds planted features, twice as many as dimensions and one in twenty on, "
        "with a dictionary as wide as the truth (least share found within cosine 0.9).",
        "asked of all architectures; no number given",
        all_of(("least found", ">=", FOUND)),
        "planted_recovery",
        least_found="least.recovered",
        least_MMCS="least.mmcs",
    ),
    ours(
        "planted-denser-is-harder",
        "The more planted features are on at once, the fewer are found (shares, medians over architectures).",
        "sparsity is asked to be varied; no number given",
        all_of(("densest", "<", "sparsest")),
        "planted_recovery",
        densest="on.densest.recovered",
        sparsest="on.sparsest.recovered",
    ),
    ours(
        "planted-wider-finds-more",
        "A dictionary narrower than the truth finds fewer of the features than one as wide, and a wider one no fewer.",
        "width is asked to be varied; no number given",
        all_of(("narrowest", "<", "as wide"), ("as wide", "<=", "widest")),
        "planted_recovery",
        narrowest="width.narrowest.recovered",
        as_wide="width.as_wide.recovered",
        widest="width.widest.recovered",
    ),
    ours(
        "planted-pairs-are-harder",
        "Fewer are found where the features of a pair mostly come together than where each comes on its own.",
        "correlation is asked to be varied; no number given",
        all_of(("in pairs", "<", "alone")),
        "planted_recovery",
        in_pairs="together.most.recovered",
        alone="together.least.recovered",
    ),
    ours(
        "planted-resampling-helps",
        "Resampling dead features finds more of the truth than leaving them dead, in the widest dictionary.",
        "dead-feature handling is asked to be varied; no number given",
        all_of(("resampled", ">", "left")),
        "planted_recovery",
        resampled="spare.resampling.recovered",
        left="spare.none.recovered",
        alive_resampled="spare.resampling.alive",
        alive_left="spare.none.alive",
    ),
    ours(
        "planted-extra-loss-helps",
        "So does a loss of their own, in the architectures that have one.",
        "dead-feature handling is asked to be varied; no number given",
        all_of(("extra loss", ">", "left")),
        "planted_recovery",
        extra_loss="spare.with_term.term.recovered",
        left="spare.with_term.none.recovered",
        alive_extra_loss="spare.with_term.term.alive",
        alive_left="spare.with_term.none.alive",
    ),
    ours(
        "planted-resampling-mends-haste",
        "Where a high learning rate kills features of a dictionary just as wide as the truth, resampling finds more of "
        "it than leaving them dead.",
        "the paper blames high learning rates for dead features; no number given",
        all_of(("resampled", ">", "left")),
        "planted_recovery",
        resampled="needed.resampling.recovered",
        left="needed.none.recovered",
        alive_resampled="needed.resampling.alive",
        alive_left="needed.none.alive",
    ),
    ours(
        "planted-extra-loss-mends-haste",
        "So does a loss of their own there, in the architectures that have one.",
        "the paper blames high learning rates for dead features; no number given",
        all_of(("extra loss", ">", "left")),
        "planted_recovery",
        extra_loss="needed.with_term.term.recovered",
        left="needed.with_term.none.recovered",
        alive_extra_loss="needed.with_term.term.alive",
        alive_left="needed.with_term.none.alive",
    ),
)
OUTPUTS = (
    ours(
        "softmax-alone-makes-superposition",
        "A layer with nothing but a softmax after it represents more features than it has neurons, if they are sparse "
        "(features a neuron; one is represented if, on alone, its probability or value rises by half or more).",
        "asked why it should, with only a softmax after it",
        all_of(("softmax", ">", 1)),
        "output_superposition",
        softmax="softmax.sparsest.a_neuron",
        named="softmax.sparsest.named",
    ),
    ours(
        "squared-loss-makes-none",
        "With a squared loss in place of cross-entropy the same layer never represents more features than neurons.",
        "asked of both losses; no number given",
        all_of(("most", "<=", 1)),
        "output_superposition",
        most="squared.most",
        rises="squared.most_rises",
    ),
    ours(
        "output-relu-makes-superposition",
        "A squared loss makes superposition where a ReLU follows, on sparse features.",
        "asked of both losses; no number given",
        all_of(("ReLU", ">", 1)),
        "output_superposition",
        ReLU="squared_ReLU.sparsest.a_neuron",
        most="squared_ReLU.most",
    ),
    ours(
        "dense-features-share-no-neurons",
        "Behind a softmax, too, fewer features are represented where more are on at once.",
        "sparsity is asked to be varied; no number given",
        all_of(("densest", "<", "sparsest")),
        "output_superposition",
        densest="softmax.densest.a_neuron",
        sparsest="softmax.sparsest.a_neuron",
    ),
)
MEMORY = (
    ours(
        "memory-builds-up",
        "A residual MLP that learns random answers to pairs comes nearer to them at every layer: read after each, the "
        "mean loss never rises (largest rise from one layer to the next, nats, of any number of pairs).",
        "loss after each layer is asked for; no number given",
        all_of(("largest rise", "<=", 0)),
        "layerwise_memory",
        largest_rise="largest_rise",
    ),
    ours(
        "more-memories-go-deeper",
        "The more pairs there are to learn, the fewer of those learnt have a loss under 0.1 before the last layer "
        "(shares; most: the largest number of pairs of which at least half are learnt).",
        "share learnt by layer, threshold 0.1, is asked for; no number given",
        all_of(("most", "<", "fewest")),
        "layerwise_memory",
        fewest="fewest.before_last_layer",
        most="most.before_last_layer",
    ),
    ours(
        "memories-are-spread-over-layers",
        "No layer alone is where half of the pairs are settled (largest share, at the most pairs).",
        "whether features lie across layers is asked; no number given",
        all_of(("largest share", "<", 0.5)),
        "layerwise_memory",
        largest_share="most.largest_share_of_a_layer",
        at_the_fewest="fewest.largest_share_of_a_layer",
    ),
    ours(
        "all-layers-are-taught",
        "Gradients reach all layers alike: their norms, means of the training, differ less than tenfold.",
        "gradient norm by layer is asked for; no number given",
        all_of(("ratio", "<", 10)),
        "layerwise_memory",
        ratio="gradient_ratio",
    ),
)
LAYERS = (
    ours(
        "features-go-on",
        "At least half of the features of a layer have a partner at the next (activations that correlate above 0.7 on "
        "held-out tokens; median of neighbouring layers in models of 2 and 4 layers).",
        "asked of models of 2 and 4 layers, r > 0.7; no number given",
        all_of(("features", ">=", 0.5)),
        "layerwise_features",
        features="share.features",
        by_chance="share.by_chance",
        least="least",
    ),
    ours(
        "features-go-on-more-than-neurons",
        "More features than neurons have such a partner, at every pair of layers (smallest difference of the shares).",
        "asked of features; neurons are ours to compare with",
        all_of(("smallest lead", ">", 0)),
        "layerwise_features",
        smallest_lead="smallest_lead",
        features="share.features",
        neurons="share.neurons",
    ),
    ours(
        "deeper-models-repeat-more",
        "In the deeper model more features have a partner at the next layer.",
        "asked of models of 2 and 4 layers; no number given",
        all_of(("deep", ">", "shallow")),
        "layerwise_features",
        deep="deep",
        shallow="shallow",
    ),
)
ROWS = (*PLANTED, *OUTPUTS, *MEMORY, *LAYERS)
