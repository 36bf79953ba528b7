"""Features that carry an ideal feature: their activation along the latent, their logit directions, and how many."""

from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, panel_title

WORDS = {"cold": COLOURS["A"], "mild": COLOURS["control"], "hot": COLOURS["neurons"]}
IDEAL = {
    "binary": ("what follows </p>", "#000000"),
    "continuous": ("all that follows the weather's phrase", COLOURS["B"]),
    "ratios": ("of that, the shares of cold, mild, hot", COLOURS["A"]),
}
LINES = ("-", "--", ":", "-.")  # depths
AFTER_END = ("#999999", "#CC79A7", "#56B4E9")  # the three tokens


def carrier_panels(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(15, 7)
    grid = figure.add_gridspec(2, 4, width_ratios=[1, 1, 1, 1.15])
    depths = sorted(table["n_layers"].unique())
    ends = [depths[0], depths[-1]]
    rows = table[(table["start"] == record["shown"]["start"]) & (table["width"] == record["shown"]["width"])]
    for place, depth in enumerate(ends):
        of_depth = rows[rows["n_layers"] == depth]
        ratios = of_depth[of_depth["ideal"] == "ratios"]
        drawn = [figure.add_subplot(grid[place, column]) for column in range(3)]
        draw_activations(drawn[0], ratios, depth)
        draw_weights(drawn[1], ratios, list(WORDS), list(WORDS.values()))
        draw_shares(drawn[2], ratios)
        if place == 0:
            titles = ("carriers' activations", "their logit directions", "model (lines), with carriers alone (dots)")
            for axes, title in zip(drawn, titles, strict=True):
                panel_title(axes, title)
    draw_counts(figure.add_subplot(grid[0, 3]), table[table["what"] == "count"], depths)
    last = figure.add_subplot(grid[1, 3])
    draw_binary(last, rows[rows["ideal"] == "binary"], ends)
    binary, continuous, ratios = (medians(record[name]) for name in IDEAL)
    figure_title(
        figure,
        f"Carriers of an ideal feature (median, {' / '.join(map(layers, ends))}): binary {binary}, "
        f"temperature {continuous}, its words' shares alone {ratios}",
    )
    return figure


def medians(of: dict[str, dict[str, Any]]) -> str:
    return " / ".join(f"{end['median']:g}" if end["held"] else "not held" for end in of.values())


def held(rows: pd.DataFrame) -> bool:
    """Whether the dictionary holds the ideal feature, so that its carriers are counted."""
    return bool(rows.loc[rows["what"] == "count", "held"].all())


def layers(depth: int) -> str:
    return f"{depth:g} layer{'s' if depth != 1 else ''}"


def draw_activations(axes: Axes, rows: pd.DataFrame, depth: int) -> None:
    acts = rows[rows["what"] == "activation"]
    lacking = "" if held(rows) else " (not held)"
    axes.set(xlabel="temperature", ylabel=f"{layers(depth)}{lacking}: mean activation")
    if acts.empty:
        return
    for number, (feature, of) in enumerate(acts.groupby("of", sort=False)):
        axes.plot(of["x"], of["y"], "o-", ms=3, color=colour_at(number), label=f"feature {feature}")
    several = rows[rows["what"] == "together"]
    axes.plot(several["x"], several["y"], ":", color=PAPER_COLOUR, label="share: several fire")
    axes.set_ylim(top=1.35 * axes.get_ylim()[1])  # room for the legend
    axes.legend(fontsize="x-small", ncols=2, loc="upper left")


def colour_at(number: int) -> Any:  # noqa: ANN401
    return mpl.colormaps["tab10"](number % 10)


def draw_weights(axes: Axes, rows: pd.DataFrame, words: list[str], colours: list[str]) -> None:
    axes.set(xlabel="feature", ylabel="logit weight over the three's mean")
    if not (rows["what"] == "logit weight").any():  # of a dictionary that never fires where it is looked at
        return
    weights = rows[rows["what"] == "logit weight"].groupby(["of", "word"], sort=False)["y"].mean(skipna=False)
    weights = weights.unstack(sort=False)
    weights = weights.sub(weights[words].mean(axis=1, skipna=False), axis=0)
    for shift, word, colour in zip((-0.26, 0, 0.26), words, colours, strict=True):
        axes.bar(np.arange(len(weights)) + shift, weights[word], width=0.25, color=colour, label=word.strip())
    axes.axhline(0, color=PAPER_COLOUR, lw=0.8)
    axes.set_xticks(np.arange(len(weights)), weights.index)
    axes.set_ylim(top=axes.get_ylim()[1] + 0.2 * np.ptp(axes.get_ylim()))
    axes.legend(fontsize="x-small", ncols=3, loc="upper left")


def draw_shares(axes: Axes, rows: pd.DataFrame) -> None:
    for word, colour in WORDS.items():
        for what, style in (("model", "-"), ("carriers", "o")):
            of = rows[(rows["what"] == what) & (rows["of"] == word)]
            axes.plot(of["x"], of["y"], style, ms=4, color=colour, label=word if what == "model" else None)
    axes.set(xlabel="temperature", ylabel="share among the three words", ylim=(-0.02, 1.02))
    axes.legend(fontsize="x-small")


def draw_counts(axes: Axes, counts: pd.DataFrame, depths: list[int]) -> None:
    for ideal, (name, colour) in IDEAL.items():
        for depth, style in zip(depths, LINES, strict=False):
            rows = counts[(counts["ideal"] == ideal) & (counts["n_layers"] == depth)]
            means = rows.groupby("width")["n_features"].mean(skipna=False)
            label = f"{name}" if depth == depths[0] else None
            axes.plot(means.index, means, style, color=colour, marker="o", ms=4, label=label)
    for depth, style in zip(depths, LINES, strict=False):
        axes.plot([], [], style, color=PAPER_COLOUR, label=layers(depth))
    axes.set_xscale("log", base=2)
    axes.set_xticks(sorted(counts["width"].unique()))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set(xlabel="dictionary width", ylabel="features needed (mean of models)")
    axes.set_ylim(0, 1.5 * axes.get_ylim()[1])
    panel_title(axes, "how many carry it")
    axes.legend(fontsize="x-small")


def draw_binary(axes: Axes, rows: pd.DataFrame, ends: list[int]) -> None:
    marks = {depth: "" if held(of) else "*" for depth, of in rows.groupby("n_layers")}
    lacking = " (*: not held)" if "*" in marks.values() else ""
    panel_title(axes, f"carriers of what follows </p>{lacking}")
    if not (rows["what"] == "logit weight").any():
        return
    weights = rows[rows["what"] == "logit weight"]
    names = weights["of"].astype(str) + weights["n_layers"].map(marks) + "\n" + weights["n_layers"].map(layers)
    weights = weights.assign(of=names)[weights["n_layers"].isin(ends)]
    draw_weights(axes, weights, list(weights["word"].unique()), list(AFTER_END))
