"""Families: features of a narrow dictionary and what becomes of them in wider ones.

Dictionaries are given from narrow to wide. Features of two of them whose masked cosine exceeds a threshold are kin. The
parent of a feature is its closest kin in the next narrower dictionary; parents make trees, and a feature without a
parent is a root. Each feature has one parent but may have more kin, so a feature has no more children than kin.
"""

from collections.abc import Mapping, Sequence
from itertools import combinations, pairwise

import numpy as np
import pandas as pd

from monosem.investigations.masked_cosine import Activity, kin

KIN_COLUMNS = ["narrow", "narrow_feature", "wide", "wide_feature", "cosine"]
NO_PARENT = -1
SEVERAL = 2  # kin from which a feature counts as split


def kinship(activities: Mapping[str, Activity], min_cosine: float) -> pd.DataFrame:
    """One row a pair of kin features of any two dictionaries."""
    frames = []
    for narrow, wide in combinations(activities, 2):
        narrow_feature, wide_feature, cosine = kin(activities[narrow], activities[wide], min_cosine)
        columns = (narrow, narrow_feature.astype(np.int32), wide, wide_feature.astype(np.int32), cosine)
        frames.append(pd.DataFrame(dict(zip(KIN_COLUMNS, columns, strict=True))))
    return pd.concat(frames, ignore_index=True)


def between(pairs: pd.DataFrame, narrow: str, wide: str) -> pd.DataFrame:
    return pairs[(pairs["narrow"] == narrow) & (pairs["wide"] == wide)]


def count_kin(pairs: pd.DataFrame, side: str, feature_F: np.ndarray) -> np.ndarray:
    """Kin of each of the features, which stand in the columns of `side`: narrow or wide."""
    counts = pairs[f"{side}_feature"].value_counts(dropna=False)
    return counts.reindex(feature_F, fill_value=0).to_numpy()


def count_other_kin(own: Activity, min_cosine: float) -> np.ndarray:
    """Kin of each feature within its own dictionary, itself left out: what it has without any splitting."""
    one, other, _ = kin(own, own, min_cosine)
    counts = pd.Series(one[one != other]).value_counts(dropna=False)
    return counts.reindex(own.feature_F, fill_value=0).to_numpy()


def closest(pairs: pd.DataFrame) -> pd.DataFrame:
    """Of each wide feature the pair with its closest narrow one; of equally close ones, that of the lowest number."""
    ordered = pairs.sort_values(["wide_feature", "cosine", "narrow_feature"], ascending=[True, False, True])
    return ordered.drop_duplicates("wide_feature").set_index("wide_feature")


def family_table(activities: Mapping[str, Activity], pairs: pd.DataFrame) -> pd.DataFrame:
    """One row a feature: parent (-1: none) and its cosine, root of the tree, children, and kin in the dictionaries
    next in width (n_narrow_kin, n_wide_kin; 0 where there is no such dictionary)."""
    names = list(activities)
    tables = {name: own_rows(name, activities[name]) for name in names}
    for narrow, wide in pairwise(names):
        upper, lower = tables[narrow], tables[wide]
        linked = between(pairs, narrow, wide)
        upper["n_wide_kin"] = count_kin(linked, "narrow", upper["feature"].to_numpy())
        lower["n_narrow_kin"] = count_kin(linked, "wide", lower["feature"].to_numpy())
        best = closest(linked).reindex(lower["feature"])
        has_parent = best["cosine"].notna().to_numpy()
        lower["parent"] = best["narrow_feature"].fillna(NO_PARENT).to_numpy(dtype=np.int32)
        lower["parent_cosine"] = best["cosine"].to_numpy(dtype=float)
        upper["n_children"] = count_kin(best.reset_index(), "narrow", upper["feature"].to_numpy())
        for column in ("root_dictionary", "root_feature"):
            inherited = upper.set_index("feature")[column].reindex(lower["parent"]).to_numpy()
            lower[column] = lower[column].where(~has_parent, inherited)
    return pd.concat(tables.values(), ignore_index=True).astype({"root_feature": np.int32})


def members_of(table: pd.DataFrame, group: str) -> pd.DataFrame:
    """The rows of a described table whose features are in a named group."""
    return table[np.array([group in own for own in table["groups"]], dtype=bool)]


def own_rows(name: str, activity: Activity) -> pd.DataFrame:
    """A dictionary's features as if there were no other."""
    feature_F = activity.feature_F.astype(np.int32)
    numbers = dict.fromkeys(("n_narrow_kin", "n_wide_kin", "n_children"), 0)
    columns = {
        "n_active": np.bincount(activity.values.indices, minlength=feature_F.size),
        "parent": NO_PARENT,
        "parent_cosine": np.nan,
    }
    roots = {"root_dictionary": name, "root_feature": feature_F}
    return pd.DataFrame({"dictionary": name, "feature": feature_F, **columns, **roots, **numbers})


def splitting(counts_F: np.ndarray) -> dict[str, float | None]:
    """Of the numbers of kin of each feature: median, mean, and the shares of features with any and with several."""
    if counts_F.size == 0:
        return dict.fromkeys(("median", "mean", "share_any", "share_several"))
    return {
        "median": float(np.median(counts_F)),
        "mean": float(counts_F.mean()),
        "share_any": float((counts_F > 0).mean()),
        "share_several": float((counts_F >= SEVERAL).mean()),
    }


def growth(counts: Sequence[int]) -> dict[str, int | None]:
    """Of a number of features by dictionary, narrow to wide: both ends and the smallest step; None without any."""
    steps = [wide - narrow for narrow, wide in pairwise(counts)]
    ends = {"narrowest": counts[0], "widest": counts[-1]} if counts else dict.fromkeys(("narrowest", "widest"))
    return {**ends, "smallest_step": min(steps, default=None)}
