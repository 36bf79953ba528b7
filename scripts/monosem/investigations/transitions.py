"""Which feature fires after which, in text and by the tokens that they promote.

A step goes from one token to the next of its context; document starts (BOS) are not stepped over. An edge from feature
i to feature j is

  foretold  j fires on the tokens whose logits i raises most: the mean over them of P(j fires | token), over P(j fires)
  measured  lift = P(j fires after the step | i fires before it) / P(j fires after a step)

and kept when both are at least `min_lift` and the step was seen `min_count` times. Only products of sparse matrices are
made, a block of features at a time. Shape suffixes: T held-out tokens, Q steps, F features, R features of a block,
V vocabulary, E edges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack

from monosem.codes import Codes
from monosem.investigations.logit_blocks import logit_blocks, logit_shape
from monosem.progress import progress
from monosem.tokens import counted

BLOCK_CODES = 1 << 20  # stored codes of a block of features, on average


class Needed(NamedTuple):
    """What an edge must have."""

    min_count: int  # steps from the one feature to the other
    min_lift: float


@dataclass(frozen=True)
class Steps:
    """Where features fire before and after every step."""

    active_TF: csr_array  # ones
    followed_T: np.ndarray  # whether the next row is the next token of the context

    @property
    def n_steps(self) -> int:
        return int(self.followed_T.sum())

    def before(self) -> csc_array:
        return self.active_TF[self.followed_T].tocsc()

    def after(self) -> csr_array:
        return self.active_TF[np.flatnonzero(self.followed_T) + 1]


def steps_of(codes: Codes, tokens_SL: np.ndarray, bos: int) -> Steps:
    active_TF = (codes.matrix > 0).astype(np.int32)
    return Steps(csr_array(active_TF), followed(tokens_SL, bos))


def followed(tokens_SL: np.ndarray, bos: int) -> np.ndarray:
    """Of every counted position, whether the next position of its context is counted too, bool [T]."""
    counted_SL = counted(tokens_SL, bos)
    next_SL = np.zeros_like(counted_SL)
    next_SL[:, :-1] = counted_SL[:, 1:]
    return next_SL[counted_SL]


def fires_on(active_TF: csr_array, token_T: np.ndarray, n_vocab: int) -> tuple[csr_array, np.ndarray]:
    """P(feature fires | token) [V, F], and how often each token was seen [V]."""
    one_VT = csr_array((np.ones(token_T.size), token_T, np.arange(token_T.size + 1)), shape=(token_T.size, n_vocab)).T
    seen_V = np.bincount(token_T, minlength=n_vocab)
    share_VF = (one_VT @ active_TF).tocsr()
    share_VF.data /= np.repeat(np.maximum(seen_V, 1), np.diff(share_VF.indptr))
    return share_VF, seen_V


def promoted_tokens(logits: Path, allowed_V: np.ndarray, n_promoted: int) -> np.ndarray:
    """The allowed tokens of highest logit weight of every feature, best first, [F, n_promoted] or as many as allowed.

    Raises ValueError when the logit weights are of another vocabulary.
    """
    allowed, (_, n_vocab) = np.flatnonzero(allowed_V), logit_shape(logits)
    if n_vocab != allowed_V.size:
        raise ValueError(f"{logits}: {n_vocab} tokens, but the text's have {allowed_V.size}; rerun its rule")
    if not allowed.size:
        raise ValueError(f"{logits}: no token of the text is seen often enough to be promoted; give more text")
    n_kept, blocks = min(n_promoted, allowed.size), []
    for _, weight_RV in logit_blocks(logits):
        allowed_RV = weight_RV[:, allowed].astype(np.float32)
        best_RK = np.argpartition(-allowed_RV, n_kept - 1, axis=1)[:, :n_kept]
        order_RK = np.argsort(-np.take_along_axis(allowed_RV, best_RK, axis=1), axis=1, kind="stable")
        blocks.append(allowed[np.take_along_axis(best_RK, order_RK, axis=1)])
    return np.concatenate(blocks)


def edges(steps: Steps, promoted_FK: np.ndarray, fires_VF: csr_array, needed: Needed) -> tuple[pd.DataFrame, csr_array]:
    """One row an edge, the highest lift first; and how often each step was seen, where at least `min_count` times."""
    before, after = steps.before(), steps.after()
    n_before_F, n_after_F = before.sum(axis=0), after.sum(axis=0)
    density_F = steps.active_TF.sum(axis=0) / len(steps.followed_T)
    frames, counts = [], []
    for rows, count_RF in step_counts(before, after, needed.min_count):
        counts.append(count_RF)
        foretold_RF = foretold(promoted_FK[rows], fires_VF)
        source_E, target_E = count_RF.nonzero()
        foretold_E = entries(foretold_RF, source_E, target_E)
        source_E = source_E + rows.start
        probability_E = count_RF.data / n_before_F[source_E]
        columns = {"source": source_E, "target": target_E, "count": count_RF.data, "probability": probability_E}
        columns |= {"lift": probability_E / (n_after_F[target_E] / steps.n_steps), "foretold": foretold_E}
        table = pd.DataFrame(columns | {"foretold_lift": foretold_E / density_F[target_E]})
        frames.append(table[(table[["lift", "foretold_lift"]] >= needed.min_lift).all(axis=1)])
    found = pd.concat(frames).sort_values(["lift", "source", "target"], ascending=[False, True, True])
    return found.reset_index(drop=True), csr_array(vstack(counts, format="csr"))


def entries(matrix: csr_array, row_E: np.ndarray, column_E: np.ndarray) -> np.ndarray:
    """Of none, scipy would make a sparse array again."""
    return np.asarray(matrix[row_E, column_E]) if len(row_E) else np.zeros(0)


def step_counts(before: csc_array, after: csr_array, min_count: int) -> Iterator[tuple[slice, csr_array]]:
    n_features = before.shape[1]
    n_rows = max(1, BLOCK_CODES * n_features // max(1, before.nnz))
    for start in progress(range(0, n_features, n_rows), desc="steps", unit="block"):
        rows = slice(start, min(start + n_rows, n_features))
        count_RF = csr_array(before[:, rows].T @ after)
        count_RF.data[count_RF.data < min_count] = 0
        count_RF.eliminate_zeros()
        yield rows, count_RF


def foretold(promoted_RK: np.ndarray, fires_VF: csr_array) -> csr_array:
    """Mean over the promoted tokens of P(feature fires | token), [R, F]."""
    n_rows, n_kept = promoted_RK.shape
    bounds = np.arange(n_rows + 1) * n_kept
    weight_Z = np.full(promoted_RK.size, 1 / n_kept)
    return csr_array(csr_array((weight_Z, promoted_RK.ravel(), bounds), shape=(n_rows, fires_VF.shape[0])) @ fires_VF)
