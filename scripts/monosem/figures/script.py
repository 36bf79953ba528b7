"""What the scripts of all figures share: what they are asked for, and the figure and table that each leaves."""

import argparse
from collections.abc import Callable
from typing import Any

import pandas as pd
from matplotlib.figure import Figure

from monosem.figures.style import save, theme
from monosem.ground.flags import FILE, FILES, parser_of

OUTPUTS = {"output": {**FILE, "help": "figure (.svg)"}, "output-data": {**FILE, "help": "its numbers (.tsv)"}}
Flags = dict[str, dict[str, Any]]
Drawn = tuple[Figure, pd.DataFrame]


def file(help: str) -> dict[str, Any]:
    return {**FILE, "help": help}


def files(help: str) -> dict[str, Any]:
    return {**FILES, "help": help}


def parse(description: str | None, flags: Flags, argv: list[str] | None) -> argparse.Namespace:
    """`flags` are what a figure is made of; those of its outputs are added."""
    parser = parser_of(description)
    for name, options in {**flags, **OUTPUTS}.items():
        parser.add_argument(f"--{name}", **options)
    return parser.parse_args(argv)


def plot(
    description: str | None,
    flags: Flags,
    draw: Callable[[argparse.Namespace], Drawn],
    argv: list[str] | None,
) -> None:
    """The whole of a script: `draw` reads what the flags name, and gives the figure and the numbers in it."""
    args = parse(description, flags, argv)
    with theme():
        figure, data = draw(args)
        save(figure, data, output=args.output, output_data=args.output_data)
