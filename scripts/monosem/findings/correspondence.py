"""Findings on one-to-one correspondence: with another seed, another model, and a model that has learnt nothing.

The paper matches each feature with the best of the other model, which several may share; its median of 0.72 says that
half of them reach 0.72 so. Partners of their own can only agree less.
"""

from collections.abc import Callable

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

NAME = "correspondence"


def medians(**comparisons: str) -> Callable[[Measurements], Measured]:
    """Median correlations of one-to-one partners, under names for the reader."""

    def measure(m: Measurements) -> Measured:
        for kind in comparisons.values():
            if kind not in m.investigation(NAME)["comparisons"]:
                raise NotMeasuredError(f"needs the features of A paired with those of: {kind}")
        fields = {name: f"comparisons.{kind}.correlation.median" for name, kind in comparisons.items()}
        paired = [f"{m.found(NAME, f'comparisons.{kind}.n_paired'):.0f} {name}" for name, kind in comparisons.items()]
        return m.reported(NAME, fields, f"paired: {', '.join(paired)}".replace("_", " "))

    return measure


def share_of_pairs(m: Measurements) -> Measured:
    fields = {"share at 0.7 and above": "found_again", "median": "median"}
    return m.reported(NAME, {name: f"comparisons.model.correlation.{field}" for name, field in fields.items()})


ROWS: tuple[Finding, ...] = (
    Finding(
        "half-are-shared",
        "#phenomenology-universality",
        "Half of the features of A that fire have a partner of their own in B that fires where they do.",
        "half of the best matches reach 0.72",
        "I",
        all_of(("share at 0.7 and above", ">=", 0.5)),
        share_of_pairs,
        "correspondence",
    ),
    Finding(
        "seeds-agree-most",
        "#phenomenology-universality",
        "A second dictionary of A, from another seed, has more of its features than one of another model: the most to "
        "be expected of two models.",
        "not compared; a model is the same as itself",
        "I",
        all_of(("another seed", ">", "another model")),
        medians(another_seed="seed", another_model="model"),
        "correspondence",
    ),
    Finding(
        "control-agrees-least",
        "#phenomenology-universality",
        "A shares fewer features with a copy of itself whose weights are shuffled than with B, which has learnt.",
        "not compared; features are found again because both models learnt them",
        "I",
        all_of(("another model", ">", "control")),
        medians(another_model="model", control="control"),
        "correspondence",
    ),
)
