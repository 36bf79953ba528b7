"""Findings on how much of the MLP its dictionary explains, beside ways that need none.

The paper says that a small MLP trained from scratch scores "similarly" and no more; that 0.1 of the recoverable loss
is similar is ours, and so is its size (see `investigations.small_mlp`). The other baselines are not in the paper.
"""

from collections.abc import Callable

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements
from monosem.measures.resampling import Z_95

NAME = "explained"
SIMILAR = 0.1
PCA = ("pca", "pca_largest")


def recovered(m: Measurements, *methods: str) -> float:
    """The share of the loss that the best of these ways recovers at the L0 of the headline dictionary."""
    return max(m.found(NAME, f"equal_l0.{method}.loss_recovered") for method in methods)


def against_neurons(m: Measurements) -> Measured:
    """With the interval of the difference, over groups of contexts."""
    measured = features_against(neurons=("neurons",))(m)
    features, neurons = measured.numbers.values()
    error = m.found(NAME, "equal_l0.neurons.difference_se")
    difference = features - neurons
    ends = {"difference": (difference - Z_95 * error, difference + Z_95 * error)}
    return measured._replace(numbers={**measured.numbers, "difference": difference}, intervals=ends)


def features_against(**others: tuple[str, ...]) -> Callable[[Measurements], Measured]:
    """Of several kinds of one way, the best counts."""

    def measure(m: Measurements) -> Measured:
        numbers = {"features": m.found(NAME, "headline.loss_recovered")}
        numbers |= {name: recovered(m, *methods) for name, methods in others.items()}
        l0, k = m.found(NAME, "headline.l0"), m.found(NAME, "k")
        note = f"L0 {l0:.3g} of features, {k:.0f} numbers a token of the others"
        return Measured(numbers, m.found(NAME, "n_tokens"), [m.run_of(NAME)], note)

    return measure


def against_a_small_mlp(m: Measurements) -> Measured:
    features, small = m.found(NAME, "headline.loss_recovered"), recovered(m, "small_mlp")
    numbers = {"features": features, "small MLP": small, "distance": abs(features - small)}
    units, active = (m.found(NAME, f"equal_l0.small_mlp.{field}") for field in ("size", "l0"))
    note = f"{units:.0f} units, {active:.3g} active a token"
    return Measured(numbers, m.found(NAME, "n_tokens"), [m.run_of(NAME)], note)


ROWS: tuple[Finding, ...] = (
    Finding(
        "features-beat-largest-neurons",
        "#global-analysis-how-much",
        "Of as many numbers a token, the features that fire keep more of what the MLP does than its largest neurons, "
        "by more than the choice of text explains.",
        "features are the better units; no loss of kept neurons given",
        "I",
        all_of(("difference", ">", 0)),
        against_neurons,
        "explained",
    ),
    Finding(
        "features-beat-components",
        "#global-analysis-how-much",
        "They keep more than as many principal or independent components.",
        "neither was tried; its dictionaries have more directions than dimensions, components do not",
        "I",
        all_of(("features", ">", "PCA"), ("features", ">", "ICA")),
        features_against(PCA=PCA, ICA=("ica_largest",)),
        "explained",
    ),
    Finding(
        "small-mlp-similar",
        "#global-analysis-how-much",
        "A small MLP, trained from scratch in the MLP's place, recovers about as much: the share recovered flatters. "
        "(Trained on the MLP's outputs; of the sizes tried, the one with as many units active as features; within "
        f"{SIMILAR:g}.)",
        "a small MLP trained from scratch scores similarly",
        "V",
        all_of(("distance", "<=", SIMILAR)),
        against_a_small_mlp,
        "explained",
    ),
)
