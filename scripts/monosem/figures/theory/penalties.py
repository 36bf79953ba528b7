"""Dictionaries by their sparsity penalty: what they cost, how many features are on, how well these are explained."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, PAPER_COLOUR, bars, colour_of, figure_title, new_figure, panel_title
from monosem.ground.records import DIRECTIONS, NEURONS

NAMES = {NEURONS: "neurons", DIRECTIONS: "random directions"}


def penalties(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(13, 4.3)
    kept, on, explained = figure.subplots(1, 3)
    swept = table[table["penalty"].notna()]
    place = np.arange(len(swept))
    for name, label, colour in (
        ("explained_variance", "explained variance", COLOURS["A"]),
        ("loss_recovered", "loss recovered", COLOURS["B"]),
    ):
        kept.plot(place, swept[name], "o-", color=colour, label=label)
    kept.set(ylabel="share", ylim=(None, 1.02))
    panel_title(kept, "what the reconstruction keeps")
    draw_shares(on, place, swept)
    draw_scores(explained, place, swept, table[table["penalty"].isna()])
    for axes in (kept, on, explained):
        axes.set_xticks(place, [f"{penalty:g}" for penalty in swept["penalty"]])
        axes.set_xlabel("sparsity penalty (L1, scaled units)")
        axes.legend(fontsize="small")
    figure_title(figure, title(record))
    return figure


def title(record: dict[str, Any]) -> str:
    on = f"Without a penalty {record['none']['share_on']:.0%} of the features are on"
    none, usual, neurons = (record[name]["score"] for name in ("none", "usual", NEURONS))
    if None in (none, usual, neurons):
        return f"{on}; not all of the dictionaries have features that can be explained"
    than = "no better than neurons" if none <= neurons else "better than neurons still"
    return f"{on}, explained {than} ({none:.2f}; {neurons:.2f}); {usual:.2f} with the usual one"


def draw_shares(axes: Axes, place: np.ndarray, swept: pd.DataFrame) -> None:
    axes.plot(place, swept["share_on"], "o-", color=COLOURS["A"], label="share of the features on, mean over tokens")
    axes.plot(place, swept["cosine"], "s--", color=COLOURS["control"], label="cosine of encoder and decoder, median")
    axes.plot(place, swept["single"], "^:", color=COLOURS[NEURONS], label="greatest weight on one neuron, median")
    axes.axhline(0.5, color=PAPER_COLOUR, lw=1, ls=(0, (5, 3)))
    axes.text(0.01, 0.5, "half: opposite half-lines", transform=axes.get_yaxis_transform(), va="bottom",
              fontsize="small", color=PAPER_COLOUR)  # fmt: skip
    axes.set(ylim=(-0.02, 1.3))
    panel_title(axes, "what the features are")


def draw_scores(axes: Axes, place: np.ndarray, swept: pd.DataFrame, others: pd.DataFrame) -> None:
    """Medians with their intervals, quartiles as a band; untrained ones as lines."""
    axes.fill_between(place, swept["score_q1"], swept["score_q3"], color=COLOURS["A"], alpha=0.15, lw=0)
    lengths = bars(swept, "score", "score_low", "score_high")
    axes.errorbar(place, swept["score"], lengths, fmt="o-", capsize=2, color=COLOURS["A"], label="features, median")
    for _, row in others.iterrows():
        name = next(name for name in NAMES if row["dictionary"].startswith(name))
        axes.axhline(row["score"], color=colour_of("", name), ls="--", lw=1.2, label=NAMES[name])
    axes.set(ylabel="Spearman score of the token table", ylim=(-0.1, 1.02))
    panel_title(axes, "how well they are explained (band: quartiles)")
