"""Table about explanations by a language model: what each test of them gave."""

from pathlib import Path
from typing import Any

from monosem.ground.artefacts import read_json
from monosem.ground.markdown import table

# Test: its headline measure, and what answers that tell nothing apart come to.
TESTS = {
    "simulation": ("spearman", "0"),
    "logits": ("accuracy", "0.5"),
    "detection": ("balanced_accuracy", "0.5"),
    "fuzzing": ("balanced_accuracy", "0.5"),
}
UNASKED = ("ok", "dead", "too_few_examples", "not_chosen")


def llm_table(paths: list[Path]) -> str:
    """One row for each test in the scores.json files of score_explanations.py."""
    rows = [row for path in paths for row in rows_of(read_json(path))]
    return table(("of", "explained", "test", "median", "chance", "features with a score", "without, and why"), rows)


def rows_of(record: dict[str, Any]) -> list[tuple[str, ...]]:
    explained = f"{record['n_explained']} of {record['n_asked']}, by {record['explainer']}"
    rows = []
    for test, (measure, chance) in TESTS.items():
        if test in record:
            found, counts = record[test][measure], record[test]["status_counts"]
            without = [f"{n} {status}" for status, n in counts.items() if n and status not in UNASKED]
            median = "undefined" if found["median"] is None else f"{found['median']:.2f}"
            cells = (f"{test}, {measure.replace('_', ' ')}", median, chance, str(found["n"]), ", ".join(without))
            rows.append((f"`{record['model']}/{record['dictionary']}`", explained, *cells))
    return rows
