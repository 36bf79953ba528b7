"""The report as one HTML file that opens from disk: figures and scripts inside, data files linked beside it."""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.findings.finding import SCORE_TABLE
from monosem.pages import theme
from monosem.pages.report.board import PAPER, VERDICTS, Row, tallies
from monosem.pages.report.facts import Facts
from monosem.pages.report.links import Link
from monosem.pages.report.samples import Card
from monosem.pages.report.score_table import Scores
from monosem.pages.report.story import Section
from monosem.pages.template import filled, script_hash


class Page(NamedTuple):
    findings: list[Row]
    findings_link: Link
    story: list[Section]
    scores: Scores
    scores_link: Link
    dictionary: str
    browser: Link | None
    groups: list[tuple[str, list[Card]]]
    facts: Facts


def render(page: Page) -> str:
    scripts = {"theme": theme.SCRIPT, "filters": Path(__file__).with_suffix(".js")}
    scripts = {name: path.read_text(encoding="utf-8") for name, path in scripts.items()}
    return filled(
        Path(__file__).with_suffix(".html"),
        **page._asdict(),
        paper=PAPER,
        verdicts=VERDICTS,
        tallies=tallies(page.findings),
        places=places(page.findings),
        score_table=SCORE_TABLE,
        style=Path(__file__).with_suffix(".css").read_text(encoding="utf-8"),
        scripts=scripts,
        hashes=[script_hash(script) for script in scripts.values()],
    )


def places(rows: Sequence[Row]) -> list[str]:
    """Of the paper, in the order in which findings name them."""
    return list(dict.fromkeys(row.place.text for row in rows if row.part == "paper"))
