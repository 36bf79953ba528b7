"""The scoreboard of the report: each finding with links to the figure that shows it and to the records behind it."""

import csv
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.findings.discussion import SECTION as DISCUSSION
from monosem.findings.finding import SCORE_TABLE
from monosem.findings.scoreboard import VERDICTS
from monosem.ground.records import SOURCES
from monosem.pages.report.gauge import Gauge, gauges
from monosem.pages.report.links import Link, link_to
from monosem.pages.report.story import Section

PAPER = "https://transformer-circuits.pub/2023/monosemantic-features/index.html"


class Row(NamedTuple):
    """One finding; the fields of findings.tsv, and where they lead."""

    fields: dict[str, str]
    source: str  # how we know what the paper says
    place: Link  # in the paper; of what is said elsewhere, without an address
    figure: Link | None  # on the page
    gauges: list[Gauge]
    records: list[Link]

    @property
    def part(self) -> str:
        return "discussion" if self.fields["section"] == DISCUSSION else "paper"


class Tally(NamedTuple):
    """How many findings of a part had each verdict."""

    part: str
    name: str
    counts: dict[str, int]


def read_board(findings: Path, story: Sequence[Section], page: Path) -> list[Row]:
    exhibits = {SCORE_TABLE: Link(f"#{SCORE_TABLE}", "Table of scores")}
    exhibits |= {
        figure.name: Link(f"#{figure.anchor}", f"Figure {figure.number}")
        for section in story
        for figure in section.figures
    }
    with findings.open(encoding="utf-8", newline="") as file:
        return [row(fields, exhibits, findings, page) for fields in csv.DictReader(file, delimiter="\t")]


def row(fields: dict[str, str], exhibits: dict[str, Link], findings: Path, page: Path) -> Row:
    anchor = fields["section"]
    place = Link(PAPER + anchor if anchor.startswith("#") else "", anchor.removeprefix("#").replace("-", " "))
    records = [link_to(findings.parent / record, page) for record in fields["records"].split()]
    drawn = gauges(fields["measured"], fields["criterion"])
    return Row(fields, SOURCES[fields["source"]], place, exhibits.get(fields["figure"]), drawn, records)


def tallies(rows: Sequence[Row]) -> list[Tally]:
    """Of the paper and of the discussion around it, as far as there are any."""
    found = []
    for part, name in (("paper", "The paper"), ("discussion", "The discussion around it")):
        counts = Counter(row.fields["verdict"] for row in rows if row.part == part)
        if counts:
            found.append(Tally(part, name, {verdict: counts[verdict] for verdict in VERDICTS}))
    return found
