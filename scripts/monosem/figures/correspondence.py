"""One-to-one correspondence of features: how close, of which features, and how it grows with width and training."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from monosem.figures.histograms import PAPER_UNIVERSALITY
from monosem.figures.style import COLOURS, OTHER_COLOUR, PAPER_COLOUR, figure_title, footnote, new_figure, paper_line

LABELS = {"seed": "another seed of the dictionary", "model": "another model", "control": "shuffled weights"}
SIDE_COLOURS = {"seed": COLOURS["A"], "model": COLOURS["B"], "control": COLOURS["control"]}
SHARED = 0.7  # correlation from which a feature counts as found again
BINS = np.linspace(0, 1, 11)
PAIR_COLUMNS = ["comparison", "status", "correlation", "logit_correlation"]
FEATURE_COLUMNS = ["feature", "density", "spearman", "model_correlation"]


def correspondence(
    pairs: pd.DataFrame, features: pd.DataFrame, record: Mapping[str, Any]
) -> tuple[Figure, pd.DataFrame]:
    """Four panels; the table has a row for each comparison and feature that fires, one without a partner at 0."""
    fires = pairs[pairs["status"] != "dead"].assign(correlation=lambda rows: rows["correlation"].fillna(0.0))
    figure = new_figure(11, 8.2)
    (curves, weights), (dense, explained) = figure.subplots(2, 2)
    draw_curves(curves, fires, record)
    draw_weights(weights, fires[fires["comparison"] == "model"])
    alive = features[features["density"] > 0].assign(found=lambda rows: rows["model_correlation"].fillna(0.0))
    scatter(dense, alive["found"], alive["density"], "density: share of tokens it fires on")
    dense.set(yscale="log", title="Which features another model has: by density")
    scatter(explained, alive["found"], alive["spearman"], "interpretability score (token table)")
    explained.set_title("... and by how well tokens explain them")
    figure_title(figure, f"Features of model {record['model']} and their own partners in another dictionary")
    note = f"{record['dictionary']}, n = {record['n_tokens']:,} held-out tokens; dots: features; line: medians of bins"
    footnote(figure, note)
    return figure, fires


def draw_curves(axes: Axes, fires: pd.DataFrame, record: Mapping[str, Any]) -> None:
    """For every correlation the share of features that reach it."""
    for name in record["comparisons"]:
        values = np.sort(fires.loc[fires["comparison"] == name, "correlation"].to_numpy())
        if values.size:
            share = f"{(values >= SHARED).mean():.0%} reach {SHARED:g}"
            label = f"{LABELS.get(name, name)}: median {np.median(values):.2f}, {share}"
            colour = SIDE_COLOURS.get(name, OTHER_COLOUR)
            axes.step(values, 1 - np.arange(values.size) / values.size, color=colour, lw=2, label=label)
    axes.axvline(SHARED, color=PAPER_COLOUR, lw=0.8)
    axes.plot(PAPER_UNIVERSALITY["features"], 0.5, marker="*", ms=13, ls="none", color=PAPER_COLOUR,
              label="paper, best partners of two models: median 0.72")  # fmt: skip
    axes.set(xlim=(0, 1), ylim=(0, 1.42), xlabel="correlation of activations with its own partner")
    axes.set(ylabel="share of features that reach it", yticks=np.linspace(0, 1, 6))
    axes.yaxis.set_major_formatter("{x:.0%}")
    axes.set_title("How much of a dictionary is found again")
    axes.legend(fontsize="small", loc="upper right")


def draw_weights(axes: Axes, pairs: pd.DataFrame) -> None:
    both = pairs.dropna(subset=["logit_correlation"])
    scatter(axes, both["correlation"], both["logit_correlation"], "correlation of their logit weights")
    axes.axline((0, 0), slope=1, color=PAPER_COLOUR, lw=0.8, ls="--")
    axes.plot(
        0.91, 0.23, marker="*", ms=13, ls="none", color=PAPER_COLOUR, label="paper, the Arabic feature: 0.91, 0.23"
    )
    axes.set(
        ylim=(min(-0.05, both["logit_correlation"].min(skipna=False)), 1.02),
        xlabel="correlation of the pair's activations",
    )
    axes.set_title("Do partners in another model promote the same tokens?")
    axes.legend(fontsize="small", loc="upper left")


def scatter(axes: Axes, x: pd.Series, y: pd.Series, label: str) -> None:
    """A dot a feature, and the medians of ten bins, of those that hold five features at least."""
    axes.scatter(x, y, s=6, color=SIDE_COLOURS["model"], alpha=0.35, linewidths=0, rasterized=True)
    known = y.dropna()
    groups = known.groupby(pd.cut(x[known.index], BINS, include_lowest=True), observed=False)
    medians = groups.median(skipna=False)[groups.size() >= 5]
    axes.plot([interval.mid for interval in medians.index], medians, color="black", marker="o", ms=4)
    axes.set(xlim=(-0.02, 1.02), xlabel="correlation with its own partner in another model", ylabel=label)


def sweep(records: Sequence[Mapping[str, Any]], at: Sequence[float], axis: str) -> tuple[Figure, pd.DataFrame]:
    """Best matches of A in B, against what was swept: medians with quartiles, and the share that is found again."""
    fields = [record["correlation"] for record in records]
    columns = {
        name: [field[name] for field in fields] for name in ("n", "q1", "median", "q3", f"share_at_least_{SHARED}")
    }
    table = pd.DataFrame({"at": at, "dictionary": [record["dictionary"] for record in records], **columns})
    table = table.sort_values("at", ignore_index=True)
    figure = new_figure(8, 4.6)
    axes = figure.subplots()
    numbers = table.astype(dict.fromkeys(columns, float))
    axes.fill_between(numbers["at"], numbers["q1"], numbers["q3"], color=COLOURS["A"], alpha=0.15, label="middle half")
    axes.plot(numbers["at"], numbers["median"], color=COLOURS["A"], marker="o", label="median correlation")
    share = numbers[f"share_at_least_{SHARED}"]
    axes.plot(
        numbers["at"], share, color=COLOURS["B"], marker="s", ls="--", label=f"share of features that reach {SHARED:g}"
    )
    paper = PAPER_UNIVERSALITY["features"]
    paper_line(axes, paper, f"paper's median {paper:g}, 4,096 features", horizontal=True)
    axes.set(xscale="log", ylim=(0, 1), xlabel=axis, ylabel="correlation with the best match in the other model")
    axes.set_xticks(numbers["at"], [f"{value:,.0f}" for value in numbers["at"]])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_title(f"How closely features of {records[0]['model']} are found again in {records[0]['other']}")
    tokens = min(record["n_tokens"] for record in records)
    footnote(figure, f"n = {tokens:,} held-out tokens; features that fire")
    axes.legend(fontsize="small", loc="lower right")
    return figure, table
