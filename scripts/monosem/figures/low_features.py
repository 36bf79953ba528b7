"""Features that never or seldom fire, beside the others: encoder bias, encoder and decoder, and weak neurons."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, panel_title

STATUSES = {"alive": (COLOURS["A"], "o"), "ultralow": (COLOURS["B"], "s"), "dead": (COLOURS["neurons"], "x")}
PANELS = {  # column of the table: its axis, and its name in the record's `told_apart_by`
    "bias": ("encoder bias", "bias"),
    "enc_dec_cosine": ("cosine of encoder and decoder", "cosine"),
    "weak_load": ("share of encoder on weak neurons", "weak_load"),
}
NAMES = {"with_bias": "with pre-encoder bias", "without_bias": "without pre-encoder bias"}


def low_features(table: pd.DataFrame, record: dict[str, Any], weak: float) -> tuple[Figure, pd.DataFrame]:
    """Scatter panels against density: a row a dictionary, a column a number of PANELS. `weak` is the share of the
    neurons that are called weak."""
    trained = [name for name in NAMES if record[name]]
    figure = new_figure(11, 0.9 + 3.1 * len(trained))
    all_axes = figure.subplots(len(trained), len(PANELS), sharex=True, squeeze=False)
    for row, name in zip(all_axes, trained, strict=True):
        of_run = record[name]
        for axes, (column, (label, told)) in zip(row, PANELS.items(), strict=True):
            scatter(axes, table[table["trained"] == name], column, record["n_tokens"])
            apart = of_run["told_apart_by"][told]
            axes.set_ylabel(label if apart is None else f"{label}\n(tells them apart: {apart:.2f})")
        counts = f"{of_run['n_low']:,} of {of_run['n_features']:,} dead or ultralow"
        row[0].set_title(f"{of_run['dictionary']}, {NAMES[name]}\n{counts}", fontsize="small")
        row[-1].axhline(weak, color=PAPER_COLOUR, linestyle=(0, (5, 3)), linewidth=1.2)
        panel_title(row[-1], f"dashed: by chance, {weak:.0%} of the neurons", "small")
    for axes in all_axes[-1]:
        axes.set_xlabel("density: share of tokens with activity")
    all_axes[0, 0].legend(fontsize="small", loc="lower left", markerscale=1.8)
    title = f"What is special about features that never fire? (over {record['n_tokens']:,} held-out tokens)"
    figure_title(figure, title)
    return figure, table


def scatter(axes: Axes, table: pd.DataFrame, column: str, n_tokens: int) -> None:
    """Against log10 density; what never fired has no logarithm, and stands in a band of its own on the left."""
    never = np.log10(0.3 / n_tokens)
    rng = np.random.default_rng(0)
    for status, (colour, marker) in STATUSES.items():
        rows = table[table["status"] == status]
        if len(rows):
            density = rows["density"].to_numpy(float)
            spread = never + 0.2 * rng.uniform(-1, 1, len(rows))
            x = np.where(density > 0, np.log10(np.maximum(density, 1 / n_tokens)), spread)
            points = {"s": 9, "linewidths": 0.7, "alpha": 0.5, "rasterized": True}  # thousands would be large as SVG
            axes.scatter(x, rows[column], color=colour, marker=marker, label=status, **points)
    axes.axvline(np.log10(0.6 / n_tokens), color=PAPER_COLOUR, linewidth=0.8)
    powers = range(int(np.ceil(np.log10(1 / n_tokens))), 1)
    axes.set_xticks([never, *powers], ["never", *(f"$10^{{{power}}}$" for power in powers)])
