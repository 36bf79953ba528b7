"""The report as one HTML file: no script, no network, figures inside, data files linked relative to the page."""

import base64
import json
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from jinja2 import Environment, StrictUndefined

from monosem.pages.samples import Card
from monosem.pages.score_table import Scores
from monosem.records import SOURCES

PAPER = "https://transformer-circuits.pub/2023/monosemantic-features/index.html"


class Link(NamedTuple):
    href: str
    text: str


class FigureEntry(NamedTuple):
    name: str
    source: str  # the SVG as a data: address
    caption: str
    links: list[Link]


class RecordEntry(NamedTuple):
    link: Link
    facts: list[tuple[str, str]]


class Page(NamedTuple):
    findings: list[dict[str, str]]
    findings_link: Link
    figures: list[FigureEntry]
    scores: Scores
    scores_link: Link
    dictionary: str
    browser: Link | None
    groups: list[tuple[str, list[Card]]]
    config: str
    records: list[RecordEntry]


def link_to(target: Path, page: Path) -> Link:
    """A link from the page to a file, relative, so that the results folder can be moved or copied whole."""
    relative = Path(os.path.relpath(target, page.parent)).as_posix()
    return Link(quote(relative), relative.removeprefix("../"))


def figure_entry(svg: Path, caption: str, data: Path, page: Path) -> FigureEntry:
    encoded = base64.b64encode(svg.read_bytes()).decode("ascii")
    text = " ".join(caption.split())
    links = [link_to(svg, page), link_to(data, page)]
    return FigureEntry(svg.stem.replace("_", " "), f"data:image/svg+xml;base64,{encoded}", text, links)


def record_entry(path: Path, record: dict[str, Any], page: Path) -> RecordEntry:
    """What a record says of how its artefact was made; results themselves are left to the findings and figures."""
    names = ("script", "flags", "inputs", "code", "versions", "written", "machine")
    return RecordEntry(link_to(path, page), [(name, plain(record[name])) for name in names if name in record])


def plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {plain(member)}" for key, member in value.items())
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def render(page: Page) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = environment.from_string(Path(__file__).with_suffix(".html").read_text(encoding="utf-8"))
    return template.render(page._asdict(), paper=PAPER, sources=SOURCES, verdicts=verdict_counts(page.findings))


def verdict_counts(findings: Sequence[dict[str, str]]) -> str:
    counts = Counter(row["verdict"] for row in findings)
    return ", ".join(f"{counts[verdict]} {verdict}" for verdict in ("reproduced", "not reproduced", "not run"))
