"""The table of README.md: how many findings came out as published, and five numbers beside the paper's."""

from pathlib import Path
from typing import NamedTuple

from monosem.findings.scoreboard import readings
from monosem.ground.markdown import table
from monosem.readme.findings import counted, parts, read_findings


class Headline(NamedTuple):
    """One row: measures of a finding, by its id, beside the words of the finding's own `paper`."""

    told: str
    finding: str
    paper: str
    measures: tuple[str, ...]


HEADLINES = (
    Headline("features of model A active on a token (L0)", "sparse-and-faithful-A", "10-20", ("L0",)),
    Headline(
        "share of the MLP's effect on the loss that they keep (loss recovered)",
        "sparse-and-faithful-A",
        "79 %",
        ("loss recovered",),
    ),
    Headline(
        "how well an explanation predicts activations (median score)",
        "features-beat-neurons",
        "features > neurons",
        ("features", "neurons"),
    ),
    Headline(
        "correlation of a feature of A with its best match in B (median)",
        "universal-features",
        "0.72",
        ("features",),
    ),
    Headline("the same of a neuron of A", "features-more-universal", "0.46", ("neurons",)),
)


def headline_table(findings: Path) -> str:
    """Raises ValueError when a finding or one of its measures is missing from findings.tsv."""
    rows = read_findings(findings)
    told = [(f"findings of {title}", str(len(part)), counted(part)) for title, part in parts(rows).items()]
    found = {row["id"]: row for row in rows}
    for headline in HEADLINES:
        if headline.finding not in found:
            raise ValueError(f"{findings}: no finding {headline.finding}; run compile_findings.py of this version")
        here = measured(headline, found[headline.finding]["measured"], findings)
        told.append((headline.told, headline.paper, here))
    return table(("", "the paper", "here"), told)


def measured(headline: Headline, text: str, findings: Path) -> str:
    """Of `L0 19.04, loss recovered 0.9046` the measures asked for, named where there are several."""
    if not text:
        return "not run"
    values = readings(text)
    missing = [name for name in headline.measures if name not in values]
    if missing:
        raise ValueError(
            f"{findings}: {headline.finding} has no {missing[0]} in {text!r}; run compile_findings.py of this version"
        )
    named = [f"{name} {values[name]}" for name in headline.measures]
    return ", ".join(named) if len(named) > 1 else values[headline.measures[0]]
