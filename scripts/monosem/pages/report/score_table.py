"""The report's table of interpretability scores: a line a dictionary, and how far pairs of them lie apart."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from monosem.ground.records import (
    CONTROL,
    DIFFERENCE_COLUMNS,
    DIRECTIONS,
    ESTIMATE_COLUMNS,
    NEURONS,
    RUN,
    Run,
    kind,
    read_records,
    read_table,
)

UNDEFINED = "undefined"


class Line(NamedTuple):
    """Numbers as text: a value with the ends of its interval, or `undefined`."""

    name: str
    run: str
    scored: str
    undefined: str
    spearman: str
    weighted: str
    zeros: str
    single_token: str


class Scores(NamedTuple):
    lines: list[Line]
    differences: list[tuple[str, str]]  # of what from what, in words; the number


def read_scores(estimates: Path, differences: Path, summaries: Sequence[Path], headline: Run) -> Scores:
    """From the two tables of compare_scores.py and the scores.json of the dictionaries in them."""
    table = read_table(estimates, ESTIMATE_COLUMNS)
    overall = {Run(*key): rows.set_index("measure") for key, rows in table.query("stratum == 'all'").groupby(RUN)}
    records = read_records(summaries)
    lines = [line(run, record["status_counts"], overall.get(run)) for run, record in records.items()]
    return Scores(lines, compared(read_table(differences, DIFFERENCE_COLUMNS), headline))


def line(run: Run, counts: dict[str, int], rows: pd.DataFrame | None) -> Line:
    undefined = sum(n for status, n in counts.items() if status.startswith(UNDEFINED))
    found = [UNDEFINED] * 4
    if rows is not None:
        found = [
            shown(rows.loc[name]) for name in ("spearman", "spearman_weighted", "zero_share_random", "single_token")
        ]
    scored = f"{counts['ok']:,} of {sum(counts.values()):,}"
    return Line(f"{kind(run)} of {run.model}", str(run), scored, f"{undefined:,}", *found)


def shown(row: pd.Series) -> str:
    return f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})" if row["n"] else UNDEFINED


def compared(table: pd.DataFrame, headline: Run) -> list[tuple[str, str]]:
    """The headline's features against neurons, random directions, and the control's features, where there are any."""
    others = [headline._replace(dictionary=name) for name in (NEURONS, DIRECTIONS)] + [headline._replace(model=CONTROL)]
    found = []
    rows = table[(table["measure"] == "spearman") & (table["left"] == str(headline))].set_index("right")
    for other in others:
        if str(other) in rows.index:
            row = rows.loc[str(other)]
            number = f"{row['difference']:+.3f} ({row['low']:+.3f} to {row['high']:+.3f})"
            found.append((f"features of {headline.model} less {kind(other)} of {other.model}", number))
    return found
