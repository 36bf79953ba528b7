"""One neuron for several exclusive features: the loss by the number it is on for, and what training ends with."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title

DISCUSSED = {1: "one meaning: ¾ ln 3 = {0:.3f}", 2: "two meanings: ln 2 = {0:.3f}"}


def one_neuron(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(12, 4.4)
    losses, on_off, real = figure.subplots(1, 3, width_ratios=[1.3, 1, 1])
    n_features = len(record["best"]) - 1
    draw_losses(losses, table, record)
    draw_shares(on_off, table[table["kind"] == "on/off"], "on/off neurons", n_features)
    draw_shares(real, table[table["kind"] != "on/off"], "real-valued neurons", n_features)
    handles, labels = on_off.get_legend_handles_labels()
    real.legend(
        handles, labels, title="features it is on for", fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5)
    )
    figure_title(
        figure,
        f"On/off neuron's loss: {record['fixed']['one']:.3f} nats with one meaning, {record['fixed']['two']:.3f} with "
        f"two; {record['unpenalised']['1']:.0%} of starts end with one, {record['unpenalised']['2']:.0%} with two",
    )
    return figure


def draw_losses(axes: Axes, table: pd.DataFrame, record: dict[str, Any]) -> None:
    """Trained without a penalty, beside the least loss of an on/off neuron."""
    free = table[(table["sparsity"] == "l1") & (table["strength"] == 0)]
    rng = np.random.default_rng(0)
    for (kind, rows), colour in zip(free.groupby("kind"), (COLOURS["A"], COLOURS["B"]), strict=True):
        shift = -0.12 if kind == "on/off" else 0.12
        place = rows["n_on"] + shift + rng.uniform(-0.09, 0.09, len(rows))
        axes.scatter(place, rows["loss"], s=10, color=colour, alpha=0.6, label=f"{kind}, trained", linewidths=0)
    best = {int(n_on): loss for n_on, loss in record["best"].items()}
    axes.plot(best.keys(), best.values(), "_", color="black", ms=22, mew=1.8, label="best on/off neuron (formula)")
    limits = record["infimum"]
    axes.plot(limits.values(), "_", color=COLOURS["B"], ms=12, mew=1.8, label="limit of a real-valued one (formula)")
    for n_on, text in DISCUSSED.items():
        axes.annotate(
            text.format(best[n_on]), (n_on, best[n_on]), (4, 10 if n_on == 1 else -14),
            textcoords="offset points", fontsize="small", color=PAPER_COLOUR,
        )  # fmt: skip
    axes.set(xlabel="features that the neuron is on for", ylabel="cross-entropy (nats)", xticks=sorted(best))
    axes.set_ylim(-0.1, 1.75)
    panel_title(axes, "loss without a penalty")
    axes.legend(fontsize="x-small", loc="upper center", ncols=2)


def draw_shares(axes: Axes, rows: pd.DataFrame, title: str, n_features: int) -> None:
    """What starts end as, a bar a penalty."""
    named = rows.assign(name=[condition(*pair) for pair in zip(rows["sparsity"], rows["strength"], strict=True)])
    order = list(dict.fromkeys(named["name"]))
    shares = pd.crosstab(named["name"], named["n_on"], normalize="index").loc[order]
    colours, under = palette_of("colorblind", n_features + 1), np.zeros(len(order))
    for n_on in range(n_features + 1):
        share = shares[n_on].to_numpy() if n_on in shares else np.zeros(len(order))
        axes.bar(order, share, bottom=under, color=colours[n_on], label=f"{n_on}", width=0.8)
        under = under + share
    kept = "\nor, top: strongest kept" if (rows["sparsity"] == "kept").any() else ""
    axes.set(ylabel="share of the random starts", xlabel=f"penalty on the mean activation (nats){kept}", ylim=(0, 1))
    panel_title(axes, title)
    axes.grid(visible=False)


def condition(sparsity: str, strength: float) -> str:
    return f"{strength:g}" if sparsity == "l1" else f"top\n{strength:g}"
