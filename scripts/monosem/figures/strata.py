"""Median interpretability scores by how often features fire, and by the width of their dictionary."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.histograms import by_run
from monosem.figures.style import bars, colour_of, figure_title, new_figure, width_axis
from monosem.ground.records import DIRECTIONS, NEURONS, Run, kind

SCORE, DENSITY = "spearman", "density "  # the measure; how a stratum of densities is called
UNTRAINED = (NEURONS, DIRECTIONS)
FEWEST = 5  # features that a median is drawn of
DODGE = 0.07  # of one category: what keeps intervals beside one another


def scores_by_stratum(estimates: pd.DataFrame, headline: str) -> tuple[Figure, pd.DataFrame]:
    """`estimates` is a table of compare_scores.py. By density: the headline dictionary, neurons and directions of each
    model; by width: all dictionaries."""
    table = estimates[estimates["measure"] == SCORE]
    figure = new_figure(10, 4.8)
    by_density, by_width = figure.subplots(1, 2, sharey=True, width_ratios=(3, 2))
    draw_densities(by_density, table[table["dictionary"].isin([headline, *UNTRAINED])])
    draw_widths(by_width, table[table["stratum"] == "all"])
    by_density.set_ylabel("median Spearman score, 95 % interval")
    figure_title(figure, "Median scores by density and by width")
    return figure, table


def style_of(run: Run) -> dict[str, object]:
    marker = {NEURONS: "s", DIRECTIONS: "D"}.get(run.dictionary, "o")
    shape = {"marker": marker, "ms": 5, "capsize": 2}
    colour = colour_of(run.model, run.dictionary if run.dictionary == DIRECTIONS else "")
    return {"color": colour, "label": f"{kind(run)} of {run.model}", **shape}


def draw_densities(axes: Axes, table: pd.DataFrame) -> None:
    table = table[table["stratum"].str.startswith(DENSITY)]
    strata = list(dict.fromkeys(table["stratum"]))
    runs = by_run(table)
    for number, (run, rows) in enumerate(runs):
        rows = rows[rows["n"] >= FEWEST]
        x = [strata.index(stratum) for stratum in rows["stratum"]]
        shift = DODGE * (number - (len(runs) - 1) / 2)
        line = "--" if run.dictionary in UNTRAINED else "-"
        axes.errorbar(np.array(x) + shift, rows["value"], bars(rows), linestyle=line, linewidth=1, **style_of(run))
    axes.set_xticks(range(len(strata)), [stratum.removeprefix(DENSITY) for stratum in strata])
    axes.set_xlabel("density: share of tokens on which a feature is active")
    axes.legend(fontsize="small", ncols=2)


def draw_widths(axes: Axes, table: pd.DataFrame) -> None:
    for run, rows in by_run(table[table["n"] >= FEWEST]):
        axes.errorbar(rows["n_features"], rows["value"], bars(rows), linestyle="", **style_of(run))
    trained = table[~table["dictionary"].isin(UNTRAINED)].sort_values("n_features")
    for model, rows in trained.groupby("model", sort=False):
        axes.plot(rows["n_features"], rows["value"], color=colour_of(str(model)), linewidth=1)
    widths = sorted(set(table["n_features"]))
    width_axis(axes, widths, "width: features (or neurons, or directions)")
