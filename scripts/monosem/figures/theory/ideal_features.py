"""Fits of last-layer features to a binary and to a continuous target."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from monosem.figures.style import COLOURS, PAPER_COLOUR, figure_title, new_figure, palette_of, panel_title, paper_line

FITS = 0.001  # nats under which a target counts as fitted, in the findings too
FAMILIES = {
    "straight": "log-ratios on a line",
    "bent": "ratios monotone, but bent",
    "turning": "with a floor: ratios turn",
    "five words": "five words, with a floor",
}
WORD_COLOURS = {
    "freezing": "#56B4E9", "cold": COLOURS["A"], "mild": COLOURS["control"], "warm": COLOURS["B"],
    "hot": COLOURS["neurons"],
}  # fmt: skip


def fixed_triples(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(11, 4.2)
    free, narrow = figure.subplots(1, 2)
    n_tokens, quarter, narrowest = (record[name] for name in ("n_tokens", "quarter", "narrow"))
    for axes, what in ((free, "strength"), (narrow, "width")):
        rows = table[table["what"] == what]
        for _, one in rows.groupby("triple"):
            axes.plot(one["x"], one["kl"].clip(lower=1e-10), "o-", color=COLOURS["A"], alpha=0.3, ms=3, lw=0.8)
        medians = rows.groupby("x")["kl"].median(skipna=False)
        axes.plot(medians.index, medians, "k-", lw=2, label="median triple")
        paper_line(axes, FITS, "counts as fitted", horizontal=True)
        axes.set(yscale="log", ylabel="KL(target || feature), nats")
    largest = table.loc[table["what"] == "strength", "x"].to_numpy()
    grid = np.linspace(0, largest.max(), 50)
    free.plot(grid, np.log1p(np.exp(-grid)), "--", color=COLOURS["B"], label="ln(1 + exp(-strength)), its bound")
    free.set(xlabel="strength: lift of the three tokens' logits (nats)")
    panel_title(free, f"a logit weight for each of {n_tokens} tokens")
    free.legend(fontsize="small")
    narrow.set(xscale="log", xlabel=f"width of the residual stream that {n_tokens} tokens share")
    narrow.set_xticks(sorted(table.loc[table["what"] == "width", "x"].unique()))
    narrow.xaxis.set_major_formatter("{x:g}")
    narrow.minorticks_off()
    panel_title(narrow, "through a random unembedding, best direction")
    narrow.legend(fontsize="small", loc="upper right")
    figure_title(
        figure,
        f"KL left by one feature: at most {record['free']['largest_kl']:.2g} nats; "
        + ", ".join(f"through {of['width']:g} dimensions {of['largest_kl']:.2g}" for of in (quarter, narrowest)),
    )
    return figure


def continuous_targets(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(14, 6.4)
    grid = figure.add_gridspec(2, 4)
    for column, (family, title) in enumerate(FAMILIES.items()):
        rows = table[table["family"] == family]
        draw_fit(figure.add_subplot(grid[0, column]), rows, title)
        draw_divergences(figure.add_subplot(grid[1, column]), record["kl"][family], record["features_needed"][family])
    straight, bent, turning = (record["kl"][family]["with biases"] for family in ("straight", "bent", "turning"))
    figure_title(
        figure,
        f"KL that one feature leaves (nats): {straight['1']:.2g} of log-ratios on a line, {bent['1']:.2g} of bent "
        f"ones, {turning['1']:.2g} of ratios that turn; two leave {turning['2']:.2g} of these",
    )
    return figure


def draw_fit(axes: Axes, rows: pd.DataFrame, title: str) -> None:
    for word, of_word in rows.groupby("word", sort=False):
        target = of_word[of_word["what"] == "target"]
        fit = of_word[(of_word["what"] == "with biases") & (of_word["n_features"] == 1)]
        axes.plot(target["latent"], target["value"], color=WORD_COLOURS[word], label=word)
        axes.plot(fit["latent"], fit["value"], ":", color=WORD_COLOURS[word], lw=2)
    axes.plot([], [], ":", color=PAPER_COLOUR, label="best one feature")
    axes.set(xlabel="latent (temperature, arbitrary units)", ylabel="probability", ylim=(-0.02, 1.02))
    panel_title(axes, title)
    axes.legend(fontsize="x-small")


def draw_divergences(axes: Axes, kl: dict[str, dict[str, float]], needed: int) -> None:
    for (kind, by_number), colour in zip(kl.items(), palette_of("colorblind"), strict=False):
        numbers = [int(number) for number in by_number]
        axes.plot(numbers, np.maximum(list(by_number.values()), 1e-9), "o-", color=colour, label=kind)
    paper_line(axes, FITS, "fitted", horizontal=True)
    axes.axvline(needed, color=PAPER_COLOUR, ls=":", lw=1.2, label=f"log-ratios span {needed}")
    axes.set(
        yscale="log", ylim=(5e-10, 3), xlabel="features together", ylabel="KL(target || fit), nats", xticks=numbers
    )
    axes.legend(fontsize="x-small")
