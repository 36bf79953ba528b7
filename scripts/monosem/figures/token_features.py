"""Features that follow one token, by the width of their dictionary."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import COLOURS, OTHER_COLOUR, figure_title, new_figure, width_axis

SHARES = {  # name in the record: what it says, colour, marker
    "single_token": ("single-token by the paper: one on top in all strongest examples (of {judged})", "A", "o"),
    "whole token": ("mostly one token, at {most:.0%} of its occurrences or more", "control", "s"),
    "token in context": ("token in context: mostly one token, at under {most:.0%} of its occurrences", "neurons", "D"),
}
BELOW = {"fontsize": "small", "loc": "upper left", "bbox_to_anchor": (0, -0.15)}
PAPER = "paper: over 100 features of `the` among 65,536 (A/4)"


def token_features(common: pd.DataFrame, record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Shares by width, and the number of features of each common token by width."""
    widths, most = pd.DataFrame(record["widths"]), record["flags"]["min_coverage"]
    told, judged = (", ".join(f"{n:,}" for n in widths[column]) for column in ("n_told", "n_judged"))
    figure = new_figure(11, 5.4)
    left, right = figure.subplots(1, 2)
    for name, (label, colour, marker) in SHARES.items():
        left.plot(
            widths["n_features"],
            widths[name].astype(float),
            marker=marker,
            color=COLOURS[colour],
            label=label.format(most=most, judged=judged),
        )
    left.set(ylim=(0, 1), ylabel="share of the features")
    left.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    left.set_title(f"Features that follow one token (of {told})", fontsize="medium")
    left.legend(**BELOW)
    draw_common(right, common, record["word"]["text"])
    for axes in (left, right):
        width_axis(axes, widths["n_features"].tolist(), "width of the dictionary: features")
    figure_title(figure, f"Single tokens and tokens in context, over {record['n_tokens']:,} tokens")
    columns = ["dictionary", "width", "token", "text", "n_features", "n_in_context"]
    return figure, common[columns]


def draw_common(axes: Axes, common: pd.DataFrame, word: str) -> None:
    """A line a common token; that of `word` stands out."""
    n_tokens = common["token"].nunique(dropna=False)
    for text, rows in common.groupby("text", sort=False):
        chosen = text == f'"{word}"'
        style = {"color": OTHER_COLOUR, "linewidth": 2.5, "marker": "o"} if chosen else {"color": "0.6", "linewidth": 1}
        name = {"label": f"features of {text}", "zorder": 3} if chosen else {}
        axes.plot(rows["width"], rows["n_features"], **style, **name)
        if chosen:
            in_context = {"linestyle": "--", "marker": "o", "markersize": 4, "color": OTHER_COLOUR}
            axes.plot(
                rows["width"],
                rows["n_in_context"],
                label="of these, in context",
                **in_context,
            )
    axes.plot([], [], color="0.6", linewidth=1, label=f"the {n_tokens} most common tokens, one line each")
    axes.plot([], [], linestyle="", label=PAPER)
    axes.set_ylabel("features that follow the token")
    axes.set_ylim(bottom=0)
    axes.set_title("Features for one common token", fontsize="medium")
    axes.legend(**BELOW)
