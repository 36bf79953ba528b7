"""A map of features: their decoder directions laid out in two dimensions, and clusters of them.

As in "Towards Monosemanticity": UMAP by the cosine of decoder directions, in two dimensions to look at, and in ten for
HDBSCAN to find clusters in. Nearest neighbours are found exactly, once for both. UMAP places neighbours near each
other; distances across a map mean little.

Shape suffixes: P features of all dictionaries together, N neurons, K neighbours, D dimensions of a map.
"""

import warnings
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.ground.caches import find_room_for_numba
from monosem.ground.tensors import open_tensor
from monosem.investigations.families import NO_PARENT
from monosem.measures.resampling import with_normal_ends

NO_CLUSTER = -1
DECIMALS = 4  # of places; the rest is rounding


class Neighbours(NamedTuple):
    index_PK: np.ndarray  # each feature first among its own
    distance_PK: np.ndarray  # 1 - cosine


def decoder_rows(path: Path, feature_F: np.ndarray) -> np.ndarray:
    """Decoder directions of some features of a saved dictionary. Raises ValueError naming a file that does not fit."""
    decoder_FN = open_tensor(path, "W_dec")[:]
    if feature_F.size and feature_F.max() >= len(decoder_FN):
        raise ValueError(
            f"{path}: {len(decoder_FN)} features, but feature {feature_F.max()} asked; find families again"
        )
    return decoder_FN[feature_F]


def nearest(directions_PN: np.ndarray, n_neighbors: int) -> Neighbours:
    """Raises ValueError when there are too few features to have so many neighbours."""
    from sklearn.neighbors import NearestNeighbors

    if len(directions_PN) <= n_neighbors:
        raise ValueError(
            f"{len(directions_PN)} features to map, {n_neighbors} neighbours of each asked; lower --n-neighbors or "
            "map wider dictionaries"
        )
    search = NearestNeighbors(n_neighbors=n_neighbors, metric="cosine", algorithm="brute").fit(directions_PN)
    distance_PK, index_PK = search.kneighbors(directions_PN)
    return Neighbours(index_PK, distance_PK.astype(np.float32))


def place(directions_PN: np.ndarray, near: Neighbours, *, n_dims: int, min_dist: float, seed: int) -> np.ndarray:
    """Places of all features, [P, D], the same for the same seed."""
    find_room_for_numba("umap")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # of parts of umap that are not used
        from umap import UMAP

    mapping = UMAP(
        n_components=n_dims,
        n_neighbors=near.index_PK.shape[1],
        metric="cosine",
        min_dist=min_dist,
        precomputed_knn=(near.index_PK, near.distance_PK, None),
        force_approximation_algorithm=True,  # takes these neighbours, however few features there are
        random_state=seed,
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"precomputed_knn\[2\]", category=UserWarning)  # no other use of it
        return mapping.fit_transform(directions_PN).round(DECIMALS)


def clusters(place_PD: np.ndarray, min_cluster_size: int) -> np.ndarray:
    """A number from 0 on for the cluster of each feature, [P]; -1 for those in none."""
    from sklearn.cluster import HDBSCAN

    return HDBSCAN(min_cluster_size=min_cluster_size, copy=True).fit_predict(place_PD)


def map_summary(table: pd.DataFrame) -> dict[str, Any]:
    """Of a table with dictionary, feature, parent and cluster: how many clusters there are, and which share of them
    holds features of several dictionaries; how often a feature is in the cluster of its parent, and how often it would
    be in that of a random feature of its parent's dictionary."""
    placed = table[table["cluster"] != NO_CLUSTER]
    widths = placed.groupby("cluster")["dictionary"].nunique(dropna=False)
    cluster_of = table.set_index(["dictionary", "feature"])["cluster"]
    names = list(dict.fromkeys(table["dictionary"]))
    same, by_chance = [], []
    for narrow, wide in pairwise(names):
        child = table[(table["dictionary"] == wide) & (table["parent"] != NO_PARENT)]
        parent = cluster_of.loc[narrow]
        share = parent.value_counts(normalize=True, dropna=False).drop(NO_CLUSTER, errors="ignore")
        own = child["cluster"].to_numpy()
        same.append((own == parent.loc[child["parent"]].to_numpy()) & (own != NO_CLUSTER))
        by_chance.append(share.reindex(own, fill_value=0.0).to_numpy())
    return {
        "n_features": len(table),
        "n_clusters": len(widths),
        "share_in_clusters": float(len(placed) / len(table)),
        "share_of_several_widths": float((widths > 1).mean()) if len(widths) else None,
        "several_widths_by_chance": several_by_chance(placed),
        "with_parent": mean_of(same),
        "with_random": mean_of(by_chance),
        **excess_of(same, by_chance),
    }


def several_by_chance(placed: pd.DataFrame) -> float | None:
    """Expected share of clusters with features of several dictionaries if these were dealt out at random: one less the
    chance, cluster by cluster, that as many features drawn from all are of one dictionary."""
    if placed.empty:
        return None
    size_C = placed.groupby("cluster").size().to_numpy()
    share_D = placed["dictionary"].value_counts(normalize=True, dropna=False).to_numpy()
    return float(1 - (share_D[:, None] ** size_C).sum(axis=0).mean())


def excess_of(same: list[np.ndarray], by_chance: list[np.ndarray]) -> dict[str, float | None]:
    """How much more often a feature is with its parent than by chance, with the ends of an interval over features."""
    name, excess = "with_parent_less_random", np.concatenate(same) - np.concatenate(by_chance)
    if excess.size < 2:
        return {name: None}
    return with_normal_ends({name: (float(excess.mean()), excess.std(ddof=1) / np.sqrt(excess.size))})


def mean_of(parts: list[np.ndarray]) -> float | None:
    joined = np.concatenate(parts)
    return float(joined.mean()) if joined.size else None
