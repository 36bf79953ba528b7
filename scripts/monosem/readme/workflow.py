"""Tables about the workflow: its rules, and what was done to it."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

RULE = re.compile(r"^(?:rule|checkpoint|use rule \w+ as) (\w+)(?: with)?:\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
SECTION = re.compile(r"^    (\w+):(.*\n(?:        .*\n|\n)*)", re.MULTILINE)
FOLDER = re.compile(r'^([A-Z_]+) = "(results/[^"]+)"$', re.MULTILINE)  # a constant that outputs begin with


class Rule(NamedTuple):
    name: str
    script: str  # "" for a rule that runs none, such as `all`
    outputs: list[str]
    temporary: bool = False  # its outputs are removed when they have been used


def parse_rules(text: str) -> list[Rule]:
    """The rules of one .smk file that write something, in its order; their outputs are quoted and lie in results/."""
    rules = []
    for name, value in FOLDER.findall(text):
        text = text.replace(f"{{{name}}}", value)
    for name, body in RULE.findall(text):
        sections = dict(SECTION.findall(body))
        written = sections.get("output", "").replace("{{", "{").replace("}}", "}")  # as in an f-string
        outputs = re.findall(r'"(results/[^"]+)"', written)
        # a rule made of another has that one's shell, and says with which code
        script = re.search(r'\$SCRIPTS/([\w/]+\.py)|fingerprint\("([\w/]+\.py)"\)', sections.get("shell") or body)
        if outputs:
            temporary = "temp(" in sections["output"]
            rules.append(Rule(name, script[1] or script[2] if script else "", outputs, temporary))
    return rules


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


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
