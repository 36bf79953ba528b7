"""Feature splitting in numbers: how many features one thing has at each width, and kin of narrow features."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from monosem.figures.style import PAPER_COLOUR, figure_title, in_place_of_data, new_figure, palette_of, panel_title

# paper, #phenomenology-feature-splitting: base64 features of A/0 and A/1 by width; it says "many" of A/2
PAPER_COUNTS = {"base64": {512: 1, 4096: 3}}
OBSERVED, CHANCE = "as they are", "shifted by half of the text (chance)"


def splitting(record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Left: named groups' features by width; right: kin of each feature of the narrowest dictionary in the widest."""
    figure = new_figure(11, 4.6)
    by_width, by_kin = figure.subplots(1, 2)
    counts, kin = group_counts(record), kin_counts(record)
    draw_groups(by_width, counts)
    draw_kin(by_kin, kin, record)
    figure_title(figure, "Features of a narrow dictionary become several in a wider one")
    return figure, pd.concat([counts, kin], ignore_index=True)


def group_counts(record: dict[str, Any]) -> pd.DataFrame:
    widths = [entry["n_features"] for entry in record["dictionaries"]]
    rows = [
        (name, width, count)
        for name, group in record["groups"].items()
        if group["n_tokens"]
        for width, count in zip(widths, group["counts"], strict=True)
    ]
    return pd.DataFrame(rows, columns=["group", "width", "n_features"])


def kin_counts(record: dict[str, Any]) -> pd.DataFrame:
    frames = []
    for tokens, field in ((OBSERVED, "kin_counts"), (CHANCE, "kin_counts_by_chance")):
        numbers, features = np.unique(record[field], return_counts=True)
        frames.append(pd.DataFrame({"tokens": tokens, "n_kin": numbers, "n_features": features}))
    return pd.concat(frames, ignore_index=True)


def draw_groups(axes: Axes, counts: pd.DataFrame) -> None:
    if counts.empty:
        in_place_of_data(axes, "the held-out text has none of the groups")
        return
    for (name, rows), colour in zip(counts.groupby("group", sort=False), palette_of("colorblind"), strict=False):
        axes.plot(rows["width"], rows["n_features"].clip(lower=0.8), marker="o", color=colour, label=f"'{name}', here")
        for width, count in zip(rows["width"], rows["n_features"], strict=True):
            axes.annotate(f"{count}", (width, max(count, 0.8)), (0, 6), textcoords="offset points", ha="center")
        if name in PAPER_COUNTS:
            paper = PAPER_COUNTS[name]
            axes.plot(
                paper.keys(),
                paper.values(),
                "s--",
                color=PAPER_COLOUR,
                ms=5,
                lw=1.2,
                label=f"'{name}', paper: 1, 3, then many",
            )
    widths = sorted(set(counts["width"]))
    axes.set(xscale="log", yscale="log", xlabel="width: features in the dictionary", ylabel="features of the group")
    axes.set_xticks(widths, [f"{width:,}" for width in widths])
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter("{x:g}")
    axes.margins(x=0.12)
    axes.set_ylim(0.7, 6 * max(3, counts["n_features"].max(skipna=False)))  # room for the legend
    panel_title(axes, "features that fire mostly on one thing")
    axes.legend(fontsize="small", loc="upper left")


def draw_kin(axes: Axes, kin: pd.DataFrame, record: dict[str, Any]) -> None:
    narrow, wide = record["dictionaries"][0], record["dictionaries"][-1]
    for (tokens, rows), colour in zip(kin.groupby("tokens", sort=False), ("#0072B2", "#D55E00"), strict=True):
        at_least = rows["n_features"][::-1].cumsum(skipna=False)[::-1] / rows["n_features"].sum(skipna=False)
        median = np.median(np.repeat(rows["n_kin"], rows["n_features"]))
        # A step down after each number of kin that some feature has; at the end none is left.
        x, y = [-1, *rows["n_kin"], rows["n_kin"].max(skipna=False) + 1], [1, *at_least, 0]
        axes.step(x, y, where="pre", color=colour, label=f"{tokens}: median {median:g}")
    panel_title(axes, f"the {narrow['n_compared']:,} features of {narrow['dictionary']}, {record['n_tokens']:,} tokens")
    axes.set(
        xlabel=f"kin among the {wide['n_compared']:,} features of {wide['dictionary']}\n"
        f"(masked cosine over {record['flags']['min_cosine']:g}; paper: about 0.4)",
        ylabel="share of features with at least so many kin",
        xlim=(-1, None),
    )
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.legend(fontsize="small", title="tokens of the wide dictionary", title_fontsize="small")
