"""How many features of a layer the next layer has too."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import COLOURS, OTHER_COLOUR, PAPER_COLOUR, figure_title, new_figure, panel_title, paper_line
from monosem.ground.summary import defined

KINDS = {
    "features": COLOURS["A"],
    "drawn features": OTHER_COLOUR,
    "neurons": COLOURS["neurons"],
    "by chance": PAPER_COLOUR,
}


def layerwise_features(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    """Left, shares with a partner; right, for each model, how the largest correlations are distributed."""
    depths = sorted(table["n_layers"].unique())
    figure = new_figure(6 + 4 * len(depths), 4.4)
    bars, *curves = figure.subplots(1, 1 + len(depths), width_ratios=[1.5, *[1] * len(depths)])
    draw_shares(bars, table[table["correlation"].notna()], record["above"])
    for axes, depth in zip(curves, depths, strict=True):
        draw_distributions(axes, table[table["n_layers"] == depth], record["above"])
        panel_title(axes, f"{depth} layers, all pairs of layers")
    figure_title(
        figure,
        f"Of the features of a layer {record['share']['features']:.0%} have a partner at the next one, "
        f"{record['share']['drawn_features']:.0%} among\nas many as there are neurons, "
        f"of its neurons {record['share']['neurons']:.0%} (medians of all pairs of layers)",
    )
    return figure


def draw_shares(axes: Axes, rows: pd.DataFrame, above: float) -> None:
    pairs = list(rows[["n_layers", "layer"]].drop_duplicates().itertuples(index=False, name=None))
    for shift, (what, colour) in zip((-0.3, -0.1, 0.1, 0.3), KINDS.items(), strict=True):
        of_kind = rows[rows["what"] == what].groupby(["n_layers", "layer"])["correlation"]
        shares = [float((of_kind.get_group(pair) > above).mean()) if pair in of_kind.groups else 0 for pair in pairs]
        drawn = axes.bar(np.arange(len(pairs)) + shift, shares, width=0.19, color=colour, label=what)
        axes.bar_label(drawn, fmt=lambda share: f"{share:.0%}", fontsize="xx-small")
    axes.set_xticks(range(len(pairs)), [f"{depth} layers:\n{layer} to {layer + 1}" for depth, layer in pairs])
    axes.tick_params("x", labelsize="small")
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set(ylabel="share with a partner", ylim=(0, 1))
    axes.legend(fontsize="small", loc="upper right")
    panel_title(axes, "from one layer to the next")


def draw_distributions(axes: Axes, rows: pd.DataFrame, above: float) -> None:
    for what, colour in KINDS.items():
        values = np.sort(defined(rows.loc[rows["what"] == what, "correlation"]))
        axes.plot(values, 1 - np.arange(len(values)) / max(1, len(values)), color=colour, label=what)
    paper_line(axes, above, "partner", horizontal=False)
    axes.set(xlabel="largest correlation with the next layer", ylabel="share with more", xlim=(0, 1), ylim=(0, 1.08))
    axes.yaxis.set_major_formatter(PercentFormatter(1))
