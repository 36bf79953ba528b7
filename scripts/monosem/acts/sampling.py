"""Which positions of which contexts enter the store, and what a model computes there.

Shape suffixes: S contexts, L position, R rows of a block, N site width.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch

from monosem.acts.store import rows_of
from monosem.ground.arrays import MappedRows
from monosem.ground.progress import progress
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel
from monosem.text.tokens import counted

CONTEXTS = 64  # contexts a forward pass


def sample_positions(counted_SL: np.ndarray, per_context: int, rng: np.random.Generator) -> np.ndarray:
    """Bool [S, L]: `per_context` counted positions of each context, uniform without replacement (all, if fewer)."""
    draw_SL = np.where(counted_SL, rng.random(counted_SL.shape), 2.0)
    rank_SL = draw_SL.argsort(axis=1).argsort(axis=1)
    return (rank_SL < per_context) & counted_SL


class Share(NamedTuple):
    """What one of several jobs collects: rows `first_row` to `first_row + n_rows`, and the contexts that hold them."""

    numbers_S: np.ndarray  # of contexts, in blocks of CONTEXTS that rise within themselves
    rng: np.random.Generator  # of positions, where that of a job before this one would be
    first_row: int
    n_rows: int


@dataclass(frozen=True)
class Sample:
    """Rows to store: `n_vectors`, at most `per_context` of a context, from contexts in an order of the seed.

    Of the contexts every `parts`-th is taken, from number `part` on, so that models can be given different text.
    """

    n_vectors: int
    per_context: int
    seed: int
    part: int = 0
    parts: int = 1

    def share(self, tokens_SL: np.ndarray | MappedRows, bos: int, job: int = 0, jobs: int = 1) -> Share:
        """What job number `job` of `jobs` collects: whole blocks, as many as any other job or one more or less.

        Raises ValueError when the contexts do not hold `n_vectors`.
        """
        rng = np.random.default_rng([self.seed, 1])
        order_S = rng.permutation(np.arange(self.part, len(tokens_SL), self.parts))
        row_edges = [0]  # rows that the blocks before each hold
        for start in range(0, len(order_S), CONTEXTS):
            order_S[start : start + CONTEXTS].sort()
            counted_SL = counted(tokens_SL[order_S[start : start + CONTEXTS]], bos)
            row_edges.append(row_edges[-1] + int(np.minimum(counted_SL.sum(axis=1), self.per_context).sum()))
            if row_edges[-1] >= self.n_vectors:
                break
        else:
            raise ValueError(
                f"--n-vectors {self.n_vectors}: {len(order_S)} contexts with {self.per_context} positions each hold "
                f"{row_edges[-1]}; pack more tokens, or raise --per-context"
            )
        row_edges[-1] = self.n_vectors
        n_blocks = len(row_edges) - 1
        first, last = n_blocks * job // jobs, n_blocks * (job + 1) // jobs
        rng.bit_generator.advance(first * CONTEXTS * tokens_SL.shape[1])  # a number for each position of a block
        numbers_S = order_S[first * CONTEXTS : last * CONTEXTS]
        return Share(numbers_S, rng, row_edges[first], row_edges[last] - row_edges[first])


def sampled_rows(
    model: LanguageModel,
    tokens_SL: np.ndarray | MappedRows,
    bos: int,
    site: Site,
    share: Share,
    *,
    per_context: int,
    dtype: str,
) -> Iterator[np.ndarray]:
    """Blocks of structured rows (see `store.row_dtype`), those of a share."""
    device = next(model.parameters()).device
    left = share.n_rows
    with progress(desc="collect activations", unit="vector", unit_scale=True, total=left) as bar:
        for start in range(0, len(share.numbers_S), CONTEXTS):
            numbers_S = share.numbers_S[start : start + CONTEXTS]
            part_SL = tokens_SL[numbers_S].astype(np.int64)
            row_R, position_R = np.nonzero(sample_positions(counted(part_SL, bos), per_context, share.rng))
            row_R, position_R = row_R[:left], position_R[:left]
            acts_SLN = model.activations(torch.from_numpy(part_SL).to(device), site)
            acts_RN = acts_SLN[torch.from_numpy(row_R), torch.from_numpy(position_R)].cpu().numpy()
            columns = {"token": part_SL[row_R, position_R], "context": numbers_S[row_R], "position": position_R}
            yield rows_of(acts_RN, columns, dtype)
            bar.update(len(row_R))
            left -= len(row_R)
    assert not left, f"{left} rows of the share are missing"
