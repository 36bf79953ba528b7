"""Which pre-activations of a batch matter: those above a floor.

    pre = x W^T + b

The product is computed in tiles of rows that fit the cache, and only what is above the floor is kept. With a narrow
`Screen` the product merely finds the entries; their values are computed again in the weights' own precision.

**Why a bfloat16 screen misses nothing.** With x = x' + dx and w = w' + dw, x' and w' rounded to bfloat16,

    |x.w - x'.w'| = |dx.w' + x.dw| <= ||dx|| ||w'|| + ||x|| ||dw||      (Cauchy-Schwarz)

and the float32 sums of the product add at most K 2^-24 (||x'|| ||w'|| + |b|), K its inner dimension; those of the
product that computes the values, as much again. That bound is a product of two short vectors, one of the input and one
of the feature, so it is appended to both as further columns, rounded up, with the bias as the sum of two bfloat16
numbers: the same matrix product then gives b + x'.w' + bound, which is above the floor wherever b + x.w is. The proof
is for sums in float32 that are rounded, as on a CPU, N up to 2^16, and inputs that do not underflow.

Shape suffixes: B vectors, R vectors of a tile, N neurons, F features, Z entries found.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from monosem.ground.devices import native_bfloat16
from monosem.sae.kernels.adam import BLOCK
from monosem.sae.kernels.csr import Csr

TILE = 256  # rows; at width 8192 their bfloat16 pre-activations are 4 MiB, which a CPU keeps in its cache
CUDA_TILE = 4096  # a GPU is bound by launches instead
ROUND_UP = 1 + 2**-7  # rounding to bfloat16 takes at most 2^-8


class Screen(NamedTuple):
    """The type of the product that finds the entries; `margin` widens it by its rounding error, so none is missed."""

    dtype: torch.dtype
    margin: bool

    @classmethod
    def exact(cls, device: torch.device) -> "Screen":
        """For weights in float32: misses nothing, and is as cheap as the hardware allows."""
        return cls(torch.bfloat16, margin=True) if native_bfloat16(device) else cls(torch.float32, margin=False)


def entries_above(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, floor: Tensor | float, screen: Screen) -> Csr:
    """Pre-activations above the floor (a number, or one for each feature).

    With a margin also some just below it; with a narrow screen without one, some such, and not some just above it.
    """
    found = [positions_above_zero(pre_RF) for pre_RF in tiles(x_BN, W_FN, b_F - floor, screen)]
    return valued(found, x_BN, W_FN, b_F)


def row_tiles(x_BN: Tensor) -> tuple[Tensor, ...]:
    return x_BN.split(CUDA_TILE if x_BN.is_cuda else TILE)


def tiles(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, screen: Screen) -> Iterator[Tensor]:
    """Pre-activations [R, F] of the rows, tile by tile, in the screen's type; with a margin, raised by its bound."""
    if screen.dtype == x_BN.dtype:
        yield from (torch.addmm(b_F, rows_RN, W_FN.T) for rows_RN in row_tiles(x_BN))
        return
    W_KF = narrow_features(W_FN, b_F, screen).T
    yield from (torch.mm(narrow_inputs(rows_RN, screen), W_KF) for rows_RN in row_tiles(x_BN))


def valued(positions: list[Tensor], x_BN: Tensor, W_FN: Tensor, b_F: Tensor) -> Csr:
    """The entries at these flat positions of each tile, with their values in the weights' own precision."""
    columns, counts = [], []
    for position_Z, rows_RN in zip(positions, row_tiles(x_BN), strict=True):
        row_Z = position_Z // len(W_FN)
        columns.append((position_Z - row_Z * len(W_FN)).int())
        counts.append(torch.bincount(row_Z, minlength=len(rows_RN)))
    start_B1 = F.pad(torch.cat(counts).cumsum(0), (1, 0))
    if start_B1[-1] >= 2**31:
        raise ValueError(f"{len(x_BN)} vectors x {len(W_FN)} features: over 2^31 codes at once; lower --batch")
    start_B1 = start_B1.int()
    found = Csr(start_B1, torch.cat(columns), x_BN.new_empty(0), len(W_FN))
    return found._replace(value_Z=found.dot(x_BN, W_FN).add_(b_F[found.column_Z]))


def narrow_inputs(x_RN: Tensor, screen: Screen) -> Tensor:
    """Inputs [R, N + 4] of the screen: 1, 1 for the two halves of the bias, and the two norms of the bound."""
    x_RK = x_RN.new_empty(len(x_RN), x_RN.shape[1] + 4, dtype=screen.dtype)
    x_RK[:, :-4] = x_RN
    x_RK[:, -4:-2] = 1
    x_RK[:, -2:] = 0  # new memory holds anything, and 0 times NaN is NaN
    if screen.margin:
        x_RK[:, -2] = (x_RN - x_RK[:, :-4]).norm(dim=1) * ROUND_UP
        x_RK[:, -1] = x_RN.norm(dim=1) * ROUND_UP
    return x_RK


def narrow_features(W_FN: Tensor, b_F: Tensor, screen: Screen) -> Tensor:
    """Encoder rows [F, N + 4] to go with `narrow_inputs`: the bias in two halves, and the two norms of the bound."""
    W_FK = W_FN.new_zeros(len(W_FN), W_FN.shape[1] + 4, dtype=screen.dtype)
    W_FK[:, :-4] = W_FN
    if screen.margin:
        accumulation = accumulation_error(W_FN)
        b_F = b_F + b_F.abs() * (accumulation + 2**-15)  # 2^-16 is lost by the second half
        for rows_RN, narrow_RK in zip(W_FN.split(BLOCK), W_FK.split(BLOCK), strict=True):
            norm_R, lost_R = rows_RN.norm(dim=1), (rows_RN - narrow_RK[:, :-4]).norm(dim=1)
            narrow_RK[:, -2] = (norm_R + lost_R) * ROUND_UP
            narrow_RK[:, -1] = (lost_R + accumulation * (norm_R + lost_R)) * ROUND_UP
    W_FK[:, -4] = b_F
    W_FK[:, -3] = b_F - W_FK[:, -4]
    return W_FK


def accumulation_error(W_FN: Tensor) -> float:
    """Of the float32 sums of a screen and of the product that gives the values, relative to ||x|| ||w|| + |b|."""
    return (W_FN.shape[1] + 4) * 2**-23


def positions_above_zero(pre_RF: Tensor) -> Tensor:
    """Flat positions, in order. numpy skips runs of False much faster than torch does on a CPU."""
    if pre_RF.is_cuda:
        return (pre_RF.flatten() > 0).nonzero()[:, 0]
    return torch.from_numpy(np.flatnonzero(ordered(pre_RF) > 0))


def ordered(value: Tensor) -> np.ndarray:
    """The same numbers for numpy, which has no bfloat16: of those above zero, the order is that of their bits."""
    return (value.view(torch.int16) if value.dtype == torch.bfloat16 else value).numpy()
