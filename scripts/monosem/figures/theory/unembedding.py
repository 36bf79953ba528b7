"""Features that the neurons of a last layer stand for, against the number of neurons, by loss and sparsity."""

from typing import Any

import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from monosem.figures.style import PAPER_COLOUR, new_figure

HEADS = {
    "softmax": "softmax, cross-entropy",
    "squared": "squared loss",
    "squared, ReLU": "squared loss, behind a ReLU",
}


def output_superposition(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(13, 4.4)
    panels = figure.subplots(1, len(HEADS), sharey=True)
    for axes, (head, title) in zip(panels, HEADS.items(), strict=True):
        draw(axes, table[table["head"] == head], record["n_features"])
        axes.set_title(title, fontsize="medium", fontweight="normal")
    panels[0].set_ylabel("features represented")
    panels[-1].legend(
        title="features on\nat once, mean", fontsize="small", title_fontsize="small", loc="center left",
        bbox_to_anchor=(1, 0.5),
    )  # fmt: skip
    figure.suptitle(
        "A softmax is reason enough for superposition: it silences what neurons that stand for many features confuse",
        x=0.01,
        ha="left",
        fontweight="bold",
    )
    return figure


def draw(axes: Axes, rows: pd.DataFrame, n_features: int) -> None:
    """None is drawn below 1; curves that would lie on one another are a little apart."""
    groups = rows.groupby("mean_on")
    for number, ((mean_on, of), colour) in enumerate(
        zip(groups, sns.color_palette("viridis_r", groups.ngroups), strict=True)
    ):
        place = of["neurons"] * 1.03**number
        axes.plot(place, of["represented"].clip(lower=0.5), "o-", color=colour, label=f"{mean_on:g}")
    neurons = sorted(rows["neurons"].unique())
    axes.plot(neurons, neurons, "--", color=PAPER_COLOUR, label="one a neuron")
    axes.axhline(n_features, color=PAPER_COLOUR, ls=":", lw=1.2, label="all features")
    axes.set(xscale="log", yscale="log", xlabel="neurons")
    axes.set_xticks(neurons, [f"{number}" for number in neurons])
    ticks = [1, 4, 16, n_features]
    axes.set_yticks([0.5, *ticks], ["0", *map(str, ticks)])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
