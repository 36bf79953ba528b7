"""Coupled features: those that fire together and turn a ratio of two tokens, which each of them alone moves one way.

With activation a_i over LayerNorm's divisor and logit weights w_i, a group of features adds sum_i a_i (w_iu - w_iv) to
the log-ratio of the tokens u and v. Each term is a line in its own a_i; the sum is one along the joint path only if the
activations keep step. The path is measured: of the tokens at which one member, the lead, fires, equally many to a bin
by its activation, and in each bin the mean activation of every member. A log-ratio turns, at a bin, by the lesser of
its rise before and its fall after, nats. Where only one member of the two acts on a ratio, and does not keep step with
the lead, that turns too; so from the turn of all members is taken the largest that some of them have along the same
path without the rest. What is left, at its largest over bins, leads, and pairs of tokens that members promote, counts.
By chance: each other member's activations dealt out anew among the tokens at which the lead fires.

Shape suffixes: T held-out tokens, F features, R tokens at which the lead fires, B bins, G members, V promoted tokens, K
promoted by one feature, Q groups.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array

from monosem.progress import progress

ROWS = 512  # features whose partners are counted at once
Group = tuple[int, ...]


class Together(NamedTuple):
    """What features that fire together must have."""

    min_count: int  # tokens at which both fire
    min_overlap: float  # share of the tokens of the rarer one
    min_lift: float  # times as often as if they fired independently


class Turn(NamedTuple):
    height: float  # nats, over what some members have without the rest
    lead: int
    up: int  # the ratio is of this token
    over: int  # over this one


def pairs_together(act_TF: csr_array, needed: Together) -> list[Group]:
    """The most overlapping first."""
    active_TF = csr_array((act_TF > 0).astype(np.int32))
    by_feature, n_F = csc_array(active_TF), active_TF.sum(axis=0)
    found: list[tuple[float, Group]] = []
    for start in range(0, act_TF.shape[1], ROWS):
        count_RF = (by_feature[:, start : start + ROWS].T @ active_TF).tocoo()
        one, other, count = count_RF.row + start, count_RF.col, count_RF.data
        overlap = count / np.minimum(n_F[one], n_F[other])
        lift = count * (act_TF.shape[0] / n_F[one]) / n_F[other]
        kept = (one < other) & (count >= needed.min_count) & (overlap >= needed.min_overlap) & (lift >= needed.min_lift)
        found += zip(overlap[kept], zip(one[kept].tolist(), other[kept].tolist(), strict=True), strict=True)
    return [group for _, group in sorted(found, key=lambda item: (-item[0], item[1]))]


def triples_of(pairs: list[Group]) -> list[Group]:
    """Three features of which every two fire together, in the order of their pairs."""
    beside: dict[int, set[int]] = {}
    for one, other in pairs:
        beside.setdefault(one, set()).add(other)
        beside.setdefault(other, set()).add(one)
    return [
        (one, other, third) for one, other in pairs for third in sorted(beside[one] & beside[other]) if third > other
    ]


class Paths:
    """Joint paths by their lead."""

    def __init__(self, act_TF: csr_array, n_bins: int) -> None:
        self.act_TF, self.by_feature, self.n_bins = act_TF, csc_array(act_TF), n_bins

    def tokens(self, lead: int) -> tuple[np.ndarray, np.ndarray]:
        """The tokens at which the lead fires [R], and the bin of each."""
        first, last = self.by_feature.indptr[lead : lead + 2]
        token_R, act_R = self.by_feature.indices[first:last], self.by_feature.data[first:last]
        rank_R = np.empty(act_R.size, dtype=np.int64)
        rank_R[np.argsort(act_R, kind="stable")] = np.arange(act_R.size)
        return token_R, rank_R * self.n_bins // act_R.size

    def path(self, lead: int, members: list[int], rng: np.random.Generator | None = None) -> np.ndarray:
        """Mean activations, [B, G]; with a generator, those of members but the lead are dealt out anew."""
        token_R, bin_R = self.tokens(lead)
        size_B = np.maximum(1, np.bincount(bin_R, minlength=self.n_bins))
        act_RG = csc_array(self.act_TF[token_R][:, members])
        columns = []
        for place, member in enumerate(members):
            first, last = act_RG.indptr[place : place + 2]
            row, value = act_RG.indices[first:last], act_RG.data[first:last]
            if rng is not None and member != lead:
                row = rng.choice(token_R.size, value.size, replace=False)
            columns.append(np.bincount(bin_R[row], weights=value, minlength=self.n_bins) / size_B)
        return np.stack(columns, axis=1)


def turn_of(path_BG: np.ndarray, weight_GV: np.ndarray) -> tuple[float, int, int]:
    """The largest turn that takes all members, and the places of its two tokens."""
    members = range(len(weight_GV))
    gap_GVV = weight_GV[:, :, None] - weight_GV[:, None, :]

    def turn_VV(group: tuple[int, ...]) -> np.ndarray:
        ratio_BVV = np.tensordot(path_BG[:, list(group)], gap_GVV[list(group)], axes=1)
        rise_BVV = ratio_BVV - np.minimum.accumulate(ratio_BVV, axis=0)
        fall_BVV = ratio_BVV - np.minimum.accumulate(ratio_BVV[::-1], axis=0)[::-1]
        return np.minimum(rise_BVV, fall_BVV).max(axis=0)

    parts = (part for size in range(1, len(members)) for part in combinations(members, size))
    taken_VV = turn_VV(tuple(members)) - np.max([turn_VV(part) for part in parts], axis=0)
    up, over = np.unravel_index(taken_VV.argmax(), taken_VV.shape)
    return float(taken_VV[up, over]), int(up), int(over)


class Promotion(NamedTuple):
    """Logit weights, of the features in groups only, and the tokens that they raise most."""

    weight_V: Mapping[int, np.ndarray]
    promoted_K: Mapping[int, np.ndarray]

    def of(self, group: Group) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that any member promotes [V], and the members' weights on them [G, V]."""
        token_V = np.unique(np.concatenate([self.promoted_K[member] for member in group]))
        return token_V, np.stack([self.weight_V[member][token_V] for member in group]).astype(np.float64)


def turns(
    paths: Paths, groups: list[Group], promotion: Promotion, rng: np.random.Generator | None = None
) -> dict[Group, Turn]:
    """The largest turn of every group over its leads; by chance, if there is a generator."""
    best: dict[Group, Turn] = {}
    for lead, own in progress(sorted(by_lead(groups).items()), desc="paths", unit="feature"):
        members = sorted({member for group in own for member in group})
        path_BG, place = paths.path(lead, members, rng), {member: place for place, member in enumerate(members)}
        for group in own:
            token_V, weight_GV = promotion.of(group)
            height, up, over = turn_of(path_BG[:, [place[member] for member in group]], weight_GV)
            if group not in best or height > best[group].height:
                best[group] = Turn(height, lead, int(token_V[up]), int(token_V[over]))
    return best


def by_lead(groups: list[Group]) -> dict[int, list[Group]]:
    """Every member leads once."""
    own: dict[int, list[Group]] = {}
    for group in groups:
        for lead in group:
            own.setdefault(lead, []).append(group)
    return own


def turn_heights(found: dict[Group, Turn], size: int) -> np.ndarray:
    """Of all groups of a size, the largest first."""
    return np.array(sorted((turn.height for group, turn in found.items() if len(group) == size), reverse=True))


def turning(found: dict[Group, Turn], size: int, min_turn: float) -> list[Group]:
    """Groups of a size whose turn is that large, the largest first."""
    kept = [group for group, turn in found.items() if len(group) == size and turn.height >= min_turn]
    return sorted(kept, key=lambda group: (-found[group].height, group))
