"""What each layer of a residual MLP knows of pairs that were learnt by heart."""

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

FLOOR = 1e-3  # nats


def layerwise_memory(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(15, 4.4)
    loss, share, lens, gradient = figure.subplots(1, 4, width_ratios=[1, 1, 0.9, 1])
    numbers = sorted(table["n_pairs"].unique())
    colours = dict(zip(numbers, palette_of("viridis_r", len(numbers)), strict=True))
    lines(loss, table[table["what"] == "loss"].assign(value=lambda rows: rows["value"].clip(lower=FLOOR)), colours)
    loss.set(yscale="log", ylabel="mean loss (nats)")
    loss.axhline(record["threshold"], color=PAPER_COLOUR, ls=":", lw=1.2)
    panel_title(loss, "loss read after each layer")
    draw_shares(share, table[table["what"] == "learnt"], record["threshold"])
    draw_lens(figure, lens, table[table["what"] == "lens"], record["most"]["n_pairs"])
    rows = table[table["what"] == "gradient"].groupby(["n_pairs", "layer"], as_index=False)["value"].mean(skipna=False)
    lines(gradient, rows, colours)
    gradient.set(yscale="log", ylabel="gradient norm, mean of the training")
    panel_title(gradient, "gradient of each layer's weights")
    gradient.legend(title="pairs", fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    few, many = (
        f"{record[name]['n_pairs']:,} pairs to learn {record[name]['before_last_layer']:.0%}"
        for name in ("fewest", "most")
    )
    figure_title(
        figure, f"Of {few} of those learnt have a loss under {record['threshold']:g} before the last layer, of {many}"
    )
    return figure


def lines(axes: Axes, rows: pd.DataFrame, colours: dict[int, Any]) -> None:
    for n_pairs, of_number in rows.groupby("n_pairs"):
        axes.plot(of_number["layer"], of_number["value"], "o-", ms=4, color=colours[n_pairs], label=f"{n_pairs:,}")
    axes.set(xlabel="layer", xticks=sorted(rows["layer"].unique()))


def draw_shares(axes: Axes, rows: pd.DataFrame, threshold: float) -> None:
    """A line a layer."""
    groups = rows.groupby("layer")
    for (layer, of_layer), colour in zip(groups, palette_of("rocket_r", groups.ngroups), strict=True):
        axes.plot(of_layer["n_pairs"], of_layer["value"], "o-", ms=4, color=colour, label=f"after {layer}")
    numbers = sorted(rows["n_pairs"].unique())
    axes.set(xscale="log", xlabel="pairs to learn", ylabel=f"share with a loss under {threshold:g}")
    axes.set_xticks(numbers, [f"{number:,}" for number in numbers], rotation=40)
    axes.minorticks_off()
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.legend(title="layer", fontsize="x-small", title_fontsize="x-small", loc="upper right")
    panel_title(axes, "learnt, by layer")


def draw_lens(figure: Figure, axes: Axes, rows: pd.DataFrame, n_pairs: int) -> None:
    grid = rows[rows["n_pairs"] == n_pairs].pivot(index="x", columns="layer", values="value")
    image = axes.imshow(
        grid.clip(lower=FLOOR), aspect="auto", cmap="viridis_r", norm=LogNorm(FLOOR, 10), interpolation="nearest"
    )
    figure.colorbar(image, ax=axes, label="loss (nats)")
    axes.set(xlabel="layer", ylabel=f"some of {n_pairs:,} pairs", xticks=range(grid.shape[1]))
    axes.grid(visible=False)
    panel_title(axes, "each pair")
