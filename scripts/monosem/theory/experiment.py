"""What the scripts of all experiments share: their flags, and the table, figure and record that each leaves."""

import argparse
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from monosem.ground.artefacts import write_record
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import read_table

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def experiment_parser(description: str | None) -> argparse.ArgumentParser:
    """A parser with the flags that every experiment has."""
    parser = parser_of(description)
    parser.add_argument("--seed", type=int, required=True, help="of every random draw")
    parser.add_argument("--output", **FILE, help="all numbers, those of the figure among them (.tsv)")
    parser.add_argument("--output-figure", **FILE, help="figure (.svg)")
    parser.add_argument("--output-record", **FILE, help="what the findings are judged by (.json)")
    return parser


def read_scores(path: Path) -> np.ndarray:
    """How well each feature's explanation predicts it, of a scores.parquet; NaN where it has none."""
    return read_table(path, ["spearman"])["spearman"].to_numpy(dtype=float)


def write(
    args: argparse.Namespace,
    table: pd.DataFrame,
    fields: dict[str, Any],
    draw: Callable[[pd.DataFrame, dict[str, Any]], "Figure"],
    inputs: Iterable[Path] | None = None,
) -> None:
    """Figure and table, and then the record, under whose name the findings look for its fields.

    `inputs` are as in `write_record`. What draws is imported here, and in the scripts just before: a job starts half a
    second sooner without it.
    """
    from monosem.figures.style import save, theme

    with theme():
        save(draw(table, fields), table, output=args.output_figure, output_data=args.output)
    write_record(args.output_record, {"investigation": args.output_record.stem, **fields}, args=args, inputs=inputs)
