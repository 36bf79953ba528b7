"""Distributions one under the other: a histogram a row, on one axis, each with its count and median."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import colour_of, figure_title, new_figure, panel_title, paper_line
from monosem.ground.records import RUN, Run, kind

N_BINS = 50
ROW_INCHES = 1.2
PAPER_UNIVERSALITY = {"features": 0.72, "neurons": 0.46}  # medians, paper: #phenomenology-universality
PAPER_DENSITIES = (-6.0, -3.0)  # log10 of the typical range, paper: #appendix-feature-density


class Row(NamedTuple):
    label: str
    values: np.ndarray  # NaN is left out
    colour: str
    paper: float | None = None


def histogram_rows(rows: Sequence[Row], title: str, x_label: str, limits: tuple[float, float]) -> Figure:
    """Raises ValueError when there is no row to draw."""
    if not rows:
        raise ValueError(f"figure '{title}': nothing to draw; give at least one table")
    figure = new_figure(8, 1.2 + ROW_INCHES * len(rows))
    all_axes = figure.subplots(len(rows), 1, sharex=True, squeeze=False)[:, 0]
    for axes, row in zip(all_axes, rows, strict=True):
        draw_row(axes, row, limits)
    figure_title(figure, title)
    figure.supylabel("share of the row's values in each bin", fontsize="small")
    all_axes[-1].set(xlabel=x_label, xlim=limits)
    return figure


def draw_row(axes: Axes, row: Row, limits: tuple[float, float]) -> None:
    import seaborn as sns

    values = row.values[np.isfinite(row.values)]
    panel_title(axes, row.label, "small")
    if row.paper is not None:
        paper_line(axes, row.paper, f"paper's median {row.paper:g}", horizontal=False)
    if values.size == 0:
        axes.text(0.5, 0.4, "no values", transform=axes.transAxes, ha="center")
        return
    sns.histplot(x=values, bins=N_BINS, binrange=limits, stat="proportion", color=row.colour, ax=axes, linewidth=0.3)
    axes.set_ylabel("")
    axes.margins(y=0.3)
    axes.axvline(float(np.median(values)), color="black", linewidth=1.8)


def median_of(values: np.ndarray) -> str:
    values = values[np.isfinite(values)]
    return f"median {np.median(values):.2g}" if values.size else "no median"


def by_run(table: pd.DataFrame) -> list[tuple[Run, pd.DataFrame]]:
    """The rows of each run, in the order in which the runs were given."""
    return [(Run(*key), rows) for key, rows in table.groupby(RUN, sort=False, observed=True)]


def densities(features: pd.DataFrame, tokens: dict[Run, int]) -> tuple[Figure, pd.DataFrame]:
    """Histograms of log10 density, one a run; `tokens` says over how many tokens each run's were measured."""
    rows = []
    for run, table in by_run(features):
        alive = table.loc[table["density"] > 0, "density"]
        label = (
            f"{run}: {len(alive)} of {len(table)} fired within {tokens[run]:,} tokens, {median_of(alive.to_numpy())}"
        )
        rows.append(Row(label, np.log10(alive.to_numpy(float)), colour_of(run.model, run.dictionary)))
    smallest = min([row.values.min() for row in rows if row.values.size], default=PAPER_DENSITIES[0])
    title = "How often features fire (black: median, shaded: typical range in the paper)"
    limits = (min(PAPER_DENSITIES[0], float(np.floor(smallest))) - 0.5, 0.0)
    figure = histogram_rows(rows, title, "density: share of tokens on which a feature is active", limits)
    for axes in figure.axes:
        axes.xaxis.set_major_formatter(lambda power, _: f"$10^{{{power:.3g}}}$")
        axes.axvspan(*PAPER_DENSITIES, color="0.5", alpha=0.15, linewidth=0, zorder=0.5)
    return figure, features[[*RUN, "feature", "density", "status"]]


def scores(table: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Histograms of the interpretability scores, one a run, of the features that could be scored."""
    rows = []
    for run, of_run in by_run(table):
        values = of_run.loc[of_run["status"] == "ok", "spearman"].to_numpy(float)
        n_scored = np.isfinite(values).sum()
        label = f"{kind(run)} of {run}: {n_scored} of {len(of_run)} scored, {median_of(values)}"
        rows.append(Row(label, values, colour_of(run.model, run.dictionary)))
    title = "How well explanations predict activations in held-out examples (black: median)"
    x_label = "Spearman correlation of predicted and true activation, one value a feature (1 = perfect)"
    return histogram_rows(rows, title, x_label, (-1.0, 1.0)), table


def universality(matches: pd.DataFrame, tokens: dict[Run, int]) -> tuple[Figure, pd.DataFrame]:
    """Histograms of best-match correlations between the models, by activations and then by logit weights."""
    rows = []
    for run, table in by_run(matches):
        values = table["correlation"].to_numpy(float)
        label = f"{kind(run)} ({run.site}/{run.dictionary}), activations over {tokens[run]:,} tokens: "
        label += f"{np.isfinite(values).sum()} of {len(table)} matched, {median_of(values)}"
        rows.append(Row(label, values, colour_of("A", run.dictionary), PAPER_UNIVERSALITY[kind(run)]))
    for run, table in by_run(matches):
        values = table["logit_correlation"].to_numpy(float)
        label = f"the same {kind(run)} ({run.site}/{run.dictionary}), logit weights: {median_of(values)}"
        rows.append(Row(label, values, "#888888"))
    title = "Each feature or neuron of model A and its best match in model B (black: median)"
    return histogram_rows(rows, title, "Pearson correlation with the best match (1 = the same)", (-1.0, 1.0)), matches
