"""Tables about the workflow: its rules, and what was done to it."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from monosem.ground.markdown import table
from monosem.planning.rules import Rule


def rules_table(rules: Iterable[Rule]) -> str:
    rows = [(f"`{rule.name}`", f"`scripts/{rule.script}`", listing(rule.outputs)) for rule in rules if rule.script]
    return table(("rule", "script", "artefacts"), rows)


def listing(outputs: Sequence[str]) -> str:
    """Paths in code marks; of paths in the folder of the one before, the name only."""
    shown, folder = [], ""
    for output in outputs:
        place, _, name = output.rpartition("/")
        shown.append(f"`{name if shown and place == folder else output}`")
        folder = place
    return ", ".join(shown)


def faults_table(faults: Path) -> str:
    """The rows of tests/support/faults_table.py, as they are."""
    with faults.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    return table(header, rows)
