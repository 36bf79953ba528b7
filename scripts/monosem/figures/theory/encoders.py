"""What encoders of one dictionary make of vectors: by the angle of two directions, and on planted truth."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

MEASURES = {"error": "reconstruction", "code_error": "code"}
NAMES = {
    "tied": "tied, no bias",
    "with bias": "tied, with bias",
    "untied": "untied",
    "MLP": "MLP",
    "one step": "tied + one ISTA step",
    "many steps": "ISTA to the end",
    "autoencoder": "autoencoder, own dictionary",
}
COMPARED = ("tied", "untied", "MLP", "many steps")  # in the title
FLOOR = 1e-4  # least share drawn


def encoders(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(14, 4.6)
    colours = dict(zip(NAMES, palette_of("colorblind"), strict=False))
    left, middle, right = figure.subplots(1, 3, width_ratios=[1, 1, 1.15])
    for axes, (measure, name) in zip((left, middle), MEASURES.items(), strict=True):
        draw_plane(axes, table[table["where"] == "plane"], measure, colours)
        panel_title(axes, f"two directions in the plane: {name}")
    draw_by_hand(middle, record["by_hand"])
    left.legend(fontsize="x-small", loc="lower left")
    draw_planted(right, table[table["where"] == "planted"], record)
    figure_title(
        figure,
        "Share of planted vectors' squared length left wrong: "
        + ", ".join(f"{NAMES[name]} {record['planted'][name]['error']:.3f}" for name in COMPARED),
    )
    return figure


def draw_plane(axes: Axes, rows: pd.DataFrame, measure: str, colours: dict[str, Any]) -> None:
    for encoder, of_encoder in rows.groupby("encoder", sort=False):
        shares = of_encoder[measure].clip(lower=FLOOR)
        axes.plot(of_encoder["angle"], shares, "o-", ms=4, color=colours[encoder], label=NAMES[encoder])
    axes.set(
        yscale="log",
        xlabel="angle between the two (degrees)",
        ylabel=f"share left of the {MEASURES[measure]}'s squared length",
    )
    axes.set_xticks([0, 15, 30, 45, 60, 75, 90])


def draw_by_hand(axes: Axes, norms: dict[str, float]) -> None:
    text = (
        f"(2, 1) at 45°, tied: norm of the input {norms['input']:.2f} (√5),\n"
        f"code {norms['code']:.2f} (√8.5; post: of the decoded),\ndecoded {norms['decoded']:.2f} (√14.5)"
    )
    box = {"facecolor": "white", "edgecolor": "none", "pad": 1, "alpha": 0.8}
    place = {"transform": axes.transAxes, "ha": "left", "va": "bottom", "fontsize": "x-small"}
    axes.text(0.02, 0.02, text, color=PAPER_COLOUR, bbox=box, **place)


def draw_planted(axes: Axes, rows: pd.DataFrame, record: dict[str, Any]) -> None:
    place = np.arange(len(rows))
    for shift, (measure, name), colour in zip((-0.2, 0.2), MEASURES.items(), ("#0072B2", "#E69F00"), strict=True):
        bars = axes.barh(place + shift, rows[measure], height=0.38, color=colour, label=name)
        axes.bar_label(bars, fmt="{:.3f}", fontsize="x-small", padding=2)
    labels = [f"{NAMES[name]}\nL0 {l0:.1f}" for name, l0 in zip(rows["encoder"], rows["l0"], strict=True)]
    axes.set_yticks(place, labels, fontsize="x-small")
    axes.invert_yaxis()
    axes.set(xlabel="share left of the squared length")
    axes.legend(fontsize="small", loc="lower right")
    axes.margins(x=0.12)
    found = f"planted directions; the autoencoder finds {record['autoencoder']['recovered']:.0%}"
    panel_title(axes, found)
