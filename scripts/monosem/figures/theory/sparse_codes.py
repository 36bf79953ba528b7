"""The code of least L1 beside the sparsest: two codes of one vector, their margin by angle, and more dimensions."""

import math
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

SHOWN = 60  # degrees from first to last direction in the picture


def sparse_codes(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(12.5, 4.3)
    picture, margins, many = figure.subplots(1, 3)
    draw_picture(picture)
    draw_margins(margins, table)
    draw_shares(many, table)
    many_on = record["many"]
    figure_title(
        figure,
        f"Sparsest by least L1: {record['plane']['share']:.0%} of vectors in the plane; in {many_on['dimensions']} "
        f"dimensions {many_on['share_at_one']:.0%} with one direction on, {many_on['share_at_half']:.0%} with "
        f"{many_on['dimensions'] // 2} on",
    )
    return figure


def draw_picture(axes: Axes) -> None:
    """One vector, coded by its own direction and by the two beside it."""
    half = math.radians(SHOWN / 2)
    part = 1 / (2 * math.cos(half))
    ends = {"first": (math.cos(0), math.sin(0)), "last": (math.cos(2 * half), math.sin(2 * half))}
    arrow = {"angles": "xy", "scale_units": "xy", "scale": 1, "width": 0.012}
    for x, y in ends.values():
        axes.quiver(0, 0, x, y, color="0.8", **arrow)
    axes.quiver(0, 0, math.cos(half), math.sin(half), color=COLOURS["A"], label="own direction: L1 = 1", **arrow)
    first, last = (np.array(end) * part for end in ends.values())
    axes.quiver(0, 0, *first, color=COLOURS["B"], label=f"the two beside it: L1 = {2 * part:.3f}", **arrow)
    axes.quiver(*first, *last, color=COLOURS["B"], **arrow)
    axes.set(xlim=(-0.1, 1.15), ylim=(-0.2, 1.05), aspect="equal", xlabel="dimension 1", ylabel="dimension 2")
    panel_title(axes, f"two codes of one unit vector, {SHOWN}°")
    axes.legend(fontsize="small", loc="upper left")


def draw_margins(axes: Axes, table: pd.DataFrame) -> None:
    measured, formula = (table[table["what"] == what] for what in ("margin", "formula"))
    axes.plot(measured["x"], measured["value"], "o", color=COLOURS["A"], label="measured, by linear programs")
    axes.plot(formula["x"], formula["value"], "--", color="black", label="1 / cos(angle / 2) - 1")
    style = {"fontsize": "small", "color": PAPER_COLOUR, "arrowprops": {"arrowstyle": "->", "color": PAPER_COLOUR}}
    axes.annotate("post: a tie only where\ndirections coincide", (0, 0), (12, 40), textcoords="offset points", **style)
    axes.set(xlabel="angle from first to last direction (degrees)", ylabel="L1 of the denser code, less the sparser's")
    panel_title(axes, "how much L1 prefers the sparser")
    axes.legend(fontsize="small")


def draw_shares(axes: Axes, table: pd.DataFrame) -> None:
    many = table[table["what"] == "as planted"]
    groups = many.groupby("dimensions")
    for (width, rows), colour in zip(groups, palette_of("viridis", groups.ngroups), strict=True):
        label = f"{width} dimensions, {rows['n_directions'].iloc[0]} directions"
        axes.plot(rows["x"] / width, rows["value"], "o-", color=colour, label=label, ms=4)
    axes.set(
        xlabel="directions on, to a dimension", ylabel="share with an L1 code as sparse as planted", ylim=(-0.02, 1.05)
    )
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    panel_title(axes, "random directions")
    axes.legend(fontsize="small", loc="lower left")
