"""The findings of the paper that can be measured so far, with criteria fixed before any run and never bent after.

Where the paper gives a number the criterion is that number; where it gives only a direction, the direction. Two
thresholds are ours, because the paper says "many" and "typically": 0.9 in few-dense, 0.5 in densities.
"""

from collections.abc import Callable
from typing import NamedTuple

from monosem.findings import interpretability, measures
from monosem.findings.criteria import Comparison, Criterion
from monosem.findings.measurements import Measurements
from monosem.findings.measures import Measured


class Finding(NamedTuple):
    id: str
    section: str  # anchor in the paper
    statement: str
    paper: str  # what the paper says, in its own units
    source: str  # how we know that: a key of records.SOURCES
    criterion: Criterion
    measure: Callable[[Measurements], Measured]


def all_of(*comparisons: tuple[str, str, str | float]) -> Criterion:
    return tuple(Comparison(*comparison) for comparison in comparisons)


SPARSE = all_of(("L0", "<", 20), ("loss recovered", ">=", 0.79))

PUBLISHED = (
    Finding(
        "mlp-matters",
        "#global-analysis-how-much",
        "Sanity check. With its MLP activations set to 0 (the output bias kept), model A predicts text worse.",
        "loss recovered is measured against the zero-ablated MLP",
        "I",
        all_of(("zero", ">", "clean")),
        measures.mlp_matters,
    ),
    Finding(
        "sparse-and-faithful-A",
        "#global-analysis-how-much",
        "A few active features a token keep most of what the MLP of model A does for the loss.",
        "L0 < 10-20; A/1 recovers 79 %",
        "V",
        SPARSE,
        measures.sparse_yet_faithful("A"),
    ),
    Finding(
        "sparse-and-faithful-B",
        "#global-analysis-how-much",
        "The same settings do as well on model B, which differs from A in its seed only.",
        "B/1: settings of A/1, own numbers not given",
        "I",
        SPARSE,
        measures.sparse_yet_faithful("B"),
    ),
    Finding(
        "wider-recovers-more",
        "#global-analysis-how-much",
        "At one sparsity penalty, each wider dictionary recovers more of the loss.",
        "A/1 (8x) 79 %, A/5 (256x) 94.5 %",
        "V",
        all_of(("smallest gain of a step", ">", 0)),
        measures.wider_recovers_more,
    ),
    Finding(
        "widest-recovers",
        "#global-analysis-how-much",
        "A dictionary 256 times wider than the MLP recovers nearly all of the loss.",
        "A/5 (256x) 94.5 %",
        "V",
        all_of(("loss recovered", ">=", 0.945)),
        measures.widest_recovers,
    ),
    Finding(
        "few-dead",
        "#appendix-feature-density",
        "Few features never fire on held-out text.",
        "168 of 4,096 in A/1 (4.1 %), over 100 M tokens",
        "V",
        all_of(("dead", "<=", 168 / 4096)),
        measures.dead_share,
    ),
    Finding(
        "few-ultralow",
        "#appendix-feature-density",
        "Few features fire less than once in a million tokens.",
        "292 of 4,096 in A/1 (7.1 %), over 100 M tokens",
        "V",
        all_of(("ultralow", "<=", 292 / 4096)),
        measures.ultralow_share,
    ),
    Finding(
        "densities",
        "#appendix-feature-density",
        "Most features that fire do so on one token in a thousand to one in a million.",
        "typically 1e-6 to 1e-3",
        "V",
        all_of(("share within 1e-6 and 1e-3", ">", 0.5)),
        measures.alive_densities,
    ),
    Finding(
        "few-dense",
        "#appendix-hyperparameters",
        "Few features fire on more than one token in a hundred; many would mean too low a penalty.",
        "many features with density > 1 % -> lambda too low",
        "V",
        all_of(("share under 1e-2", ">=", 0.9)),
        measures.alive_densities,
    ),
    Finding(
        "features-beat-neurons",
        "#appendix-automated-setup",
        "Explained by a token table (the offline explainer), features are better predicted than neurons.",
        "features > neurons, medians in a figure",
        "V",
        all_of(("features", ">", "neurons")),
        interpretability.median_scores("features", "neurons"),
    ),
    Finding(
        "control-beats-features",
        "#appendix-automated-setup",
        "Explained by a token table (as above), features of a transformer with shuffled weights score higher still.",
        "median of the randomised transformer > A/1",
        "V",
        all_of(("control", ">", "features")),
        interpretability.median_scores("control", "features"),
    ),
    Finding(
        "control-is-single-token",
        "#appendix-automated-setup",
        "They do so because more of them fire on one single token than features of model A.",
        "randomised features are single-token features",
        "V",
        all_of(("control", ">", "features")),
        interpretability.single_token_features,
    ),
    Finding(
        "neurons-fire-more",
        "#appendix-automated-setup",
        "A token drawn at random leaves more features inactive than neurons (mean share of zeros in random windows).",
        "zeros in random examples: mean 88 % of features, 54 % of neurons",
        "V",
        all_of(("features", ">", "neurons")),
        interpretability.zeros_in_random_windows,
    ),
    Finding(
        "few-failed-explanations",
        "#appendix-automated-setup",
        "Few explanations come to nothing. (There, no answer given; here, with the offline explainer, a score that is "
        "undefined because prediction or truth is constant.)",
        "no answer for 13 % of features, 19 % of neurons",
        "V",
        all_of(("features", "<=", 0.13), ("neurons", "<=", 0.19)),
        interpretability.failed_explanations,
    ),
    Finding(
        "people-prefer-features",
        "#appendix-rubric",
        "People who do not know which is which find intervals of features more interpretable than those of neurons.",
        "medians 12 and 0 of 14, one rater",
        "V",
        all_of(("features", ">", "neurons")),
        interpretability.rated_by_people,
    ),
    Finding(
        "universal-features",
        "#phenomenology-universality",
        "The typical feature of A fires where one feature of B fires.",
        "median correlation 0.72",
        "V",
        all_of(("features", ">=", 0.72)),
        measures.universality,
    ),
    Finding(
        "features-more-universal",
        "#phenomenology-universality",
        "Features of A and B correspond more closely than their neurons do.",
        "features 0.72, neurons 0.46",
        "V",
        all_of(("features", ">", "neurons")),
        measures.universality_against_neurons,
    ),
    Finding(
        "logits-correspond-less",
        "#phenomenology-universality",
        "Matched features agree less in the tokens they promote than in the tokens they fire on. (The activation "
        "correlation is the best of all partners, the logit correlation that of the same pair.)",
        "logit-weight correlations are weak, e.g. 0.23 beside 0.91",
        "V",
        all_of(("logit weights", "<", "activations")),
        measures.universality_of_logits,
    ),
)
