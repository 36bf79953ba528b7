"""Findings on how much of the MLP its dictionary explains, beside ways that need none.

The paper says that a small MLP trained from scratch scores "similarly" and no more; that 0.1 of the recoverable loss
is similar is ours, and so is its size (see `investigations.small_mlp`). The other baselines are not in the paper.
"""

from collections.abc import Callable

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements
from monosem.ground.summary import Z_95
from monosem.measures.resampling import Interval

NAME = "explained"
SIMILAR = 0.1
PCA = ("pca", "pca_largest")


def recovered(m: Measurements, method: str) -> float:
    """The share of the loss that this way recovers at the L0 of the headline dictionary."""
    return m.found(NAME, f"equal_l0.{method}.loss_recovered")


def differences(**others: tuple[str, ...]) -> Callable[[Measurements], Measured]:
    """What features recover, less what the best of several kinds of each other way does, with the interval of that over
    groups of contexts."""

    def measure(m: Measurements) -> Measured:
        features = m.found(NAME, "headline.loss_recovered")
        numbers, intervals = {"features": features}, {}
        for name, methods in others.items():
            best = max(methods, key=lambda method: recovered(m, method))
            numbers |= {name: recovered(m, best), f"features less {name}": features - recovered(m, best)}
            intervals[f"features less {name}"] = ends(m, best, features - recovered(m, best))
        l0, k = m.found(NAME, "headline.l0"), m.found(NAME, "k")
        note = f"L0 {l0:.3g} of features, {k:.0f} numbers a token of the others"
        return Measured(numbers, m.found(NAME, "n_tokens"), [m.run_of(NAME)], note, intervals)

    return measure


def ends(m: Measurements, method: str, difference: float) -> Interval:
    half = Z_95 * m.found(NAME, f"equal_l0.{method}.difference_se")
    return difference - half, difference + half


def against_a_small_mlp(m: Measurements) -> Measured:
    features, small = m.found(NAME, "headline.loss_recovered"), recovered(m, "small_mlp")
    numbers = {"features": features, "small MLP": small, "difference": features - small}
    units, active = (m.found(NAME, f"equal_l0.small_mlp.{field}") for field in ("size", "l0"))
    note = f"{units:.0f} units, {active:.3g} active a token"
    intervals = {"difference": ends(m, "small_mlp", features - small)}
    return Measured(numbers, m.found(NAME, "n_tokens"), [m.run_of(NAME)], note, intervals)


ROWS: tuple[Finding, ...] = (
    Finding(
        "features-beat-largest-neurons",
        "#global-analysis-how-much",
        "Of as many numbers a token, the features that fire keep more of what the MLP does than its largest neurons, "
        "by more than the choice of text explains.",
        "features are the better units; no loss of kept neurons given",
        "I",
        all_of(("features less neurons", ">", 0)),
        differences(neurons=("neurons",)),
        "explained",
    ),
    Finding(
        "features-beat-components",
        "#global-analysis-how-much",
        "They keep more than as many principal or independent components.",
        "neither was tried; its dictionaries have more directions than dimensions, components do not",
        "I",
        all_of(("features less PCA", ">", 0), ("features less ICA", ">", 0)),
        differences(PCA=PCA, ICA=("ica_largest",)),
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
        all_of(("difference", "<=", SIMILAR), ("difference", ">=", -SIMILAR)),
        against_a_small_mlp,
        "explained",
    ),
)
