"""What share of planted features each architecture finds, along four sweeps."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

SWEEPS = {
    "width": "features of the dictionary,\nin times the true ones",
    "on": "share of the vectors\nthat have a feature",
    "together": "correlation of the features\nof a pair",
    "spare": "what is done about\ndead features",
    "needed": "what is done about\ndead features",
}
MEASURES = {"recovered": "true features found", "mmcs": "MMCS"}
TITLES = {
    ("spare", "recovered"): "in the widest dictionary",
    ("needed", "recovered"): "trained too fast",
    ("spare", "alive"): "share of its features that fire",
    ("needed", "alive"): "share of its features that fire",
}
MARKERS = ("o", "s", "^", "v", "D", "P", "X", "*")


def planted_recovery(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    """Above, the share found; below, the mean of the largest cosines, and at the right which features fire."""
    figure = new_figure(16, 7)
    grid = figure.subplots(len(MEASURES), len(SWEEPS), sharey="row")
    names = list(dict.fromkeys(table["architecture"]))
    styles = dict(zip(names, zip(palette_of("colorblind", len(names)), MARKERS, strict=False), strict=False))
    for row, (measure, label) in zip(grid, MEASURES.items(), strict=True):
        for axes, (sweep, what) in zip(row, SWEEPS.items(), strict=True):
            shown = "alive" if measure == "mmcs" and sweep in ("spare", "needed") else measure
            draw(axes, table[table["sweep"] == sweep], shown, styles)
            axes.set_xlabel(what if measure == "mmcs" else "")
            panel_title(axes, TITLES.get((sweep, shown), ""))
        row[0].set_ylabel(f"{label} (cosine > {record['found_above']:g})" if measure == "recovered" else label)
    for axes in grid[0]:
        axes.yaxis.set_major_formatter(PercentFormatter(1))
    most = [min(1.0, float(value)) for value in dict.fromkeys(table.loc[table["sweep"] == "width", "value"])]
    grid[0, 0].plot(range(len(most)), most, ":", color=PAPER_COLOUR, lw=1.5, label="most possible")
    handles, labels = grid[0, 0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside right center", fontsize="small", title="architecture")
    figure_title(figure, title(record))
    return figure


def title(record: dict[str, Any]) -> str:
    base, dense, paired = (
        f"{record[sweep][end]['recovered']:.0%}"
        for sweep, end in (("width", "as_wide"), ("on", "densest"), ("together", "most"))
    )
    planted = f"{record['true_features']} features in {record['dimensions']} dimensions"
    return (
        f"Of {planted} the median architecture finds {base} where the columns meet, {dense} of the densest, "
        f"{paired} of those most paired"
    )


def draw(axes: Axes, rows: pd.DataFrame, measure: str, styles: dict[str, tuple]) -> None:
    """Values side by side at even distances, as they are not on one scale."""
    order = list(dict.fromkeys(rows["value"]))
    for number, (name, (colour, marker)) in enumerate(styles.items()):
        of_name = rows[rows["architecture"] == name]
        place = [order.index(value) + 0.02 * (number - len(styles) / 2) for value in of_name["value"]]
        axes.plot(place, of_name[measure], marker=marker, color=colour, label=name, lw=1.2, ms=5, alpha=0.85)
    axes.set_xticks(range(len(order)), order)
    axes.set_ylim(-0.03, 1.05)
