"""Family trees of features, from a narrow dictionary to wide ones, and the map of all features."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from monosem.figures.style import OTHER_COLOUR, figure_title, new_figure, palette_of, panel_title
from monosem.investigations.families import members_of

COLUMN_INCHES = 3.0  # of a dictionary
ROW_INCHES, LEAST_INCHES, MOST_INCHES = 0.17, 3.0, 13.0  # of a feature without children; of all of them
SMALLEST_TEXT, LARGEST_TEXT = 3.5, 7.0  # points
TEXT_WIDTH, MOST_CHARACTERS = 0.64, 35  # of a label: share of a column; cut after
N_TOKENS = 3  # that label a feature


def width_colours(n_widths: int) -> list[str]:
    """Of dictionaries from narrow to wide, as in #0173b2."""
    return [to_hex(colour) for colour in palette_of("colorblind", n_widths)]


def families(table: pd.DataFrame, record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """A drawing for each named group of the record; `table` is families.parquet."""
    names = [entry["dictionary"] for entry in record["dictionaries"]]
    groups = [name for name, group in record["groups"].items() if group["n_tokens"]]
    trees = [layout(members_of(table, group), names) for group in groups]
    tallest = max([tree["place"].max(skipna=False) for tree in trees if len(tree)], default=0.0) + 2
    figure = new_figure(COLUMN_INCHES * len(names) * max(1, len(groups)), 1.0 + inches(tallest))
    for axes, group, tree in zip(
        figure.subplots(1, max(1, len(groups)), squeeze=False)[0], groups, trees, strict=False
    ):
        draw_trees(axes, tree, names)
        share = record["flags"]["group_share"]
        axes.set_title(f"'{group}': features with over {share:.0%} of their activation on it", fontsize="medium")
    figure_title(figure, "From narrow to wide dictionaries: features and what they split into")
    drawn = [tree.assign(group=group) for group, tree in zip(groups, trees, strict=True)]
    columns = ["group", "dictionary", "feature", "n_active", "parent", "parent_cosine", "category", "category_share"]
    return figure, pd.concat([*drawn, pd.DataFrame(columns=columns)])[columns]


def layout(tree: pd.DataFrame, names: Sequence[str]) -> pd.DataFrame:
    """With a column `place`: the height of a feature in a drawing where no two lines of a tree cross.

    Features without children in the table stand one under the other; others amid their children. Those whose parent is
    not in the table begin a tree.
    """
    level = {name: number for number, name in enumerate(names)}
    children: dict[tuple[int, int], list[tuple[int, int]]] = {}
    keys = [(level[name], feature) for name, feature in zip(tree["dictionary"], tree["feature"], strict=True)]
    for key, parent in zip(keys, tree["parent"], strict=True):
        above = (key[0] - 1, parent)
        children.setdefault(above if above in set(keys) else (-1, -1), []).append(key)
    place: dict[tuple[int, int], float] = {}
    free = 0.0

    def settle(key: tuple[int, int]) -> None:
        nonlocal free
        own = children.get(key, [])
        for child in own:
            settle(child)
        if own:
            place[key] = (place[own[0]] + place[own[-1]]) / 2
        else:
            place[key], free = free, free + 1

    for root in children.get((-1, -1), []):
        settle(root)
    return tree.assign(level=[key[0] for key in keys], place=[place[key] for key in keys])


def draw_trees(axes: Axes, tree: pd.DataFrame, names: Sequence[str]) -> None:
    height = max(1.0, tree["place"].max(skipna=False) + 1) if len(tree) else 1.0
    row_points = 72 * inches(height) / height
    size = float(np.clip(0.75 * row_points, SMALLEST_TEXT, LARGEST_TEXT))
    where = {(row.level, row.feature): row.place for row in tree.itertuples()}
    linked = tree[np.array([(row.level - 1, row.parent) in where for row in tree.itertuples()], dtype=bool)]
    lines = [
        [(row.level - 1 + TEXT_WIDTH, where[row.level - 1, row.parent]), (row.level, row.place)]
        for row in linked.itertuples()
    ]
    axes.add_collection(LineCollection(lines, colors="0.6", linewidths=0.4 + 1.6 * linked["parent_cosine"], zorder=1))
    for (number, _), colour in zip(enumerate(names), width_colours(len(names)), strict=True):
        rows = tree[tree["level"] == number]
        axes.scatter(rows["level"], rows["place"], s=size**2 / 2, color=colour, zorder=2)
        for row in rows.itertuples():
            axes.annotate(
                label_of(row), (number, row.place), (4, 0), textcoords="offset points", va="center", size=size
            )
    counts = [int((tree["level"] == number).sum()) for number in range(len(names))]
    ticks = [f"{name}: {count}" for name, count in zip(names, counts, strict=True)]
    axes.set_xticks(range(len(names)), ticks, ha="left")
    axes.xaxis.tick_top()
    axes.set(xlim=(-0.05, len(names) - 1 + TEXT_WIDTH), ylim=(height, -1), yticks=[])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


def inches(height: float) -> float:
    """Of a drawing so many rows high."""
    return float(np.clip(ROW_INCHES * height, LEAST_INCHES, MOST_INCHES))


def label_of(row: tuple) -> str:
    """What tells a feature from its siblings: the tokens it fires on, and the text they are in."""
    tokens = " ".join(shown(token) for token in row.top_tokens[:N_TOKENS])
    text = f"{tokens} ({row.category_share:.0%} {row.category})"
    return text if len(text) <= MOST_CHARACTERS else f"{text[: MOST_CHARACTERS - 1]}…"


def shown(token: str) -> str:
    """What the figures' font has; a mark for the rest."""
    text = token.replace(" ", "\u00b7")
    return "".join(c if c.isprintable() and ord(c) < 0x250 else "\u25af" for c in text).replace("$", r"\$")


def feature_map(table: pd.DataFrame, record: dict[str, Any]) -> tuple[Figure, pd.DataFrame]:
    """All features at their places on the map: by width, and with the named groups picked out."""
    names = record["dictionaries"]
    figure = new_figure(12, 6.2)
    by_width, by_group = figure.subplots(1, 2, sharex=True, sharey=True)
    colours = width_colours(len(names))
    for number in range(len(names)):
        rows = table[table["dictionary"] == names[number]]
        size = 4 + 5 * (len(names) - 1 - number)
        label = f"{names[number]}: {len(rows):,} features"
        by_width.scatter(
            rows["x"], rows["y"], s=size, color=colours[number], alpha=0.7, lw=0, label=label, zorder=9 - number
        )
    by_group.scatter(table["x"], table["y"], s=3, color="0.82", lw=0, label="others")
    groups = list(dict.fromkeys(group for own in table["groups"] for group in own))
    palette = [OTHER_COLOUR, *palette_of("colorblind")]
    for group, colour in zip(groups, palette, strict=False):
        rows = members_of(table, group)
        by_group.scatter(rows["x"], rows["y"], s=14, color=colour, lw=0, label=f"'{group}': {len(rows):,} features")
    share = record["share_of_several_widths"]
    clusters = f"{record['n_clusters']:,} clusters" + (f", {share:.0%} of them of several widths" if share else "")
    panel_title(by_width, f"by dictionary; {clusters}")
    panel_title(by_group, "features of one thing")
    for axes in (by_width, by_group):
        axes.set(xlabel="first axis of the map (no unit)", xticks=[], yticks=[])
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(0, -0.06), markerscale=2)
    by_width.set_ylabel("second axis of the map (no unit)")
    figure_title(figure, "Decoder directions of features of all widths, near each other where alike (UMAP)")
    return figure, table.drop(columns="groups")
