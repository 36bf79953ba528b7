"""The story that the report tells: sections with an introduction, and figures that say what to see in them."""

import base64
import re
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import NamedTuple

from monosem.pages.report.links import Link, link_to

NAMED = re.compile(r"\bresults/[\w./-]*\w")  # files that a caption speaks of


class FigureEntry(NamedTuple):
    name: str
    number: int
    source: str  # the SVG as a data: address
    caption: str
    links: list[Link]  # to the figure alone, its numbers, and what its caption names

    @property
    def anchor(self) -> str:
        return f"figure-{self.name}"


class Section(NamedTuple):
    heading: str
    introduction: str
    figures: list[FigureEntry]

    @property
    def anchor(self) -> str:
        return f"story-{self.figures[0].name}" if self.figures else "story"


def read_story(sections: Sequence[Sequence[str]], page: Path) -> list[Section]:
    """Each section is given as heading, introduction, and then a figure and its caption for each of its figures.

    Raises ValueError for a figure without a caption, and for two figures of one name, which links could not tell apart.
    """
    numbers, names, story = count(1), set(), []
    for heading, *words in sections:
        if len(words) % 2 == 0:
            raise ValueError(f"section `{heading}`: an introduction, and a caption for each figure, expected")
        figures = [
            figure_entry(Path(svg), next(numbers), caption, page)
            for svg, caption in zip(words[1::2], words[2::2], strict=True)
        ]
        story.append(Section(heading, one_line(words[0]), figures))
        for figure in figures:
            if figure.name in names:
                raise ValueError(f"section `{heading}`: a second figure named {figure.name}; give each one once")
            names.add(figure.name)
    return story


def figure_entry(svg: Path, number: int, caption: str, page: Path) -> FigureEntry:
    encoded = base64.b64encode(svg.read_bytes()).decode("ascii")
    files = [svg, svg.with_suffix(".tsv"), *filter(Path.is_file, map(Path, NAMED.findall(caption)))]
    links = [link_to(file, page) for file in files]
    return FigureEntry(svg.stem, number, f"data:image/svg+xml;base64,{encoded}", one_line(caption), links)


def one_line(text: str) -> str:
    return " ".join(text.split())
