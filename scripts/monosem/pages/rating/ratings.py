"""Raters' CSV files, read back, checked, joined with the key, and summed up."""

from pathlib import Path
from typing import Any

import pandas as pd

from monosem.ground.records import RUN
from monosem.ground.summary import summarise
from monosem.pages.rating.agreement import krippendorff_alpha
from monosem.pages.rating.rubric import BONUS, LOGITS, PARTS, total

NAMES = [part.name for part in PARTS]
COLUMNS = ["page", "rater", "item", *NAMES, "interpretation"]
INTERPRETABLE = 8  # more points than these the paper calls quite interpretable


def read_ratings(path: Path, key: dict[str, Any]) -> pd.DataFrame:
    """One rater's file: a row an item with its points (NA where missing) and their total (NA while incomplete).

    Raises ValueError naming file and row for what the page cannot have written.
    """
    try:
        rows = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; give the CSV files that raters exported") from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: not a CSV file ({error}); export it from the page again") from None
    if list(rows.columns) != COLUMNS:
        raise ValueError(f"{path}: columns {list(rows.columns)}; a file exported from the page has {COLUMNS}")
    for number, row in enumerate(rows.to_dict("records"), start=2):
        check(row, key, f"{path} line {number}")
    if rows["item"].duplicated().any():
        raise ValueError(f"{path}: item {rows.loc[rows['item'].duplicated(), 'item'].iloc[0]} is rated twice")
    if rows["rater"].nunique(dropna=False) > 1:
        raise ValueError(f"{path}: several raters ({', '.join(sorted(set(rows['rater'])))}); give one file a rater")
    points = [{name: int(row[name]) if row[name] else None for name in NAMES} for row in rows.to_dict("records")]
    rows["item"] = rows["item"].astype(int)
    rows[NAMES] = pd.DataFrame(points, columns=NAMES, index=rows.index).astype("Int64")
    rows["total"] = pd.array([total(given) for given in points], dtype="Int64")
    return rows.drop(columns="page")


def check(row: dict[str, str], key: dict[str, Any], where: str) -> None:
    if row["page"] != key["page"]:
        raise ValueError(
            f"{where}: rated on page {row['page']}, the key is of page {key['page']}; give that page's key"
        )
    if not row["rater"].strip():
        raise ValueError(f"{where}: no rater; write a name into the column")
    if not (row["item"].isdecimal() and 1 <= int(row["item"]) <= len(key["items"])):
        raise ValueError(f"{where}: item {row['item']}; the page has items 1 to {len(key['items'])}")
    for part in PARTS:
        given = row[part.name]
        if given and not (given.isdecimal() and int(given) <= part.highest):
            raise ValueError(f"{where}: {part.name} {given}; 0 to {part.highest} expected, or nothing")
    if row[BONUS.name] and row[LOGITS.name] in ("", str(LOGITS.highest)):
        raise ValueError(f"{where}: {BONUS.name} {row[BONUS.name]}, which is for {LOGITS.name} under {LOGITS.highest}")


def join(files: list[pd.DataFrame], key: dict[str, Any]) -> pd.DataFrame:
    """All ratings with what they are of. Raises ValueError when two files have the same rater."""
    empty = pd.DataFrame(columns=[name for name in [*COLUMNS, "total"] if name != "page"])
    ratings = pd.concat(files, ignore_index=True) if files else empty
    raters = [rows["rater"].iloc[0] for rows in files if len(rows)]
    if len(set(raters)) < len(raters):
        again = next(rater for rater in raters if raters.count(rater) > 1)
        raise ValueError(
            f"rater {again}: two files; give each rater's last export only, or tell two people apart by name"
        )
    items = pd.DataFrame(key["items"]).assign(item=range(1, len(key["items"]) + 1))
    return ratings.merge(items, on="item", validate="many_to_one").sort_values(["item", "rater"], ignore_index=True)


def summary(ratings: pd.DataFrame) -> dict[str, Any]:
    """Medians of each dictionary over its intervals, and agreement. An interval's value is its raters' mean total."""
    complete = ratings.dropna(subset=["total"])
    of_items = complete.groupby([*RUN, "item"])["total"].mean(skipna=False).astype(float)
    runs = {}
    for run, values in of_items.groupby(RUN):
        share = float((values > INTERPRETABLE).mean())
        runs["/".join(run)] = {**summarise(values.to_numpy()), f"share_over_{INTERPRETABLE}": share}
    scored = complete.fillna({BONUS.name: 0})  # a bonus that was not open
    tables = {name: scored.pivot(index="item", columns="rater", values=name) for name in ["total", *NAMES]}
    counts = complete["rater"].value_counts(dropna=False)
    return {
        "n_raters": ratings["rater"].nunique(dropna=False),
        "n_complete": {rater: int(counts.get(rater, 0)) for rater in sorted(ratings["rater"].unique())},
        "n_incomplete": int(ratings["total"].isna().sum()),
        "runs": runs,
        "n_rated_by_several": int((complete["item"].value_counts(dropna=False) > 1).sum()),
        "krippendorff_alpha": {name: krippendorff_alpha(table.to_numpy(float)) for name, table in tables.items()},
    }
