"""Naming features by dictionary size: what it costs, how long it takes, how good the names are."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, bars, figure_title, new_figure, palette_of, panel_title
from monosem.ground.records import NEURONS, OFFLINE

COSTS = {"work": "tokens", "seconds": "seconds"}
TITLES = {
    "work": "tokens: predicted by the token table,\nasked of and answered by a language model",
    "seconds": "seconds of whole jobs, start-up included",
}


def naming(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(13.5, 4.5)
    clients = list(record["curves"])
    colours = dict(zip(clients, (COLOURS["A"], *palette_of("colorblind")[1:]), strict=False))
    panels = figure.subplots(1, 3)
    for axes, (cost, label) in zip(panels, COSTS.items(), strict=False):
        for client in clients:
            draw_cost(axes, table[table["client"] == client], record, client, cost, colours[client])
        axes.set(xscale="log", yscale="log", xlabel="features", ylabel=label)
        panel_title(axes, TITLES[cost])
        axes.legend(fontsize="x-small", loc="upper left")
    for client in clients:
        draw_quality(
            panels[2], table[table["client"] == client], record["curves"][client]["quality"], client, colours[client]
        )
    widths = sorted(table["n_features"].unique())
    panels[2].set(xscale="log", xlabel="features of the dictionary", ylabel="median Spearman score, 95 % interval")
    panels[2].set_xticks(widths, [f"{width:,}" for width in widths])
    panels[2].minorticks_off()
    panel_title(panels[2], "how well the names predict")
    panels[2].legend(fontsize="x-small")
    figure_title(figure, title(record))
    return figure


def title(record: dict[str, Any]) -> str:
    offline = record["curves"][OFFLINE]
    work, quality = offline["work"], offline["quality"]
    if work["exponent"] is None or quality["per_doubling"] is None:
        return "What it costs to name features, and how good the names are"
    return (
        f"Named by a token table, cost grows as features to the {work['exponent']:.2f}; "
        f"each doubling of width changes the median score by {quality['per_doubling']:+.3f}"
    )


def draw_cost(axes: Axes, rows: pd.DataFrame, record: dict[str, Any], client: str, cost: str, colour: Any) -> None:  # noqa: ANN401
    """Dots of what was explained, a line through them or in proportion to them, out to larger dictionaries.

    The token table explains whole dictionaries, what of them cannot be explained included; a language model was asked
    of some features.
    """
    axes.plot(rows["n_features" if client == OFFLINE else "n_asked"], rows[cost], "o", color=colour, ms=5)
    sizes = {int(size): costs[cost] for size, costs in record["sizes"][client].items() if cost in costs}
    if not sizes:
        return
    largest = max(sizes)
    priced = record["sizes"][client][str(largest)].get("usd_at_price") or 0
    paid = f"; {priced:,.0f} USD for {largest:,}" if priced and cost == "work" else ""
    drawn = {size: value for size, value in sizes.items() if value > 0}
    axes.plot(drawn.keys(), drawn.values(), "--", color=colour, lw=1.3, label=f"{client}{paid}")


def draw_quality(axes: Axes, rows: pd.DataFrame, quality: dict[str, Any], client: str, colour: Any) -> None:  # noqa: ANN401
    for of_neurons, some in rows[rows["n_scored"] > 0].groupby(rows["dictionary"] == NEURONS):
        lengths = bars(some, "score", "score_low", "score_high")
        label = f"{client}, neurons" if of_neurons else f"{client}, features"
        marker = "s" if of_neurons else "o"
        axes.errorbar(some["n_features"], some["score"], lengths, fmt=marker, capsize=2, color=colour, label=label)
    if quality["per_doubling"] is not None:
        widths = rows.loc[rows["dictionary"] != NEURONS, "n_features"]
        ends = np.array([widths.min(skipna=False), widths.max(skipna=False)], dtype=float)
        fitted = quality["at_one"] + quality["per_doubling"] * np.log2(ends)
        axes.plot(ends, fitted, "--", color=colour, lw=1.3)
