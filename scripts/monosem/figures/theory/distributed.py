"""Features spread over neurons: their responses, and how many can be on at once."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

VERSIONS = {"post": "as the post says", "code": "as its public code does"}


def spread_features(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    """Above, the four responses; below, the spread feature with negative components."""
    figure = new_figure(13, 6.4)
    grid = figure.add_gridspec(2, 4)
    scales = sorted(table["scale"].unique())
    gaps = record["nonhomogeneity"]
    for column, (name, number) in enumerate((name, number) for number in (0, 1) for name in ("aligned", "spread")):
        axes = figure.add_subplot(grid[0, column])
        rows = table[(table["feature"] == name) & (table["scale"] == scales[number])]
        axes.plot(rows["x"], rows["y"], color=COLOURS["A" if name == "aligned" else "B"], lw=2)
        where = "on one neuron" if name == "aligned" else "over all neurons"
        gap = gaps[name]["usual" if number == 0 else "large"]
        label(axes, f"{where}: non-homogeneity {gap:.3f}")
    for number, scale in enumerate(scales):
        axes = figure.add_subplot(grid[1, 2 * number : 2 * number + 2])
        rows = table[(table["feature"] == "negative") & (table["scale"] == scale)]
        groups = rows.groupby("negative")
        for (share, of_share), colour in zip(groups, palette_of("viridis", groups.ngroups), strict=True):
            axes.plot(of_share["x"], of_share["y"], color=colour, label=f"{share:.0%}")
        label(axes, "over all neurons, by share of negative components")
        axes.legend(fontsize="x-small", title="negative", title_fontsize="x-small", loc="lower right")
    figure_title(
        figure,
        f"Non-homogeneity of a feature's response: {gaps['aligned']['usual']:.3f} on one neuron, "
        f"{gaps['spread']['usual']:.3f} over all; with larger inputs {gaps['spread']['large']:.3f} over all",
    )
    return figure


def label(axes: Axes, title: str) -> None:
    axes.set(xlabel="input along the feature", ylabel="response along the feature")
    panel_title(axes, title, "small")


def nonhomogeneity_grids(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(14, 4.4)
    post, code, trade = figure.subplots(1, 3, width_ratios=[1, 1, 1.1])
    for axes, (version, name) in zip((post, code), VERSIONS.items(), strict=True):
        draw_grid(axes, table[table["version"] == version], record["threshold"])
        panel_title(axes, name)
    draw_trade(trade, record)
    one, all_ = record["on_one_neuron"], record["on_all"]
    figure_title(
        figure,
        f"From one neuron to all that a feature is spread over: room for {one['room']} and {all_['room']} features, "
        f"of which {one['on']} and {all_['on']} can be on at once",
    )
    return figure


def draw_grid(axes: Axes, rows: pd.DataFrame, threshold: float) -> None:
    """Cells at or above the threshold are framed by their number in bold."""
    import seaborn as sns

    grid = rows.pivot(index="others", columns="spread", values="value")
    sns.heatmap(grid, ax=axes, cmap="viridis", vmin=0, vmax=0.25, cbar_kws={"label": "R²(quadratic) - R²(line)"})
    for row, values in enumerate(grid.to_numpy()):
        for column, value in enumerate(values):
            style = {
                "fontweight": "bold" if value >= threshold else "normal",
                "color": "white" if value < 0.17 else "black",
            }
            axes.text(column + 0.5, row + 0.5, f"{value:.2f}", ha="center", va="center", fontsize="x-small", **style)
    axes.set(xlabel="neurons that a feature is spread over", ylabel=f"other features on (bold: {threshold:g} or more)")


def draw_trade(axes: Axes, record: dict[str, Any]) -> None:
    for version, colour in zip(VERSIONS, (COLOURS["A"], COLOURS["B"]), strict=True):
        on = {int(width): count for width, count in record["most_on"][version].items()}
        axes.plot(
            on.keys(),
            [max(count, 0.5) for count in on.values()],
            "o-",
            color=colour,
            label=f"most on at once, {VERSIONS[version]}",
        )
    fits = {int(width): count for width, count in record["room"].items()}
    axes.plot(
        fits.keys(),
        fits.values(),
        "s--",
        color=PAPER_COLOUR,
        label=f"room: random features, MMCS at most {record['most_mmcs']:g}",
    )
    axes.set(xscale="log", yscale="log", xlabel="neurons that a feature is spread over", ylabel="features")
    axes.set_xticks(sorted(fits))
    axes.xaxis.set_major_formatter("{x:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    panel_title(axes, "the trade-off")
    axes.legend(fontsize="x-small")
