"""The map of features as one HTML file to look around in: its data and its script inside, no network."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from monosem.pages.template import filled, script_hash
from monosem.pages.visible import readable, visible

DECIMALS = 3  # of shares and cosines


def render(table: pd.DataFrame, splitting: dict[str, Any], colours: Sequence[str]) -> str:
    """`table`: one row a feature, as a map and a table of families have it, with `text`, its explanation; `colours`: of
    the dictionaries, from narrow to wide."""
    script = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
    return filled(
        Path(__file__).with_suffix(".html"),
        data=page_data(table, splitting, colours),
        script=script,
        script_hash=script_hash(script),
        run=f"{splitting['model']}/{splitting['site']}",
        n_features=len(table),
        n_tokens=splitting["n_tokens"],
        min_cosine=splitting["flags"]["min_cosine"],
    )


def page_data(table: pd.DataFrame, splitting: dict[str, Any], colours: Sequence[str]) -> dict[str, Any]:
    """Columns as lists; a dictionary and a parent are places in the lists of dictionaries and of points."""
    dictionaries = splitting["dictionaries"]
    names = [entry["dictionary"] for entry in dictionaries]
    place = {key: number for number, key in enumerate(zip(table["dictionary"], table["feature"], strict=True))}
    level = table["dictionary"].map(names.index)
    parents = [
        place.get((names[up - 1], parent), -1) if up else -1 for up, parent in zip(level, table["parent"], strict=True)
    ]
    return {
        "dictionaries": [
            {"name": entry["dictionary"], "width": entry["n_features"], "colour": colour}
            for entry, colour in zip(dictionaries, colours, strict=True)
        ],
        "dictionary": level.tolist(),
        "parent": parents,
        **{name: table[name].tolist() for name in ("feature", "cluster", "n_active", "category")},
        **{name: table[name].tolist() for name in ("n_narrow_kin", "n_wide_kin")},
        **{name: table[name].astype(float).round(DECIMALS).tolist() for name in ("x", "y", "category_share")},
        "parent_cosine": table["parent_cosine"].fillna(0.0).round(DECIMALS).tolist(),
        "tokens": [["".join(piece.text for piece in visible(token)) for token in row] for row in table["top_tokens"]],
        "text": ["".join(p.text for p in readable(text)) if isinstance(text, str) else "" for text in table["text"]],
        "groups": [list(groups) for groups in table["groups"]],
    }
