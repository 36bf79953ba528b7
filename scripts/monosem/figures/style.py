"""What all figures share: colours that the colour-blind can tell apart, one theme, and SVG without times in it.

The theme is seaborn's `whitegrid` at 0.85 of its `notebook` size, written out: seaborn, which takes more than a second
to import, is imported only where it draws.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.ground.artefacts import replacing, write_table
from monosem.ground.records import DIRECTIONS, NEURONS

# Okabe and Ito's palette (https://jfly.uni-koeln.de/color); a model keeps its colour in every figure
COLOURS = {"A": "#0072B2", "B": "#E69F00", "control": "#009E73", NEURONS: "#D55E00", DIRECTIONS: "#56B4E9"}
OTHER_COLOUR = "#CC79A7"
PAPER_COLOUR = "#555555"
WHITEGRID = {
    **dict.fromkeys(("figure.facecolor", "axes.facecolor"), "white"),
    **dict.fromkeys(("axes.labelcolor", "xtick.color", "ytick.color", "text.color"), ".15"),
    **dict.fromkeys(("axes.edgecolor", "grid.color"), ".8"),
    **dict.fromkeys(("xtick.direction", "ytick.direction"), "out"),
    **dict.fromkeys(("xtick.top", "xtick.bottom", "ytick.left", "ytick.right"), False),
    **dict.fromkeys(("axes.axisbelow", "axes.grid", "patch.force_edgecolor"), True),
    **{f"axes.spines.{side}": True for side in ("left", "bottom", "right", "top")},
    "grid.linestyle": "-",
    "font.family": ["sans-serif"],
    "font.sans-serif": ["Arial", "DejaVu Sans", "Liberation Sans", "Bitstream Vera Sans", "sans-serif"],
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    **dict.fromkeys(("axes.linewidth", "xtick.major.width", "ytick.major.width"), 1.25),
    **dict.fromkeys(("grid.linewidth", "patch.linewidth", "xtick.minor.width", "ytick.minor.width"), 1),
    **dict.fromkeys(("xtick.major.size", "ytick.major.size", "lines.markersize"), 6),
    **dict.fromkeys(("xtick.minor.size", "ytick.minor.size"), 4),
    "lines.linewidth": 1.5,
    **dict.fromkeys(("font.size", "axes.labelsize", "axes.titlesize", "legend.title_fontsize"), 10.2),
    **dict.fromkeys(("xtick.labelsize", "ytick.labelsize", "legend.fontsize"), 9.35),
}
THEME = {
    **WHITEGRID,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",  # solid, so that figures stay readable on a dark page
    "savefig.facecolor": "white",
    "legend.frameon": False,
    "svg.fonttype": "path",  # looks the same where the font is missing
    "svg.hashsalt": "monosem",  # ids in the file from its content alone
}


@contextmanager
def theme() -> Iterator[None]:
    with mpl.rc_context(THEME):
        yield


def new_figure(width: float, height: float) -> Figure:
    """An empty figure, inches, that no global state knows of; make it inside `theme()`."""
    return Figure(figsize=(width, height))


def save(figure: Figure, data: pd.DataFrame, *, output: Path, output_data: Path) -> None:
    """Write the figure as SVG and the numbers it shows as TSV beside it."""
    settle(figure)
    with replacing(output) as tmp:
        figure.savefig(tmp, format="svg", metadata={"Date": None, "Creator": "monosem"})
    write_table(output_data, data)


def settle(figure: Figure) -> None:
    """Lay the figure out for good, and round where its axes stand.

    The last bits that the solver finds depend on addresses in memory, and names in the SVG on these bits.
    """
    engine = figure.get_layout_engine()
    if engine is not None:
        engine.execute(figure)
        figure.set_layout_engine("none")
    for axes in figure.axes:
        place = axes.get_position(original=True)
        axes.set_position([round(number, 6) for number in place.bounds], which="original")


def figure_title(figure: Figure, title: str, **text: Any) -> None:  # noqa: ANN401
    """What a figure shows, above all of its panels; `text` as in matplotlib."""
    figure.suptitle(title, x=0.01, ha="left", fontweight="bold", **text)


def panel_title(axes: Axes, title: str, size: str = "medium") -> None:
    """What one panel shows, less loud than that."""
    axes.set_title(title, fontsize=size, fontweight="normal")


def footnote(figure: Figure, text: str) -> None:
    figure.supxlabel(text, fontsize="small", x=0.99, ha="right")


def in_place_of_data(axes: Axes, text: str) -> None:
    axes.text(0.5, 0.5, text, transform=axes.transAxes, ha="center")


def bars(rows: pd.DataFrame, value: str = "value", low: str = "low", high: str = "high") -> np.ndarray:
    """Lengths of intervals under and over their values, by the names of these columns."""
    return np.stack([rows[value] - rows[low], rows[high] - rows[value]])


def width_axis(axes: Axes, widths: Sequence[int], label: str) -> None:
    """One of the widths of dictionaries, each of which is named."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(widths, [f"{width:,}" for width in widths])
    axes.minorticks_off()
    axes.set_xlabel(label)


def palette_of(name: str, n_colours: int | None = None) -> list[tuple[float, float, float]]:
    """So many colours of a palette of seaborn's; without a number, all of its own."""
    import seaborn as sns

    return list(sns.color_palette(name, n_colours))


def colour_of(model: str, dictionary: str = "") -> str:
    return COLOURS.get(dictionary if dictionary in (NEURONS, DIRECTIONS) else model, OTHER_COLOUR)


def paper_line(axes: Axes, value: float, label: str, *, horizontal: bool) -> None:
    """A dashed line at the paper's value, named at its end."""
    style = {"color": PAPER_COLOUR, "linestyle": (0, (5, 3)), "linewidth": 1.2, "zorder": 1.5}
    text = {"color": PAPER_COLOUR, "fontsize": "small", "bbox": {"facecolor": "white", "edgecolor": "none", "pad": 1}}
    if horizontal:
        axes.axhline(value, **style)
        axes.text(0.99, value, label, transform=axes.get_yaxis_transform(), ha="right", va="center", **text)
    else:
        axes.axvline(value, **style)
        axes.text(value, 0.99, label, transform=axes.get_xaxis_transform(), ha="center", va="top", **text)
