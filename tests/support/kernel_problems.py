"""Batches and weights that are hard to screen, and dense forms of what is found in them.

Shape suffixes: B vectors, N neurons, F features.
"""

import warnings

import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st

from monosem.sae.kernels import Screen

EXACT, NARROW = Screen(torch.float64, False), Screen(torch.bfloat16, True)
BOTH = pytest.mark.parametrize("screen", [EXACT, NARROW], ids=["float64", "bfloat16"])
MANY = settings(max_examples=80)
SEED = st.integers(0, 10**6)
SHAPES = (st.integers(1, 40), st.integers(1, 9), st.integers(1, 24))  # B, N, F


def assert_whole(csr):
    """Torch's own checks of a CSR matrix: types and lengths agree, columns rise within a row."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        parts = (csr.start_B1, csr.column_Z, csr.value_Z)
        torch.sparse_csr_tensor(*parts, (csr.n_rows, csr.n_columns), check_invariants=True)


def normals(rng, *shape):
    return torch.randn(*shape, generator=rng, dtype=torch.float64)


def magnitudes(rng, size, decades):
    """Some small, some large: powers of ten over that many decades."""
    return 10 ** (decades * (torch.rand(size, 1, generator=rng, dtype=torch.float64) - 0.5))


def problem(B, N, F, seed, decades=2, special=True):
    """Rows and features of norms that differ widely; `special`: some rows of zeros, some features same as others."""
    rng = torch.Generator().manual_seed(seed)
    x_BN = normals(rng, B, N) * magnitudes(rng, B, decades)
    W_FN, b_F = normals(rng, F, N) * magnitudes(rng, F, decades), 2 * normals(rng, F)
    if special:
        x_BN[torch.rand(B, generator=rng) < 0.1] = 0
        same_F = torch.where(torch.rand(F, generator=rng) < 0.3, 0, torch.arange(F))
        W_FN, b_F = W_FN[same_F], b_F[same_F]
    return x_BN, W_FN, b_F, rng


def dense(found, fill=0.0):
    assert_whole(found)
    result_BF = torch.full((found.n_rows, found.n_columns), fill, dtype=torch.float64)
    result_BF[found.row_Z(), found.column_Z] = found.value_Z.double()
    return result_BF
