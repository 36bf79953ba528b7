"""Tables of README.md about the workflow: its rules, its findings, its picture."""

import csv
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.findings.discussion import SECTION as DISCUSSION
from monosem.ground.records import SOURCES

RULE = re.compile(r"^(?:rule|checkpoint) (\w+):\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
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
        script = re.search(r"\$SCRIPTS/([\w/]+\.py)", sections.get("shell", ""))
        if outputs:
            temporary = "temp(" in sections["output"]
            rules.append(Rule(name, script[1] if script else "", outputs, temporary))
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


def findings_table(findings: Path) -> str:
    """Findings of the paper, then those of the discussion around it, each under the count of its verdicts."""
    with findings.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    parts = {
        "The paper": [row for row in rows if row["section"] != DISCUSSION],
        "The discussion around it": [row for row in rows if row["section"] == DISCUSSION],
    }
    return "\n\n".join(folded(title, part) for title, part in parts.items() if part)


def folded(title: str, rows: list[dict[str, str]]) -> str:
    counts = Counter(row["verdict"] for row in rows)
    told = ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts, key=counts.get, reverse=True))
    header = ("finding", "paper", "source", "here", "tokens", "criterion", "verdict")
    shown = table(header, map(finding_row, rows))
    return f"<details open>\n<summary>{title}: {told}</summary>\n\n{shown}\n\n</details>"


def finding_row(row: dict[str, str]) -> tuple[str, ...]:
    tokens = f"{int(row['tokens']):,}" if row["tokens"] else ""
    source = SOURCES[row["source"]]
    return (row["statement"], row["paper"], source, row["measured"], tokens, row["criterion"], row["verdict"])


def faults_table(faults: Path) -> str:
    """The rows of tests/faults_table.py, as they are."""
    with faults.open(encoding="utf-8", newline="") as file:
        header, *rows = csv.reader(file, delimiter="\t")
    return table(header, rows)


def diagram(rulegraph: str) -> str:
    """The output of `snakemake --rulegraph mermaid-js` as GitHub draws it; colours are left to the reader's theme."""
    lines = [line for line in rulegraph.splitlines() if not line.lstrip().startswith("style ")]
    start = next((i for i, line in enumerate(lines) if line.startswith("flowchart")), None)
    if start is None:
        raise ValueError("rule graph: no line starts with 'flowchart'; give `snakemake --rulegraph mermaid-js`")
    return "\n".join(["```mermaid", *(line.rstrip() for line in lines[start:] if line.strip()), "```"])


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [header, ["---"] * len(header), *([cell.replace("|", "\\|") for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def replace_tables(readme: str, tables: dict[str, str]) -> str:
    """The text with each named table set anew between its markers. Raises ValueError where a marker is missing."""
    for name, content in tables.items():
        start, end = f"<!-- table:{name} -->", f"<!-- /table:{name} -->"
        before, found_start, rest = readme.partition(start)
        _, found_end, after = rest.partition(end)
        if not (found_start and found_end):
            raise ValueError(f"README: no {start} followed by {end}; add both lines where the table belongs")
        readme = f"{before}{start}\n{content}\n{end}{after}"
    return readme
