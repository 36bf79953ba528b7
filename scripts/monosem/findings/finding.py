"""What a finding is: a statement of the paper, a criterion fixed before any run, and how it is measured."""

from collections.abc import Callable
from typing import NamedTuple

from monosem.findings.comparing import Comparison, Criterion
from monosem.findings.measurements import Measured, Measurements

SCORE_TABLE = "score_table"  # of the report, which is drawn as no figure


class Finding(NamedTuple):
    id: str
    section: str  # anchor in the paper
    statement: str
    paper: str  # what the paper says, in its own units
    source: str  # how we know that: a key of records.SOURCES
    criterion: Criterion
    measure: Callable[[Measurements], Measured]
    figure: str  # name of the one that shows it, or SCORE_TABLE of the report; "" where none does


def changed(date: str, reason: str) -> str:
    """What the statement ends with when its criterion was changed after it had judged a run."""
    return f"(Criterion changed {date}: {reason}.)"


def all_of(*comparisons: tuple[str, str, str | float]) -> Criterion:
    return tuple(Comparison(*comparison) for comparison in comparisons)
