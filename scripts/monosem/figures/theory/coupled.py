"""Coupled features of a dictionary: how many turn a ratio, and the joint paths of the best."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.automata import drawable
from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, panel_title, paper_line

KINDS = {"pairs": COLOURS["A"], "triples": COLOURS["B"]}
STYLES = {"measured": "-", "by chance": ":"}
BEST = 3  # groups drawn
LEAST = 1e-3  # nats drawn


def coupled_panels(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(15, 6.4)
    # In one grid, an axes over both rows would leave the others' places to rounding.
    left, right = figure.subfigures(1, 2, width_ratios=[1.2, BEST])
    draw_turns(left.subplots(), table[table["what"] == "turn"], record)
    axes = right.subplots(2, BEST)
    for (above, below), (_, rows) in zip(axes.T, best(table), strict=False):
        draw_path(above, rows)
        draw_ratio(below, rows)
    for unused in axes.T[len(best(table)) :].flat:
        unused.remove()
    pairs = record["pairs"]
    figure_title(
        figure,
        f"Of {pairs['candidates']} pairs of features that fire together, {pairs['turning']} turn a ratio that neither "
        f"turns alone, on other text; by chance at most {pairs['by_chance']}",
    )
    return figure


def best(table: pd.DataFrame) -> list[tuple[Any, pd.DataFrame]]:
    """The groups of the largest turns, pairs first."""
    if "rank" not in table:
        return []
    return list(table[table["rank"].notna()].groupby(["kind", "rank"]))[:BEST]


def draw_turns(axes: Axes, rows: pd.DataFrame, record: dict[str, Any]) -> None:
    for (kind, case), of in rows.groupby(["kind", "case"], sort=False):
        heights = of["y"].clip(lower=LEAST)
        label = f"{kind}, {case}"
        axes.plot(heights, np.arange(1, len(heights) + 1), STYLES[case], color=KINDS[kind], label=label)
    paper_line(axes, record["min_turn"], "counts as a turn", horizontal=False)
    axes.set(
        xscale="log",
        yscale="log",
        xlabel="largest turn that takes all members (nats)",
        ylabel="groups with that or more",
    )
    if len(rows):
        axes.legend(fontsize="small", loc="lower left")


def draw_path(axes: Axes, rows: pd.DataFrame) -> None:
    acts = rows[rows["what"] == "activation"]
    for number, (feature, of) in enumerate(acts.groupby("of", sort=False)):
        lead = " (lead)" if int(feature) == of["lead"].iloc[0] else ""
        label = f"{feature}{lead}: {of['weight'].iloc[0]:+.2f} a unit"
        axes.plot(of["x"], of["y"], "o-", ms=4, color=mpl.colormaps["tab10"](number), label=label)
    axes.set(xlabel="bin of the lead's activation", ylabel="mean activation / divisor")
    panel_title(axes, f"features {rows['group'].iloc[0]}")
    axes.legend(fontsize="x-small")


def draw_ratio(axes: Axes, rows: pd.DataFrame) -> None:
    ratio = rows[rows["what"] == "log ratio"]
    axes.plot(ratio["x"], ratio["y"], "o-", color="black", ms=4)
    axes.axhline(0, color=PAPER_COLOUR, lw=0.8)
    axes.set(xlabel="bin of the lead's activation", ylabel="what they add to it (nats)")
    up, over = (drawable(rows[name].iloc[0]).replace("$", r"\$") for name in ("up", "over"))
    panel_title(axes, f"{up} over {over}: {rows['turn'].iloc[0]:.2f}")
