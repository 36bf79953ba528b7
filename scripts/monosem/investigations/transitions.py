"""Which feature fires after which, in text and by the tokens that they promote.

A step goes from one token to the next of its context; document starts (BOS) are not stepped over. An edge from feature
i to feature j is

  foretold  j fires on the tokens whose logits i raises most: the mean over them of P(j fires | token), over P(j fires)
  measured  lift = P(j fires after the step | i fires before it) / P(j fires after a step)

and kept when both are at least `min_lift` and the step was seen `min_count` times. By chance, the promoted tokens are
dealt out anew among the features. Only products of sparse matrices are made, a block of features at a time. Shape
suffixes: T held-out tokens, F features, R features of a block, V vocabulary, K promoted tokens, E edges.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy.sparse import csc_array, csr_array, vstack

from monosem.ground.progress import progress
from monosem.ground.summary import most
from monosem.investigations.logit_blocks import logit_blocks, logit_shape
from monosem.measures.codes import Codes, members
from monosem.text.packed import Packed

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


def steps_of(codes: Codes, held_out: Packed) -> Steps:
    active_TF = (codes.matrix > 0).astype(np.int32)
    return Steps(csr_array(active_TF), followed(held_out))


def followed(held_out: Packed) -> np.ndarray:
    """Of every counted position, whether the next position of its context is counted too, bool [T]."""
    next_SL = np.zeros_like(held_out.counted_SL)
    next_SL[:, :-1] = held_out.counted_SL[:, 1:]
    return next_SL[held_out.counted_SL]


def fires_on(active_TF: csr_array, token_T: np.ndarray, n_vocab: int) -> tuple[csr_array, np.ndarray]:
    """P(feature fires | token) [V, F], and how often each token was seen [V]."""
    seen_V = np.bincount(token_T, minlength=n_vocab)
    share_VF = (members(token_T, n_vocab).T @ active_TF).tocsr()
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
    kept_RV = (weight_RV[:, allowed].astype(np.float32) for _, weight_RV in logit_blocks(logits))
    return np.concatenate([allowed[most(allowed_RV, n_promoted)] for allowed_RV in kept_RV])


def dealt_anew(promoted_FK: np.ndarray, fires_F: np.ndarray, seed: int) -> np.ndarray:
    """Each feature that fires gets the promoted tokens of one that does, at random; the others have no edges."""
    firing = np.flatnonzero(fires_F)
    dealt_FK = promoted_FK.copy()
    dealt_FK[firing] = promoted_FK[np.random.default_rng(seed).permutation(firing)]
    return dealt_FK


def edges(
    steps: Steps, count_FF: csr_array, promoted_FK: np.ndarray, fires_VF: csr_array, needed: Needed
) -> pd.DataFrame:
    """One row an edge, the highest lift first; the counts are those of `step_counts`."""
    n_before_F, n_after_F = steps.before().sum(axis=0), steps.after().sum(axis=0)
    density_F = steps.active_TF.sum(axis=0) / len(steps.followed_T)
    frames = []
    for rows in blocks(steps):
        count_RF = count_FF[rows].tocoo()
        often = count_RF.data >= needed.min_count
        source_E, target_E, count_E = count_RF.row[often], count_RF.col[often], count_RF.data[often]
        foretold_E = entries(foretold(promoted_FK[rows], fires_VF), source_E, target_E)
        source_E = source_E + rows.start
        probability_E = count_E / n_before_F[source_E]
        columns = {"source": source_E, "target": target_E, "count": count_E, "probability": probability_E}
        columns |= {"lift": probability_E / (n_after_F[target_E] / steps.n_steps), "foretold": foretold_E}
        table = pd.DataFrame(columns | {"foretold_lift": foretold_E / density_F[target_E]})
        frames.append(table[(table[["lift", "foretold_lift"]] >= needed.min_lift).all(axis=1)])
    found = pd.concat(frames).sort_values(["lift", "source", "target"], ascending=[False, True, True])
    return found.reset_index(drop=True)


def entries(matrix: csr_array, row_E: np.ndarray, column_E: np.ndarray) -> np.ndarray:
    """Of none, scipy would make a sparse array again."""
    return np.asarray(matrix[row_E, column_E]) if len(row_E) else np.zeros(0)


def step_counts(steps: Steps) -> csr_array:
    """How often each feature fired after each, [F, F]."""
    before, after = steps.before(), steps.after()
    return csr_array(vstack([csr_array(before[:, rows].T @ after) for rows in blocks(steps)], format="csr"))


def blocks(steps: Steps) -> Iterator[slice]:
    n_features = steps.active_TF.shape[1]
    n_rows = max(1, BLOCK_CODES * n_features // max(1, steps.active_TF.nnz))
    for start in progress(range(0, n_features, n_rows), desc="steps", unit="block"):
        yield slice(start, min(start + n_rows, n_features))


def foretold(promoted_RK: np.ndarray, fires_VF: csr_array) -> csr_array:
    """Mean over the promoted tokens of P(feature fires | token), [R, F]."""
    n_rows, n_kept = promoted_RK.shape
    bounds = np.arange(n_rows + 1) * n_kept
    weight_Z = np.full(promoted_RK.size, 1 / n_kept)
    return csr_array(csr_array((weight_Z, promoted_RK.ravel(), bounds), shape=(n_rows, fires_VF.shape[0])) @ fires_VF)
