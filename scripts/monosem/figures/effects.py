"""What features do: ablations beside what weights foretell, and text written with a feature pinned."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LogNorm
from matplotlib.figure import Figure

from monosem.figures.style import figure_title, in_place_of_data, new_figure
from monosem.ground.summary import defined

# Okabe and Ito's palette
MEASURES = {
    "attribution": ("activation x logit weight (paper)", "#0072B2", "o"),
    "divided": ("over LayerNorm's divisor", "#56B4E9", "s"),
    "frozen": ("ablation, the divisor kept", "#E69F00", "^"),
    "gradient": ("activation x gradient", "#D55E00", "D"),
}
CONTEXT_COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#D55E00", "#56B4E9")
UNITS = {"attribution": "logits", "gradient": "nats"}
SHOWN = 0.995  # of the pairs lie within the axes, in each direction
CELLS = 45  # across a map of pairs


def ablations(pairs: pd.DataFrame, strata: pd.DataFrame, correlation: dict, where: str) -> tuple[Figure, pd.DataFrame]:
    """`pairs` and `strata` as ablate_features.py writes them; `correlation` of its record, over all pairs."""
    figure = new_figure(10, 8)
    (left, right), (by_size, by_density) = figure.subplots(2, 2)
    titles = ("What logit weights foretell", "What the gradient foretells")
    for axes, name, title in zip((left, right), ("attribution", "gradient"), titles, strict=True):
        draw_map(axes, pairs, name)
        shown = correlation[name]
        axes.set_title(f"{title}: r = {shown:.2f}" if shown is not None else f"{title}: no correlation")
    left.set_ylabel("log-likelihood that the next token\nloses by the ablation (nats)")
    draw_strata(by_size, strata, "size", "edit over residual stream (norms, means removed)", fifths)
    draw_strata(by_density, strata, "density", "density of the feature: share of tokens it fires on", decades)
    by_size.set_ylabel("correlation with the true effect")
    by_size.set_title("Agreement by the size of the edit")
    by_density.set_title("Agreement by how often features fire")
    by_density.legend(fontsize="small", loc="lower right")
    counts = f"{len(pairs):,} ablations of {pairs['feature'].nunique(dropna=False):,} features"
    title = f"What features give to the next token: {counts}, {where}"
    figure_title(figure, title)
    return figure, strata


def draw_map(axes: Axes, pairs: pd.DataFrame, name: str) -> None:
    axes.set_xlabel(f"{MEASURES[name][0]}, {UNITS[name]}")
    if pairs.empty:
        in_place_of_data(axes, "no pairs")
        return
    x_limit, y_limit = (np.quantile(pairs[column].abs(), SHOWN) or 1.0 for column in (name, "effect"))
    extent = (-x_limit, x_limit, -y_limit, y_limit)
    cells = axes.hexbin(
        pairs[name], pairs["effect"], gridsize=CELLS, extent=extent, norm=LogNorm(), cmap="cividis_r", lw=0
    )
    axes.figure.colorbar(cells, ax=axes, label="ablations in a cell")
    ends = np.array([-1, 1]) * min(x_limit, y_limit)
    axes.plot(ends, ends, color="black", linewidth=1, linestyle="--")
    axes.set(xlim=extent[:2], ylim=extent[2:])


def draw_strata(axes: Axes, strata: pd.DataFrame, stratum: str, label: str, name_of: object) -> None:
    rows = strata[strata["stratum"] == stratum]
    for name, (text, colour, marker) in MEASURES.items():
        axes.plot(range(len(rows)), rows[name], color=colour, marker=marker, markersize=6, label=text)
    names = [f"{name_of(row.low, row.high)}\nn = {row.n:,}" for row in rows.itertuples()]
    axes.set_xticks(range(len(rows)), names, fontsize="small")
    axes.set(
        xlabel=label,
        ylim=(min(0.0, *defined(strata[list(MEASURES)])), 1.05),
    )


def fifths(low: float, high: float) -> str:
    return f"{low:.1g} to\n{high:.1g}"


def decades(low: float, high: float) -> str:
    return f"{low:g} to\n{high:g}" if low else f"under\n{high:g}"


def steering(table: pd.DataFrame, n_texts: int, where: str, start: str) -> tuple[Figure, pd.DataFrame]:
    """`table` as steer_features.py writes it, with `pinned` an empty text where there was no steering."""
    figure = new_figure(12, 4.6)
    shares, perplexity, matrix = figure.subplots(1, 3, width_ratios=(4, 3, 5))
    contexts = list(dict.fromkeys(table["context"]))
    for number, context in enumerate(contexts):
        own = table[(table["context"] == context) & table["pinned"].isin(["", context])].sort_values("multiple")
        style = {
            "color": CONTEXT_COLOURS[number % len(CONTEXT_COLOURS)],
            "marker": "osD^vP"[number % 6],
            "markersize": 6,
        }
        shares.errorbar(own["multiple"], own["share"], 1.96 * own["share_error"], label=context, capsize=2, **style)
        perplexity.plot(own["multiple"], own["perplexity"], **style)
    shares.set(ylabel="share of tokens in the context (95 % interval)", ylim=(0, 1))
    perplexity.set(ylabel="perplexity of the text, for the model alone", yscale="log")
    perplexity.yaxis.set_major_formatter("{x:g}")
    perplexity.yaxis.set_minor_formatter("{x:g}")
    shares.set_title("Text turns to the context ..")
    perplexity.set_title(".. at a price")
    for axes in (shares, perplexity):
        axes.set_xlabel("feature pinned to .. times its highest activation\n(0: not steered; paper: 1)")
    draw_matrix(matrix, table[table["multiple"].isin([0.0, 1.0])], contexts)
    if contexts:
        shares.legend(fontsize="small", title="feature and context of", title_fontsize="small")
    title = f'A feature pinned while the model writes on from "{start}": {n_texts} texts a point, {where}'
    figure_title(figure, title)
    return figure, table


def draw_matrix(axes: Axes, table: pd.DataFrame, contexts: list[str]) -> None:
    """Whose feature is pinned against which context the text is in."""
    rows = ["", *contexts] if contexts else []
    shares = table.pivot(index="pinned", columns="context", values="share").reindex(index=rows, columns=contexts)
    axes.set_title("One feature, one context (pinned to 1 x)")
    axes.set(xlabel="share of tokens that are", ylabel="feature pinned")
    axes.grid(visible=False)
    if not contexts:
        in_place_of_data(axes, "no context has a feature")
        return
    axes.imshow(shares.to_numpy(float), cmap="Blues", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(contexts)), contexts)
    axes.set_yticks(range(len(rows)), ["none", *contexts])
    for i, row in enumerate(shares.to_numpy(float)):
        for j, share in enumerate(row):
            axes.text(j, i, f"{share:.1%}", ha="center", va="center", color="white" if share > 0.5 else "black")
