"""Features of contexts: where each fires and what it promotes, and the paper's claims about them side by side."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, in_place_of_data, new_figure, panel_title
from monosem.findings.contexts import NEAREST, SENSITIVITIES, SPECIFICITIES, UNIVERSALITIES

INSIDE, OUTSIDE = COLOURS["A"], COLOURS["B"]
ROW_INCHES = 1.75
# Panels of the claims: title, axis limits, and the numbers drawn: field, name, marker, colour.
PANELS = (
    (
        "Sensitive?\ncorrelation with the context",
        (-0.05, 1.05),
        (
            ("sensitivity", "its feature", "o", COLOURS["A"]),
            ("neuron_sensitivity", "best neuron", "s", COLOURS["neurons"]),
            ("specific_sensitivity", "sum of specific features", "D", COLOURS["random"]),
        ),
        SENSITIVITIES,
    ),
    (
        "Specific?\nshare of active tokens",
        (-0.05, 1.05),
        (
            ("inside", "in the context", "o", COLOURS["A"]),
            ("inside_strong", "in it, of the strong", "^", COLOURS["control"]),
            ("truth_strong", "in its documents, of the strong", "x", COLOURS["B"]),
        ),
        SPECIFICITIES,
    ),
    (
        "No neuron?\ncorrelation with the nearest",
        (-0.05, 1.05),
        (("nearest_correlation", "nearest neuron", "s", COLOURS["neurons"]),),
        NEAREST,
    ),
    (
        "Universal?\ncorrelation with the match in B",
        (-0.05, 1.05),
        (("match_correlation", "activations", "o", COLOURS["A"]), ("match_logit_correlation", "logits", "x", "0.4")),
        UNIVERSALITIES,
    ),
    (
        "Felt downstream?\nits tokens promoted (0.5: no)",
        (0.45, 1.03),
        (("logit_area", "logit weights", "o", COLOURS["A"]),),
        {},
    ),
)


def found(record: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """The contexts of a record that were measured."""
    return {name: numbers for name, numbers in record["contexts"].items() if not numbers["absent"]}


def written(number: float | None, form: str) -> str:
    return "undefined" if number is None else format(number, form)


def cases(record: dict[str, Any], histograms: pd.DataFrame) -> tuple[Figure, pd.DataFrame]:
    """Of each of the paper's four contexts: activations and logit weights, within the context and outside."""
    names = [name for name in SENSITIVITIES if name in found(record)]
    figure = new_figure(9, 1.1 + ROW_INCHES * max(1, len(names)))
    all_axes = figure.subplots(max(1, len(names)), 2, squeeze=False)
    for axes, name in zip(all_axes, names, strict=False):
        numbers = record["contexts"][name]
        rows = histograms[histograms["context"] == name]
        draw_activations(axes[0], rows[rows["quantity"] == "activation"], name, numbers)
        draw_logits(axes[1], rows[rows["quantity"] == "logit"], name)
    if names:
        all_axes[-1, 0].set_xlabel("activation of the feature (tokens on which it is active)")
        all_axes[-1, 1].set_xlabel("logit weight (median 0)")
        figure.legend(
            *all_axes[0, 0].get_legend_handles_labels(), loc="outside lower center", ncols=2, fontsize="small"
        )
    else:
        for axes in all_axes.ravel():
            in_place_of_data(axes, "no such context in this text")
    title = f"Where the features of contexts fire and what they promote (model {record['model']}, "
    figure_title(figure, f"{title}{record['n_measured']:,} tokens)", fontsize="medium")
    return figure, histograms


def draw_activations(axes: Axes, rows: pd.DataFrame, name: str, numbers: dict[str, Any]) -> None:
    edges = np.append(rows["low"], rows["high"].iloc[-1])
    axes.stairs(
        rows["inside"],
        edges,
        fill=True,
        color=INSIDE,
        alpha=0.5,
        label="tokens within the context (proxy above 0), or likelier there",
    )
    axes.stairs(rows["outside"], edges, color=OUTSIDE, linewidth=1.8, label="other tokens")
    axes.set_yscale("symlog", linthresh=1)
    axes.set_ylim(0, 1.5 * max(10, rows[["inside", "outside"]].to_numpy().max()))
    axes.set_ylabel("tokens", fontsize="small")
    ours = f"correlation with the proxy {written(numbers['sensitivity'], '.2f')} (paper {SENSITIVITIES[name]:.2f})"
    paper = f" (paper {SPECIFICITIES[name]:.0%})" if name in SPECIFICITIES else ""
    within = f"{written(numbers['inside'], '.0%')} of {numbers['n_active']:,} active tokens within{paper}"
    title = f"{name}: feature {numbers['feature']}, {ours}\n{within}"
    panel_title(axes, title, "small")


def draw_logits(axes: Axes, rows: pd.DataFrame, name: str) -> None:
    edges = np.append(rows["low"], rows["high"].iloc[-1])
    for column, colour in (("inside", INSIDE), ("outside", OUTSIDE)):
        shares = rows[column] / max(1, rows[column].sum(skipna=False))
        style = {"fill": True, "alpha": 0.5} if column == "inside" else {"linewidth": 1.8}
        axes.stairs(shares, edges, color=colour, **style)
    axes.set_ylabel("share of each", fontsize="small")
    n_inside, n_outside = rows["inside"].sum(skipna=False), rows["outside"].sum(skipna=False)
    title = f"vocabulary: {n_inside:,} tokens of the context, {n_outside:,} others"
    panel_title(axes, title, "small")
    axes.yaxis.set_major_locator(MaxNLocator(3))


def all_claims(record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """Every measured context a row, every claim a panel, the paper's values as bars."""
    contexts = found(record)
    rows = {name: len(contexts) - 1 - place for place, name in enumerate(contexts)}
    figure = new_figure(13, 2.3 + 0.32 * max(2, len(contexts)))
    all_axes = figure.subplots(1, len(PANELS), sharey=True)
    for axes, (title, limits, drawn, paper) in zip(all_axes, PANELS, strict=True):
        for field, label, marker, colour in drawn:
            known = [(numbers[field], rows[name]) for name, numbers in contexts.items() if numbers[field] is not None]
            axes.scatter(*np.reshape(known, (-1, 2)).T, marker=marker, color=colour, label=label, zorder=3, s=36)
        if paper:
            known = [(value, rows[name]) for name, value in paper.items() if name in rows]
            bar = {"marker": "|", "color": PAPER_COLOUR, "s": 220, "linewidths": 2}
            axes.scatter(*np.reshape(known, (-1, 2)).T, label="paper", zorder=2, **bar)
        panel_title(axes, title, "small")
        axes.set(xlim=limits)
        axes.legend(fontsize="x-small", loc="upper left", bbox_to_anchor=(0, -0.08), markerscale=0.7)
    labels = [f"{name} ({contexts[name]['n_inside']:,})" for name in rows]
    all_axes[0].set_yticks(list(rows.values()), labels)
    if not rows:
        in_place_of_data(all_axes[0], "no context in this text")
    won = sum(
        numbers["sensitivity"] is not None and numbers["sensitivity"] > (numbers["neuron_sensitivity"] or 0)
        for numbers in contexts.values()
    )
    title = (
        f"In {won} of {len(contexts)} contexts a feature of model {record['model']} follows it better than any neuron"
    )
    figure_title(figure, f"{title} ({record['n_measured']:,} tokens)")
    return figure, pd.DataFrame([{"context": name, **numbers} for name, numbers in record["contexts"].items()])
