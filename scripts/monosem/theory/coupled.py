"""Coupled features: those that fire together and turn a ratio of two tokens, which each of them alone moves one way.

With activation a_i over LayerNorm's divisor and logit weights w_i, a group of features adds sum_i a_i (w_iu - w_iv) to
the log-ratio of the tokens u and v. Each term is a line in its own a_i; the sum is one along the joint path only if the
activations keep step. The path is measured: of the tokens at which one member, the lead, fires, equally many to a bin
by its activation, and in each bin the mean activation of every member. A log-ratio turns, at a bin, by the lesser of
its rise before and its fall after, nats. Where only one member of the two acts on a ratio, and does not keep step with
the lead, that turns too; so from the turn of all members is taken the largest that some of them have along the same
path without the rest. What is left is at its largest at some bins, lead, and pair of tokens that members promote: these
are chosen in contexts of even number, and the turn at them in those of odd number counts.
By chance: each other member's activations dealt out anew among the tokens at which the lead fires.

Shape suffixes: T held-out tokens, F features, R tokens at which the lead fires, B bins, G members, V promoted tokens, K
promoted by one feature, Q groups, M members of all groups of a lead, X any axes.
"""

from collections.abc import Mapping
from itertools import combinations
from typing import NamedTuple

import numpy as np
from scipy.sparse import csc_array, csr_array, diags_array

from monosem.ground.progress import progress

ROWS = 512  # features whose partners are counted at once
Group = tuple[int, ...]


class Together(NamedTuple):
    """What features that fire together must have."""

    min_count: int  # tokens at which both fire
    min_overlap: float  # share of the tokens of the rarer one
    min_lift: float  # times as often as if they fired independently


class Turn(NamedTuple):
    height: float  # nats, over what some members have without the rest, in other contexts than
    chosen: float  # that by which lead and tokens were chosen
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


def halves_of(act_TF: csr_array, context_T: np.ndarray, n_bins: int) -> tuple["Paths", "Paths"]:
    """Of contexts of even and of odd number; the tokens keep their rows."""
    even, odd = (csr_array(diags_array((context_T % 2 == rest).astype(act_TF.dtype)) @ act_TF) for rest in (0, 1))
    for part in (even, odd):
        part.eliminate_zeros()
    return Paths(even, n_bins), Paths(odd, n_bins)


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


def turn_at(ratio_BX: np.ndarray) -> np.ndarray:
    """At each bin the lesser of the rise before and the fall after; the first axis is that of bins."""
    rise_BX = ratio_BX - np.minimum.accumulate(ratio_BX, axis=0)
    fall_BX = ratio_BX - np.minimum.accumulate(ratio_BX[::-1], axis=0)[::-1]
    return np.minimum(rise_BX, fall_BX)


def parts_of(n_members: int) -> list[list[int]]:
    """Some of the members, without the rest."""
    return [list(part) for size in range(1, n_members) for part in combinations(range(n_members), size)]


def turn_of(path_BG: np.ndarray, weight_GV: np.ndarray) -> tuple[float, int, int]:
    """The largest turn that takes all members, and the places of its two tokens."""
    gap_GVV = weight_GV[:, :, None] - weight_GV[:, None, :]

    def turn_VV(group: list[int]) -> np.ndarray:
        return turn_at(np.tensordot(path_BG[:, group], gap_GVV[group], axes=1)).max(axis=0)

    alone_VV = np.max([turn_VV(part) for part in parts_of(len(weight_GV))], axis=0)
    taken_VV = turn_VV(list(range(len(weight_GV)))) - alone_VV
    up, over = np.unravel_index(taken_VV.argmax(), taken_VV.shape)
    return float(taken_VV[up, over]), int(up), int(over)


def turn_again(chosen_BG: np.ndarray, path_BG: np.ndarray, gap_G: np.ndarray) -> float:
    """The turn of one log-ratio along a path, at the bins between which another path has its largest.

    Some members without the rest may turn at any bins.
    """
    chosen_B, ratio_B = chosen_BG @ gap_G, path_BG @ gap_G
    top = int(turn_at(chosen_B).argmax())
    before, after = int(chosen_B[: top + 1].argmin()), top + int(chosen_B[top:].argmin())
    alone = max(turn_at(path_BG[:, part] @ gap_G[part]).max() for part in parts_of(gap_G.size))
    return float(ratio_B[top] - max(ratio_B[before], ratio_B[after]) - alone)


class Promotion(NamedTuple):
    """Logit weights, of the features in groups only, and the tokens that they raise most."""

    weight_V: Mapping[int, np.ndarray]
    promoted_K: Mapping[int, np.ndarray]

    def of(self, group: Group) -> tuple[np.ndarray, np.ndarray]:
        """Tokens that any member promotes [V], and the members' weights on them [G, V]."""
        token_V = np.unique(np.concatenate([self.promoted_K[member] for member in group]))
        return token_V, np.stack([self.weight_V[member][token_V] for member in group]).astype(np.float64)


def turns(
    halves: tuple[Paths, Paths], groups: list[Group], promotion: Promotion, rng: np.random.Generator | None = None
) -> dict[Group, Turn]:
    """The turn of every group whose lead and tokens the first half chooses, in the second; by chance, if there is a
    generator."""
    best: dict[Group, Turn] = {}
    for lead, own in progress(sorted(by_lead(groups).items()), desc="paths", unit="feature"):
        members = sorted({member for group in own for member in group})
        first_BM, second_BM = (half.path(lead, members, rng) for half in halves)
        place = {member: place for place, member in enumerate(members)}
        for group in own:
            token_V, weight_GV = promotion.of(group)
            first_BG, second_BG = (path_BM[:, [place[member] for member in group]] for path_BM in (first_BM, second_BM))
            chosen, up, over = turn_of(first_BG, weight_GV)
            if group not in best or chosen > best[group].chosen:
                height = turn_again(first_BG, second_BG, weight_GV[:, up] - weight_GV[:, over])
                best[group] = Turn(height, chosen, lead, int(token_V[up]), int(token_V[over]))
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
