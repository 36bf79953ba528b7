"""What experiments with residual MLPs and small transformers say of how layers share work; criteria as in `theory`.

The discussion asks these questions and answers none of them, so the statements are ours (source U). That the most pairs
are the largest number of which half are learnt was settled after a first run, in which more were not learnt at all.
"""

from monosem.findings.discussion import AFTERWARDS, discussed
from monosem.findings.finding import all_of

MEMORY = (
    discussed(
        "memory-builds-up",
        "A residual MLP that learns random answers to pairs comes nearer to them at every layer: read after each, the "
        "mean loss never rises (largest rise from one layer to the next, nats, of any number of pairs).",
        "loss after each layer is asked for; no number given",
        "U",
        all_of(("largest rise", "<=", 0)),
        "layerwise_memory",
        largest_rise="largest_rise",
    ),
    discussed(
        "more-memories-go-deeper",
        "The more pairs there are to learn, with equal steps, the fewer of those learnt have a loss under the "
        "threshold before the last layer (shares; most: the largest number of pairs of which at least half are "
        f"learnt). {AFTERWARDS}",
        "share learnt by layer, threshold 0.1, is asked for; no number given",
        "U",
        all_of(("most", "<", "fewest")),
        "layerwise_memory",
        fewest="fewest.before_last_layer",
        most="most.before_last_layer",
    ),
    discussed(
        "memories-are-spread-over-layers",
        "No layer alone is where half of the learnt pairs are settled (largest share, at the largest number of pairs "
        f"of which at least half are learnt). {AFTERWARDS}",
        "whether features lie across layers is asked; no number given",
        "U",
        all_of(("largest share", "<", 0.5)),
        "layerwise_memory",
        largest_share="most.largest_share_of_a_layer",
        at_the_fewest="fewest.largest_share_of_a_layer",
    ),
    discussed(
        "all-layers-are-taught",
        "Gradients reach all layers alike: their norms, means of the training, differ less than tenfold.",
        "gradient norm by layer is asked for; no number given",
        "U",
        all_of(("ratio", "<", 10)),
        "layerwise_memory",
        ratio="gradient_ratio",
    ),
)
LAYERS = (
    discussed(
        "features-go-on",
        "At least half of the features of a layer have a partner at the next (activations that correlate above the "
        "threshold on held-out tokens; median of neighbouring layers in all models).",
        "asked of models of 2 and 4 layers, r > 0.7; no number given",
        "U",
        all_of(("features", ">=", 0.5)),
        "layerwise_features",
        features="share.features",
        by_chance="share.by_chance",
        least="least",
    ),
    discussed(
        "features-go-on-more-than-neurons",
        "More features than neurons have such a partner, at every pair of layers and among equally many (smallest "
        "difference of the shares).",
        "asked of features; neurons are ours to compare with",
        "U",
        all_of(("smallest lead", ">", 0)),
        "layerwise_features",
        smallest_lead="smallest_lead",
        features="share.drawn_features",
        neurons="share.neurons",
    ),
    discussed(
        "deeper-models-repeat-more",
        "In the deeper model more features have a partner at the next layer.",
        "asked of models of 2 and 4 layers; no number given",
        "U",
        all_of(("deep", ">", "shallow")),
        "layerwise_features",
        deep="deep",
        shallow="shallow",
    ),
)
ROWS = (*MEMORY, *LAYERS)
