"""Where windows may be drawn: which documents serve the explainer and which the scores, and slices within documents.

One thing is stricter than in "Towards Monosemanticity": about half of the text, whole documents drawn by `seed`, serves
the explainer and the other half the scores, so that nothing that one document repeats, such as its names, helps to
predict what was explained from it. No window reaches into another document.

Shape suffixes: T held-out tokens, D documents, P places (the stretches of one document in one
context, laid end to end with gaps between).
"""

from dataclasses import dataclass

import numpy as np

from monosem.autointerp.windows import ROLES, UNOBSERVED
from monosem.text.packed import Packed


@dataclass(frozen=True)
class Quota:
    """Windows of one role: from the top interval, from each other interval, random, and top tokens out of context."""

    top: int
    interval: int
    random: int
    out_of_context: int


@dataclass(frozen=True)
class Plan:
    quotas: tuple[Quota, Quota]  # in the order of ROLES
    n_intervals: int
    width: int  # tokens in a window
    min_active: int  # features with fewer active tokens get no windows
    seed: int


@dataclass(frozen=True)
class Layout:
    """The held-out tokens, laid out so that a window is a slice that never reaches out of its document or context."""

    tokens_P: np.ndarray
    place_T: np.ndarray
    context_T: np.ndarray
    position_T: np.ndarray
    role_T: np.ndarray
    by_token: list[np.ndarray]  # for each role, its rows of T sorted by token
    sorted_tokens: list[np.ndarray]  # their tokens


def lay_out(held_out: Packed, plan: Plan) -> Layout:
    """Raises ValueError when there are too few documents to keep explained and scored ones apart."""
    context_T, position_T, document_T = held_out.context_T, held_out.position_T, held_out.document_T
    role_T = roles(document_T, plan.seed)
    number_T = np.arange(document_T.size)
    unbroken = (context_T, document_T, position_T - number_T)  # each is one number throughout a stretch
    starts_T = np.any([np.diff(column_T, prepend=column_T[0] - 1) != 0 for column_T in unbroken], axis=0)
    place_T = number_T + plan.width // 2 * np.cumsum(starts_T)
    tokens_P = np.full(place_T[-1] + plan.width // 2 + 1, UNOBSERVED, dtype=np.int32)
    tokens_P[place_T] = held_out.token_T
    by_token = []
    for role in range(len(ROLES)):
        rows = np.flatnonzero(role_T == role)
        by_token.append(rows[np.argsort(tokens_P[place_T[rows]], kind="stable")])
    sorted_tokens = [tokens_P[place_T[rows]] for rows in by_token]
    return Layout(tokens_P, place_T, context_T, position_T, role_T, by_token, sorted_tokens)


def roles(document_T: np.ndarray, seed: int) -> np.ndarray:
    """The role of each token's document: in an order of the seed, those up to half of all tokens explain."""
    _, number_T, size_D = np.unique(document_T, return_inverse=True, return_counts=True)
    if size_D.size < len(ROLES):
        raise ValueError(
            f"held-out documents {size_D.size}: at least {len(ROLES)} expected, so that none is both explained and "
            "scored; encode more tokens, or give the text as more documents"
        )
    order_D = np.random.default_rng(seed).permutation(size_D.size)
    middle_D = np.cumsum(size_D[order_D]) - size_D[order_D] / 2  # of the first document before, of the last behind half
    role_D = np.empty(size_D.size, dtype=np.int8)
    role_D[order_D] = middle_D > document_T.size / 2
    return role_D[number_T]
