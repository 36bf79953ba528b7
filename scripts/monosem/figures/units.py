"""What units stand for: how mixed the text is on which they are active, and across how many neurons they lie."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.histograms import Row, draw_row, median_of
from monosem.figures.style import PAPER_COLOUR, colour_of, figure_title, new_figure, paper_line
from monosem.ground.records import NEURONS

# kinds of rows of a purity table: what a stranger calls them, and whose colour they have
SHOWN = {
    "features": ("features of the dictionary", ""),
    "neurons": ("neurons", NEURONS),
    "strongest of neurons": ("neurons, each on its strongest tokens only", NEURONS),
    "random directions": ("random directions that fire seldom", "random"),
}
LABELS = {"category": "kind of document", "token": "token"}
PAPER_BASIS = {"one": 0.04, "few": 0.04, "dense": 0.92}  # N. Nanda's comment, printed with the paper
BASIS = {"one": "one neuron", "few": "2 to 10", "dense": "more"}


def purity(table: pd.DataFrame, record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Histograms of entropy: a row a kind of unit, a column a label of the tokens; `record` is that of the table."""
    kinds = [kind for kind in SHOWN if (table["kind"] == kind).any()]
    figure = new_figure(10, 1.7 + 1.35 * len(kinds))
    all_axes = figure.subplots(len(kinds), len(LABELS), sharex="col", squeeze=False)
    for column, (label, name) in zip(all_axes.T, LABELS.items(), strict=True):
        everywhere = record[label]["all_tokens"]
        limits = (0.0, float(np.ceil(everywhere)) + 1)
        for axes, kind in zip(column, kinds, strict=True):
            shown, colour = SHOWN[kind]
            bits = table.loc[table["kind"] == kind, f"{label}_bits"].to_numpy(float)
            title = f"{shown}: {np.isfinite(bits).sum():,} of {len(bits):,}, {median_of(bits)}"
            draw_row(axes, Row(title, bits, colour_of(record["model"], colour)), limits)
            axes.axvline(everywhere, color=PAPER_COLOUR, linestyle=(0, (5, 3)), linewidth=1.2)
        place = {"transform": column[0].get_xaxis_transform(), "color": PAPER_COLOUR, "fontsize": "small", "va": "top"}
        column[0].text(everywhere, 0.95, " all text", **place)
        column[-1].set(xlabel=f"entropy of the {name}, bits", xlim=limits)
    title = f"How mixed is the text on which a unit is active? Measured over {record['n_tokens']:,} tokens"
    figure_title(figure, title)
    told = (
        "0 bits: always the same; $k$ bits: as mixed as $2^k$ equally frequent ones. Black: median, dashed: all text."
    )
    figure.supxlabel(told, fontsize="small")
    figure.supylabel("share of the units in each bin", fontsize="small")
    return figure, table


def neuron_basis(table: pd.DataFrame, record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Histograms, over alive features, of the number of neurons that each is spread over, and of its largest weight."""
    import seaborn as sns

    trained = "with_bias" if record["with_bias"] else "without_bias"
    of_run, n_neurons = record[trained], record["n_neurons"]
    alive = table[(table["trained"] == trained) & (table["status"] == "alive")]
    figure = new_figure(10, 4)
    spread, largest = figure.subplots(1, 2, width_ratios=(3, 2))
    colour = colour_of(record["model"])
    limits = (-0.2, float(np.log10(n_neurons)))  # room for the name of what lies at 1
    sns.histplot(x=np.log10(alive["neurons"].to_numpy(float)), bins=60, binrange=limits, stat="proportion",
                 color=colour, linewidth=0.3, ax=spread)  # fmt: skip
    ticks = [power for power in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000) if power <= n_neurons]
    spread.set_xticks(np.log10(ticks), [f"{tick:g}" for tick in ticks])
    spread.set(xlim=limits, ylabel="share of the features in each bin")
    spread.set_xlabel("neurons that a feature is spread over (participation ratio of its decoder row)")
    spread.set_ylim(top=1.35 * spread.get_ylim()[1])
    name_classes(spread, of_run["basis"], n_neurons)
    paper_line(spread, np.log10((n_neurons + 2) / 3), "random\ndirection", horizontal=False)
    spread.set_title(f"{len(alive):,} features that fire, of {of_run['dictionary']}", fontsize="medium")
    sns.histplot(x=alive["top_weight"].to_numpy(float), bins=50, binrange=(0, 1), stat="proportion", color=colour,
                 linewidth=0.3, ax=largest)  # fmt: skip
    largest.set(xlim=(0, 1), ylabel="", xlabel="cosine with the nearest neuron (1: it is that neuron)")
    largest.set_title(f"nearest neuron: {median_of(alive['top_weight'].to_numpy(float))}", fontsize="medium")
    figure_title(figure, f"Is a feature a neuron, or spread over many of the {n_neurons}?")
    return figure, alive[["dictionary", "feature", "neurons", "top_weight"]]


def name_classes(axes: Axes, shares: dict[str, float], n_neurons: int) -> None:
    """Borders between one neuron, a few and many, with the shares here and in the paper."""
    borders = np.log10([0.63, 1.5, 10.5, n_neurons])
    for border in borders[1:-1]:
        axes.axvline(border, color="0.7", linewidth=1)
    for (name, label), left, right in zip(BASIS.items(), borders, borders[1:], strict=False):
        share = "-" if shares[name] is None else f"{shares[name]:.1%}"
        text = f"{label}\n{share}\n(paper {PAPER_BASIS[name]:.0%})"
        axes.text((left + right) / 2, 0.98, text, transform=axes.get_xaxis_transform(), ha="center", va="top",
                  fontsize="small")  # fmt: skip
