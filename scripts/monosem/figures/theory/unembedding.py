"""Features that the neurons of a last layer stand for, against the number of neurons, by loss and sparsity."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from monosem.figures.style import PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

HEADS = {
    "softmax": "softmax, cross-entropy",
    "squared": "squared loss",
    "squared, ReLU": "squared loss, behind a ReLU",
}
MEASURES = ("represented", "named")


def output_superposition(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    """Above, features represented; below, those named, which is of all heads alike."""
    figure = new_figure(13, 7.4)
    panels = figure.subplots(len(MEASURES), len(HEADS), sharey=True)
    for row, measure in zip(panels, MEASURES, strict=True):
        for axes, (head, title) in zip(row, HEADS.items(), strict=True):
            draw(axes, table[table["head"] == head], measure, record["n_features"])
            panel_title(axes, f"{title}, {measure}")
        row[0].set_ylabel(f"features {measure}")
    panels[0, -1].legend(
        title="features on\nat once, mean", fontsize="small", title_fontsize="small", loc="center left",
        bbox_to_anchor=(1, 0.5),
    )  # fmt: skip
    figure_title(
        figure,
        "Where the fewest are on at once, features represented by a neuron, and named of all "
        f"{record['n_features']} (medians):\n" + "; ".join(of_head(head, record) for head in HEADS),
    )
    return figure


def of_head(head: str, record: dict[str, Any]) -> str:
    found = record[head.replace(", ", "_")]["sparsest"]
    return f"{HEADS[head]} {found['a_neuron']:.2g} and {found['named']:g}"


def draw(axes: Axes, rows: pd.DataFrame, measure: str, n_features: int) -> None:
    """None is drawn below 1; curves that would lie on one another are a little apart."""
    groups = rows.groupby("mean_on")
    for number, ((mean_on, of), colour) in enumerate(zip(groups, palette_of("viridis_r", groups.ngroups), strict=True)):
        place = of["neurons"] * 1.03**number
        axes.plot(place, of[measure].clip(lower=0.5), "o-", color=colour, label=f"{mean_on:g}")
    neurons = sorted(rows["neurons"].unique())
    axes.plot(neurons, neurons, "--", color=PAPER_COLOUR, label="one a neuron")
    axes.axhline(n_features, color=PAPER_COLOUR, ls=":", lw=1.2, label="all features")
    axes.set(xscale="log", yscale="log", xlabel="neurons")
    axes.set_xticks(neurons, [f"{number}" for number in neurons])
    ticks = [1, 4, 16, n_features]
    axes.set_yticks([0.5, *ticks], ["0", *map(str, ticks)])
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_minor_formatter(NullFormatter())
