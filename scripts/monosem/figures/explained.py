"""Loss recovered against the numbers used a token: dictionaries beside ways that need none."""

from typing import NamedTuple

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.lines import PAPER_L0, PAPER_RECOVERED, plain_ticks
from monosem.figures.style import COLOURS, OTHER_COLOUR, footnote, new_figure, paper_line

COLUMNS = ["method", "size", "l0", "loss_recovered"]
LOWEST = -0.05  # of the axis; what recovers less is drawn at its foot, with its value
DICTIONARY, SMALL_MLP = "dictionary", "small_mlp"


class Look(NamedTuple):
    label: str
    colour: str
    marker: str


LOOKS = {
    DICTIONARY: Look("sparse autoencoders", COLOURS["A"], "o"),
    SMALL_MLP: Look("small MLPs trained in the MLP's place", COLOURS["control"], "s"),
    "neurons": Look("largest neurons, the rest at 0", COLOURS["neurons"], "D"),
    "pca_largest": Look("principal components, largest a token", COLOURS["B"], "^"),
    "pca": Look("principal components, the first", COLOURS["B"], "v"),
    "ica_largest": Look("independent components, largest a token", OTHER_COLOUR, "P"),
    "random": Look("random directions, by least squares", COLOURS["random"], "X"),
}


def explained(ways: pd.DataFrame, n_tokens: int, model: str) -> tuple[Figure, pd.DataFrame]:
    """A line a method, a mark a size; `ways` has COLUMNS. Raises ValueError for a method that has no look."""
    unknown = set(ways["method"]) - set(LOOKS)
    if unknown:
        raise ValueError(f"method {', '.join(sorted(unknown))}: one of {', '.join(LOOKS)} expected")
    figure = new_figure(9.5, 5.4)
    axes = figure.subplots()
    for name, value in PAPER_RECOVERED.items():
        paper_line(axes, value, f"paper {name}: {value:.1%}", horizontal=True)
    paper_line(axes, PAPER_L0, "paper: L0 under 10-20", horizontal=False)
    for method in LOOKS:
        rows = ways[ways["method"] == method].sort_values("l0")
        if len(rows):
            draw(axes, rows, method)
    axes.set(
        xscale="log",
        xlim=(ways["l0"].min(skipna=False) / 1.6, ways["l0"].max(skipna=False) * 1.6),
        ylim=(LOWEST, 1.05),
        xlabel="L0: numbers used a token (features, components, neurons, active units)",
        ylabel="share of the loss recovered",
    )
    axes.yaxis.set_major_formatter("{x:.0%}")
    plain_ticks(axes.xaxis)
    axes.set_title(f"How much of the MLP of model {model} is explained, by dictionaries and by ways that need none")
    footnote(figure, f"n = {n_tokens:,} held-out tokens")
    axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return figure, ways


def draw(axes: Axes, rows: pd.DataFrame, method: str) -> None:
    """A line a method, its marks named by their size; dictionaries, of about one L0, as dots that grow with width."""
    look, shown = LOOKS[method], rows["loss_recovered"].clip(lower=LOWEST)
    if method == DICTIONARY:
        widths = ", ".join(f"{width:,}" for width in sorted(rows["size"]))
        area = 45 * (rows["size"] / rows["size"].min(skipna=False)) ** 0.5
        label = f"{look.label}\nof {widths} features (larger dot: wider)"
        axes.scatter(rows["l0"], shown, s=area, color=look.colour, alpha=0.75, zorder=3, label=label)
        return
    axes.plot(rows["l0"], shown, color=look.colour, marker=look.marker, lw=1, ms=7, label=look.label)
    for row, height in zip(rows.itertuples(), shown, strict=True):
        text = f"{row.loss_recovered:.0%}" if row.loss_recovered < LOWEST else f"{row.size:,} units"
        if method == SMALL_MLP or row.loss_recovered < LOWEST:
            options = {"color": look.colour, "fontsize": "small", "va": "bottom" if height == LOWEST else "top"}
            axes.annotate(text, (row.l0, height), xytext=(8, -2), textcoords="offset points", **options)
