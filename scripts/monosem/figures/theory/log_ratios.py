"""Ratios of token probabilities as one feature grows."""

from typing import Any

import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, panel_title

WORDS = dict(zip(("cold", "mild", "hot"), ("#0072B2", "#009E73", "#D55E00"), strict=True))
PAIRS = dict(zip(("cold / mild", "cold / hot", "mild / hot"), ("#56B4E9", "#CC79A7", "#E69F00"), strict=True))
STYLES = {"with biases": "-", "without biases": ":"}


def log_ratio_panels(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(12.5, 4.2)
    for axes, what, colours, label in zip(
        (panels := figure.subplots(1, 3)),
        ("probability", "log ratio"),
        (WORDS, PAIRS),
        ("probability", "logarithm of the ratio of two (nats)"),
        strict=False,
    ):
        for (case, of), rows in table[table["what"] == what].groupby(["case", "of"], sort=False):
            axes.plot(
                rows["x"], rows["y"], STYLES[case], color=colours[of], label=of if case == "with biases" else None
            )
        axes.plot([], [], ":", color=PAPER_COLOUR, label="without biases")
        axes.set(xlabel="activation of the one feature", ylabel=label)
        axes.legend(fontsize="small")
    panel_title(panels[0], "one feature, three modes in turn")
    bend = f"largest departure from a line: {record['largest_bend']:.1g} nats"
    panel_title(panels[1], bend)
    draw_turning(panels[2], table, record)
    figure_title(
        figure,
        f"Ratios of probabilities that turn as a last-layer feature grows: {record['at_greatest']['softmax']:.0%} by "
        f"softmax alone, {record['at_greatest']['normalised']:.0%} through a final normalisation",
    )
    return figure


def draw_turning(axes: Any, table: pd.DataFrame, record: dict[str, Any]) -> None:  # noqa: ANN401
    shares = table[table["what"] == "share that turns"]
    styles = {"softmax": (COLOURS["A"], "o-"), "normalised": (COLOURS["B"], "o-"), "formula": ("black", "--")}
    names = {
        "softmax": "softmax alone (posts: none can)",
        "normalised": "through LayerNorm, random directions",
        "formula": "atan(x) / π, for many dimensions",
    }
    for case, rows in shares.groupby("case", sort=False):
        colour, style = styles[case]
        axes.plot(rows["x"], rows["y"], style, color=colour, label=names[case], ms=5)
    axes.set(xlabel="greatest activation (in norms of the rest)", ylabel="share of the ratios that turn")
    axes.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axes.set_ylim(-0.02, 0.6)
    panel_title(axes, record["note"].split(",")[0] + ", every pair of tokens")
    axes.legend(fontsize="small")
