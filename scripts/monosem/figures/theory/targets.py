"""Dictionaries on several places: what they cost the model, how they read, and the features of one word."""

import textwrap
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from monosem.figures.style import COLOURS, OTHER_COLOUR, bars, figure_title, new_figure, panel_title

SITE_COLOURS = (COLOURS["A"], COLOURS["B"], COLOURS["control"], OTHER_COLOUR)
READ = 5  # features of the word shown of each site
WRAPPED = 46  # characters a line


def targets(table: pd.DataFrame, record: dict[str, Any]) -> Figure:
    figure = new_figure(14, 6.6)
    above, below = figure.subfigures(2, 1, height_ratios=(1, 0.7))
    sites = table[table["what"] == "site"]
    lost, scores, alike, unseen = above.subplots(1, 4)
    place, colours = np.arange(len(sites)), [SITE_COLOURS[at % len(SITE_COLOURS)] for at in range(len(sites))]
    bars = lost.bar(place, sites["nats"], color=colours)
    lost.bar_label(bars, [f"{share:.0%}\nrecovered" for share in sites["loss_recovered"]], fontsize="x-small")
    lost.plot(place, sites["nats_other"], "k_", ms=14, label="the other model")
    lost.set(ylabel="nats a token worse")
    lost.margins(y=0.2)
    lost.legend(fontsize="x-small")
    panel_title(lost, f"cost, {sites['l0'].iloc[0]:.0f} of {sites['n_features'].iloc[0]:.0f} features on")
    with_bars(scores, place, sites, "score", ("low", "high"), colours)
    scores.set(ylabel="median Spearman score, 95 % interval")
    panel_title(scores, "explained by the token table")
    with_bars(alike, place, sites, "universality", ("q1", "q3"), colours)
    alike.set(ylabel="correlation with best match, quartiles")
    panel_title(alike, "found again in the other model")
    for axes in (lost, scores, alike):
        axes.set_xticks(place, sites["site"], fontsize="small")
    draw_unseen(unseen, record["null_space"])
    write_words(below, table[table["what"] == "feature"], list(sites["site"]), record)
    figure_title(figure, title(record))
    return figure


def title(record: dict[str, Any]) -> str:
    nats = {site: found["nats"] for site, found in record["sites"].items()}
    unseen = record["null_space"]["reconstructions"]
    return (
        f"{unseen:.0%} of what a dictionary on {next(iter(nats))} gives back never leaves the MLP; "
        f"the cheapest target for the model's loss is {min(nats, key=nats.get)}"
    )


def with_bars(
    axes: Axes, place: np.ndarray, sites: pd.DataFrame, name: str, ends: tuple[str, str], colours: list[str]
) -> None:
    lengths = bars(sites, name, *(f"{name}_{end}" for end in ends))
    for at, colour in zip(place, colours, strict=True):
        axes.errorbar(at, sites[name].iloc[at], lengths[:, at : at + 1], fmt="o", capsize=3, color=colour)
    axes.set_xlim(-0.5, len(place) - 0.5)


def draw_unseen(axes: Axes, shares: dict[str, float]) -> None:
    names = {
        "dimensions": "dimensions",
        "activations": "activations' variance",
        "reconstructions": "reconstructions' variance",
        "decoder": "decoder rows",
        "error": "error",
    }
    bars = axes.barh(list(names.values()), [shares[name] for name in names], color="0.6")
    axes.bar_label(bars, [f"{shares[name]:.0%}" for name in names], fontsize="small", padding=2)
    axes.invert_yaxis()
    axes.tick_params(axis="y", labelsize="small")
    axes.xaxis.set_major_formatter(PercentFormatter(1))
    axes.set(xlim=(0, 1.1), xlabel="share that W_out does not see")
    panel_title(axes, "the neurons' dictionary")


def write_words(figure: Any, features: pd.DataFrame, sites: list[str], record: dict[str, Any]) -> None:  # noqa: ANN401
    """A column a site: the tokens that its features for the word promote."""
    panels = np.atleast_1d(figure.subplots(1, len(sites)))
    for axes, site in zip(panels, sites, strict=True):
        rows = features[features["site"] == site]
        axes.axis("off")
        head = f"{site}: {len(rows)} features for {record['word']!r}, that promote"
        panel_title(axes, head, "small")
        lines = []
        for _, row in rows.head(READ).iterrows():
            what = f"on at {row['coverage']:.0%} of it, {row['focus']:.0%} of its activation"
            tokens = textwrap.wrap(row["promoted"].replace("$", r"\$"), WRAPPED)
            lines += [what, *(f"   {line}" for line in tokens)]
        axes.text(0, 1, "\n".join(lines), va="top", fontsize="x-small", family="monospace", transform=axes.transAxes)
