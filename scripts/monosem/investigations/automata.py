"""Finite state automata made of features: self-loops, pairs and chains of the edges in `transitions`.

  self-loop  a feature with an edge to itself: it promotes tokens on which it fires again (paper: base64)
  pair       two features with edges both ways, each clearly more lifted than either's to itself (paper: snake_case)
  chain      three features or more, each step clearly more lifted than staying and than the way back, the whole run
             seen `min_count` times (paper: HTML). Each further feature is the one most lifted after the run so far.

Clearly: `contrast` times. Features of one rare kind of text all raise each other there; these conditions leave what
has an order. An automaton's own lift is the smallest of its steps', which in a chain are measured after the whole run
before them. Chains are grown from the most lifted edges on; one that is part of another, or that shares a feature with
one of higher lift, is left out.
Shape suffixes: T held-out tokens, F features, Z tokens at which a run has come to its end.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array

from monosem.investigations.transitions import Needed, Steps, edges, entries

STARTS = 2000  # steps that chains are grown from, the most lifted first


class Automaton(NamedTuple):
    kind: str
    features: tuple[int, ...]
    probabilities: tuple[float, ...]  # of each step; a loop's last one leads back to its first feature
    lifts: tuple[float, ...]
    count: int  # times that the whole run was seen; of a pair, its rarer step

    @property
    def lift(self) -> float:
        return min(self.lifts)


class Wanted(NamedTuple):
    """What an automaton must have."""

    contrast: float  # lift of a step over those that must be lower
    max_states: int  # features of a chain, at most


def find(
    steps: Steps, count_FF: csr_array, promoted_FK: np.ndarray, fires_VF: csr_array, needed: Needed, wanted: Wanted
) -> tuple[pd.DataFrame, list[Automaton]]:
    """The edges with lifts as `with_lifts` gives them, and all automata of them."""
    lifted = with_lifts(edges(steps, count_FF, promoted_FK, fires_VF, needed), count_FF, steps)
    chains = ChainSearch(lifted, steps, wanted.contrast, needed.min_count, wanted.max_states).find()
    return lifted, [*self_loops(lifted), *pairs(lifted, wanted.contrast), *chains]


def self_loops(edges: pd.DataFrame) -> list[Automaton]:
    loops = edges[edges["source"] == edges["target"]]
    return [
        Automaton("self-loop", (row.source,), (row.probability,), (row.lift,), int(row.count))
        for row in loops.itertuples(index=False)
    ]


def with_lifts(edges: pd.DataFrame, count_FF: csr_array, steps: Steps) -> pd.DataFrame:
    """The edges with the lifts of staying at source and target, and of the way back, however seldom those were seen."""
    n_before_F, n_after_F = steps.before().sum(axis=0), steps.after().sum(axis=0)

    def lift(source: np.ndarray, target: np.ndarray) -> np.ndarray:
        expected = n_before_F[source] * (n_after_F[target] / steps.n_steps)
        return entries(count_FF, source, target) / np.maximum(expected, 1e-9)

    source, target = edges["source"].to_numpy(), edges["target"].to_numpy()
    return edges.assign(
        stay_lift=lift(source, source), target_stay_lift=lift(target, target), back_lift=lift(target, source)
    )


def exceeding(edges: pd.DataFrame, others: list[str], contrast: float) -> pd.DataFrame:
    """The edges between two features whose lift is more than `contrast` times each of the others; see `with_lifts`."""
    rivals = contrast * edges[others].max(axis=1, skipna=False)
    return edges[(edges["source"] != edges["target"]) & (edges["lift"] > rivals)]


def pairs(edges: pd.DataFrame, contrast: float) -> list[Automaton]:
    """The most lifted first; `edges` are those of `with_lifts`."""
    alternating = exceeding(edges, ["stay_lift", "target_stay_lift"], contrast)
    there = alternating[alternating["source"] < alternating["target"]]
    both = there.merge(alternating, left_on=["source", "target"], right_on=["target", "source"], suffixes=("", "_back"))
    found = [
        Automaton(
            "pair",
            (row.source, row.target),
            (row.probability, row.probability_back),
            (row.lift, row.lift_back),
            int(min(row.count, row.count_back)),
        )
        for row in both.itertuples(index=False)
    ]
    return sorted(found, key=ranking)


def ranking(automaton: Automaton) -> tuple[float, tuple[int, ...]]:
    return -automaton.lift, automaton.features


class ChainSearch:
    """Grows chains along onward edges."""

    def __init__(self, edges: pd.DataFrame, steps: Steps, contrast: float, min_count: int, max_states: int) -> None:
        """`edges` are those of `with_lifts`."""
        onward = exceeding(edges, ["stay_lift", "back_lift"], contrast)
        self.starts = onward.head(STARTS)
        self.targets = {source: rows["target"].to_numpy() for source, rows in onward.groupby("source")}
        self.active_TF, self.by_feature = steps.active_TF, csc_array(steps.active_TF)
        self.followed_T, self.min_count, self.max_states = steps.followed_T, min_count, max_states
        self.share_F = steps.after().sum(axis=0) / max(1, steps.n_steps)

    def find(self) -> list[Automaton]:
        """The chains of three features or more, the most lifted first, no two with a feature in common."""
        grown = [self.grow(row) for row in self.starts.itertuples(index=False)]
        within = {part for chain in grown for part in parts(chain.features)}
        whole = [chain for chain in grown if len(chain.features) > 2 and chain.features not in within]
        return disjoint(sorted(whole, key=ranking))

    def tokens_of(self, feature: int) -> np.ndarray:
        first, last = self.by_feature.indptr[feature : feature + 2]
        return self.by_feature.indices[first:last]

    def after(self, ends_Z: np.ndarray) -> np.ndarray:
        """The tokens that follow."""
        return ends_Z[self.followed_T[ends_Z]] + 1

    def grow(self, start: tuple) -> Automaton:
        features, probabilities, lifts = [start.source, start.target], [start.probability], [start.lift]
        ends_Z = np.intersect1d(self.after(self.tokens_of(start.source)), self.tokens_of(start.target))
        while len(features) < self.max_states:
            next_Z = self.after(ends_Z)
            onward = np.setdiff1d(self.targets.get(features[-1], []), features).astype(np.int64)
            count_F = np.bincount(self.active_TF[next_Z].indices, minlength=self.share_F.size)
            onward = onward[count_F[onward] >= self.min_count]
            if not onward.size:
                break
            lift = count_F[onward] / next_Z.size / self.share_F[onward]
            best = onward[lift.argmax()]
            features.append(int(best))
            probabilities.append(float(count_F[best] / next_Z.size))
            lifts.append(float(lift.max()))
            ends_Z = np.intersect1d(next_Z, self.tokens_of(best))
        return Automaton("chain", tuple(features), tuple(probabilities), tuple(lifts), int(ends_Z.size))


def parts(features: tuple[int, ...]) -> Iterator[tuple[int, ...]]:
    """All runs within a run, shorter than itself."""
    n = len(features)
    return (features[i:j] for i in range(n) for j in range(i + 1, n + 1) if j - i < n)


def disjoint(automata: Iterable[Automaton]) -> list[Automaton]:
    taken: set[int] = set()
    kept = []
    for automaton in automata:
        if not taken & set(automaton.features):
            taken |= set(automaton.features)
            kept.append(automaton)
    return kept
