"""Tables of findings.tsv: the findings of the paper, then those of the discussion around it."""

import csv
from collections import Counter
from pathlib import Path

from monosem.findings.discussion import SECTION as DISCUSSION
from monosem.ground.markdown import table
from monosem.ground.records import SOURCES

Row = dict[str, str]


def read_findings(findings: Path) -> list[Row]:
    with findings.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def parts(rows: list[Row]) -> dict[str, list[Row]]:
    """Those of the paper and those of the discussion, where there are any."""
    both = {
        "the paper": [row for row in rows if row["section"] != DISCUSSION],
        "the discussion around it": [row for row in rows if row["section"] == DISCUSSION],
    }
    return {title: part for title, part in both.items() if part}


def counted(rows: list[Row]) -> str:
    """`33 reproduced, 18 not reproduced`, most first."""
    counts = Counter(row["verdict"] for row in rows)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in sorted(counts, key=counts.get, reverse=True))


def findings_table(findings: Path) -> str:
    """Every row, each part under the count of its verdicts."""
    return "\n\n".join(folded(title, part) for title, part in parts(read_findings(findings)).items())


def folded(title: str, rows: list[Row]) -> str:
    header = ("finding", "paper", "source", "here", "tokens", "criterion", "verdict")
    shown = table(header, map(finding_row, rows))
    told = f"{title[0].upper()}{title[1:]}: {counted(rows)}"
    return f"<details open>\n<summary>{told}</summary>\n\n{shown}\n\n</details>"


def finding_row(row: Row) -> tuple[str, ...]:
    tokens = f"{int(row['tokens']):,}" if row["tokens"] else ""
    source = SOURCES[row["source"]]
    return (row["statement"], row["paper"], source, row["measured"], tokens, row["criterion"], row["verdict"])
