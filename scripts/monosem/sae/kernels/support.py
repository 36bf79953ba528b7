"""Which pre-activations of a batch matter: those above a floor.

    pre = x W^T + b

The product is computed in tiles that fit the cache, and only what is above the floor is kept. With a narrow
`Screen` the product merely finds the entries; their values are computed again in the weights' own precision.

**Why a bfloat16 screen misses nothing.** With x = x' + dx and w = w' + dw, x' and w' rounded to bfloat16,

    |x.w - x'.w'| = |dx.w' + x.dw| <= ||dx|| ||w'|| + ||x|| ||dw||      (Cauchy-Schwarz)

and the float32 sums of the product add at most K 2^-24 (||x'|| ||w'|| + |b|), K its inner dimension; those of the
product that computes the values, as much again. That bound is a product of two short vectors, one of the input and one
of the feature, so it is appended to both as further columns, rounded up, with the bias as the sum of two bfloat16
numbers: the same matrix product then gives b + x'.w' + bound, which is above the floor wherever b + x.w is. The proof
is for sums in float32 that are rounded, as on a CPU, N up to 2^16, and inputs that do not underflow.

Shape suffixes: B vectors, R vectors and C features of a tile, T tiles beside one another, N neurons, F features, K the
inner dimension of the screen's product, Z entries found.
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

TILE = (2048, 512)  # rows, columns: 2 MiB in bfloat16, which a CPU keeps in its cache, and products wide enough for it
CUDA_ROWS = 4096  # of all columns: a GPU is bound by launches instead
ROUND_UP = 1 + 2**-7  # rounding to bfloat16 takes at most 2^-8


class Screen(NamedTuple):
    """The type of the product that finds the entries; `margin` widens it by its rounding error, so none is missed."""

    dtype: torch.dtype
    margin: bool

    @classmethod
    def exact(cls, device: torch.device) -> "Screen":
        """For weights in float32: misses nothing, and is as cheap as the hardware allows."""
        return cls(torch.bfloat16, margin=True) if native_bfloat16(device) else cls(torch.float32, margin=False)


class Places(NamedTuple):
    """Where entries stand among some rows: row by row, in the order of their columns."""

    row_Z: Tensor
    column_Z: Tensor
    n_rows: int

    @classmethod
    def flat(cls, position_Z: Tensor, shape: tuple[int, ...]) -> "Places":
        row_Z = position_Z // shape[1]
        return cls(row_Z, position_Z - row_Z * shape[1], shape[0])

    def counts(self) -> Tensor:
        return torch.bincount(self.row_Z, minlength=self.n_rows)


def entries_above(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, floor: Tensor | float, screen: Screen) -> Csr:
    """Pre-activations above the floor (a number, or one for each feature).

    With a margin also some just below it; with a narrow screen without one, some such, and not some just above it.
    """
    found = [
        side_by_side([places_above_zero(pre_RC) for pre_RC in beside], TILE[1])
        for beside in tiles(x_BN, W_FN, b_F - floor, screen, TILE)
    ]
    return valued(found, x_BN, W_FN, b_F)


def tiles(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, screen: Screen, tile: tuple[int, int]) -> Iterator[Iterator[Tensor]]:
    """Pre-activations [R, C] in the screen's type, with a margin raised by its bound: for the rows of each tile, in
    turn, the tiles beside one another. On a GPU a tile has all columns."""
    rows, columns = (CUDA_ROWS, len(W_FN)) if x_BN.is_cuda else tile
    if screen.dtype == x_BN.dtype:
        parts = list(zip(W_FN.split(columns), b_F.split(columns), strict=True))
        for x_RN in x_BN.split(rows):
            yield (torch.addmm(b_C, x_RN, W_CN.T) for W_CN, b_C in parts)
        return
    narrow = narrow_features(W_FN, b_F, screen).split(columns)
    for x_RN in x_BN.split(rows):
        x_RK = narrow_inputs(x_RN, screen)
        yield (torch.mm(x_RK, W_CK.T) for W_CK in narrow)


def side_by_side(parts: list[Places], columns: int) -> Places:
    """The places in tiles that stand beside one another, each of so many columns, as places in all of them."""
    if len(parts) == 1:
        return parts[0]
    counts_RT = torch.stack([part.counts() for part in parts], dim=1)
    start_RT = (counts_RT.flatten().cumsum(0) - counts_RT.flatten()).view_as(counts_RT)
    shift_RT = start_RT - (counts_RT.cumsum(0) - counts_RT)  # of a row's entries, from their tile to all
    n_found = sum(len(part.row_Z) for part in parts)
    row_Z, column_Z = torch.repeat_interleave(counts_RT.sum(1)), parts[0].column_Z.new_empty(n_found)
    for number, part in enumerate(parts):
        place_Z = torch.arange(len(part.row_Z), device=row_Z.device) + shift_RT[:, number][part.row_Z]
        column_Z[place_Z] = part.column_Z + number * columns
    return Places(row_Z, column_Z, parts[0].n_rows)


def valued(found: list[Places], x_BN: Tensor, W_FN: Tensor, b_F: Tensor) -> Csr:
    """The entries at these places, of rows that follow on one another, with values in the weights' own precision."""
    start_B1 = F.pad(torch.cat([places.counts() for places in found]).cumsum(0), (1, 0))
    if start_B1[-1] >= 2**31:
        raise ValueError(f"{len(x_BN)} vectors x {len(W_FN)} features: over 2^31 codes at once; lower --batch")
    column_Z = torch.cat([places.column_Z.int() for places in found])
    entries = Csr(start_B1.int(), column_Z, x_BN.new_empty(0), len(W_FN))
    return entries._replace(value_Z=entries.dot(x_BN, W_FN).add_(b_F[column_Z]))


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


def places_above_zero(pre_RC: Tensor) -> Places:
    """numpy skips runs of False much faster than torch does on a CPU."""
    if pre_RC.is_cuda:
        return Places.flat((pre_RC.flatten() > 0).nonzero()[:, 0], pre_RC.shape)
    return Places.flat(torch.from_numpy(np.flatnonzero(ordered(pre_RC) > 0)), pre_RC.shape)


def ordered(value: Tensor) -> np.ndarray:
    """The same numbers for numpy, which has no bfloat16: of those above zero, the order is that of their bits."""
    return (value.view(torch.int16) if value.dtype == torch.bfloat16 else value).numpy()
