"""Which positions of which contexts enter the store, and what a model computes there.

Shape suffixes: S contexts, L position, R rows of a block, N site width.
"""

from collections.abc import Iterator

import numpy as np
import torch

from monosem.lm import LanguageModel, Site
from monosem.progress import progress
from monosem.store import rows_of
from monosem.tokens import counted

CONTEXTS = 64  # contexts a forward pass


def sample_positions(counted_SL: np.ndarray, per_context: int, rng: np.random.Generator) -> np.ndarray:
    """Bool [S, L]: `per_context` counted positions of each context, uniform without replacement (all, if fewer)."""
    draw_SL = np.where(counted_SL, rng.random(counted_SL.shape), 2.0)
    rank_SL = draw_SL.argsort(axis=1).argsort(axis=1)
    return (rank_SL < per_context) & counted_SL


def sampled_rows(
    model: LanguageModel,
    tokens_SL: np.ndarray,
    bos: int,
    site: Site,
    *,
    n_vectors: int,
    per_context: int,
    dtype: str,
    seed: int,
    part: int = 0,
    parts: int = 1,
) -> Iterator[np.ndarray]:
    """Blocks of structured rows (see `store.row_dtype`), `n_vectors` in all, from contexts in an order of the seed.

    Of the contexts every `parts`-th is taken, from number `part` on, so that models can be given different text.
    Raises ValueError when the contexts do not hold that many.
    """
    rng = np.random.default_rng([seed, 1])
    device = next(model.parameters()).device
    left = n_vectors
    order = rng.permutation(np.arange(part, len(tokens_SL), parts))
    with progress(desc="store activations", unit="vector", unit_scale=True, total=n_vectors) as bar:
        for start in range(0, len(order), CONTEXTS):
            numbers_S = np.sort(order[start : start + CONTEXTS])
            part_SL = tokens_SL[numbers_S].astype(np.int64)
            row_R, position_R = np.nonzero(sample_positions(counted(part_SL, bos), per_context, rng))
            row_R, position_R = row_R[:left], position_R[:left]
            acts_SLN = model.activations(torch.from_numpy(part_SL).to(device), site)
            acts_RN = acts_SLN[torch.from_numpy(row_R), torch.from_numpy(position_R)].cpu().numpy()
            columns = {"token": part_SL[row_R, position_R], "context": numbers_S[row_R], "position": position_R}
            yield rows_of(acts_RN, columns, dtype)
            bar.update(len(row_R))
            left -= len(row_R)
            if not left:
                return
    raise ValueError(
        f"--n-vectors {n_vectors}: {len(order)} contexts with {per_context} positions each hold "
        f"{n_vectors - left}; pack more tokens, or raise --per-context"
    )
