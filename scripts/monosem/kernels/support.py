"""Which pre-activations of a batch matter: those above a floor, or the largest.

    pre = x W^T + b

The product is computed in tiles of rows that fit the cache, and only what is above the floor is kept. With a narrow
`Screen` the product merely finds the entries; their values are computed again in the weights' own precision.

**Why a bfloat16 screen misses nothing.** With x = x' + dx and w = w' + dw, x' and w' rounded to bfloat16,

    |x.w - x'.w'| = |dx.w' + x.dw| <= ||dx|| ||w'|| + ||x|| ||dw||      (Cauchy-Schwarz)

and the float32 sums of the product add at most K 2^-24 (||x'|| ||w'|| + |b|), K its inner dimension. That bound is a
product of two short vectors, one of the input and one of the feature, so it is appended to both as further columns,
with the bias: the same matrix product then gives b + x'.w' + bound, which is above the floor wherever b + x.w is.

Shape suffixes: B vectors, R vectors of a tile, N neurons, F features, Z entries found.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monosem.devices import native_bfloat16
from monosem.kernels.csr import Csr

TILE = 256  # rows; 256 x 8192 bfloat16 pre-activations are 4 MiB
BLOCK = 512  # rows of weights worked on while they are in the cache
SAMPLED_ROWS = 64
GROUPS = 4  # for each of the k; 4 leave about 1.15 k candidates a row
SMALLEST = {  # above zero, as `ordered` gives it
    torch.bfloat16: np.int16(1),
    torch.float32: np.nextafter(np.float32(0), np.float32(1)),
    torch.float64: np.nextafter(np.float64(0), np.float64(1)),
}
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
    """Pre-activations above the floor (a number, or one for each feature), and with a margin some just below it."""
    found = [positions_above_zero(pre_RF) for pre_RF in tiles(x_BN, W_FN, b_F - floor, screen)]
    return valued(found, x_BN, W_FN, b_F)


def tiles(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, screen: Screen) -> Iterator[Tensor]:
    """Pre-activations [R, F] of the rows, tile by tile, in the screen's type; with a margin, raised by its bound."""
    if screen.dtype == x_BN.dtype:
        yield from (torch.addmm(b_F, rows_RN, W_FN.T) for rows_RN in x_BN.split(TILE))
        return
    W_KF = narrow_features(W_FN, b_F, screen).T
    yield from (torch.mm(narrow_inputs(rows_RN, screen), W_KF) for rows_RN in x_BN.split(TILE))


def valued(positions: list[Tensor], x_BN: Tensor, W_FN: Tensor, b_F: Tensor) -> Csr:
    """The entries at these flat positions of each tile, with their values in the weights' own precision."""
    columns, counts = [], []
    for position_Z, rows_RN in zip(positions, x_BN.split(TILE), strict=True):
        row_Z = position_Z // len(W_FN)
        columns.append((position_Z - row_Z * len(W_FN)).int())
        counts.append(torch.bincount(row_Z, minlength=len(rows_RN)))
    start_B1 = torch.nn.functional.pad(torch.cat(counts).cumsum(0), (1, 0)).int()
    found = Csr(start_B1, torch.cat(columns), x_BN.new_empty(0), len(W_FN))
    return found._replace(value_Z=found.dot(x_BN, W_FN).add_(b_F[found.column_Z]))


def narrow_inputs(x_RN: Tensor, screen: Screen) -> Tensor:
    """Inputs [R, N + 4] of the screen: 1, 1 for the two halves of the bias, and the two norms of the bound."""
    x_RK = x_RN.new_zeros(len(x_RN), x_RN.shape[1] + 4, dtype=screen.dtype)
    x_RK[:, :-4] = x_RN
    x_RK[:, -4:-2] = 1
    if screen.margin:
        x_RK[:, -2] = (x_RN - x_RK[:, :-4]).norm(dim=1) * ROUND_UP
        x_RK[:, -1] = x_RN.norm(dim=1) * ROUND_UP
    return x_RK


def narrow_features(W_FN: Tensor, b_F: Tensor, screen: Screen) -> Tensor:
    """Encoder rows [F, N + 4] to go with `narrow_inputs`: the bias in two halves, and the two norms of the bound."""
    W_FK = W_FN.new_zeros(len(W_FN), W_FN.shape[1] + 4, dtype=screen.dtype)
    W_FK[:, :-4] = W_FN
    if screen.margin:
        accumulation = W_FK.shape[1] * 2**-23  # of the screen, and of the product that gives the values
        b_F = b_F + b_F.abs() * (accumulation + 2**-15)  # 2^-16 is lost by the second half
        for rows_RN, narrow_RK in zip(W_FN.split(BLOCK), W_FK.split(BLOCK), strict=True):
            norm_R, lost_R = rows_RN.norm(dim=1), (rows_RN - narrow_RK[:, :-4]).norm(dim=1)
            narrow_RK[:, -2] = (norm_R + lost_R) * ROUND_UP
            narrow_RK[:, -1] = (lost_R + accumulation * (norm_R + lost_R)) * ROUND_UP
    W_FK[:, -4] = b_F
    W_FK[:, -3] = b_F - W_FK[:, -4]
    return W_FK


def positions_above_zero(pre_RF: Tensor) -> Tensor:
    """Flat positions, in order. numpy skips runs of False much faster than torch does on a CPU."""
    if pre_RF.is_cuda:
        return (pre_RF.flatten() > 0).nonzero()[:, 0]
    return torch.from_numpy(np.flatnonzero(ordered(pre_RF) > 0))


def largest_of_row(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, k: int, screen: Screen) -> Csr:
    """The k largest positive pre-activations of each row, or all positive ones of a row that has fewer.

    Features are dealt into groups. The k-th largest of a row's group maxima is no larger than its k-th largest entry,
    and seldom much smaller, so few entries more than k are candidates; a top-k over whole rows is never needed.
    """
    k = min(k, len(W_FN))
    slack = row_slack(W_FN, b_F, screen)
    found = []
    for pre_RF, rows_RN in zip(tiles(x_BN, W_FN, b_F, screen), x_BN.split(TILE), strict=True):
        floor_R = kth_group_maximum(pre_RF, k)
        if screen.margin:
            floor_R = (1 - 2**-6) * floor_R - slack(rows_RN)  # the first factor for three roundings
        found.append(positions_at_least(pre_RF, floor_R.clamp_min(0).to(pre_RF.dtype)))
    return largest_stored(valued(found, x_BN, W_FN, b_F), k)


def row_slack(W_FN: Tensor, b_F: Tensor, screen: Screen) -> Callable[[Tensor], Tensor]:
    """How far above its exact value a screen with margin may put an entry, at most, for each of some inputs [R]."""
    norm, lost = W_FN.norm(dim=1).max(), (W_FN - W_FN.to(screen.dtype)).norm(dim=1).max()
    bias = 2**-13 * b_F.abs().max()

    def slack(x_RN: Tensor) -> Tensor:
        lost_R = (x_RN - x_RN.to(screen.dtype)).norm(dim=1)
        return 2 * (1 + 2**-3) * (lost_R * norm + x_RN.norm(dim=1) * lost) + bias

    return slack


def kth_group_maximum(pre_RF: Tensor, k: int) -> Tensor:
    """A lower bound [R], never below 0, of the k-th largest entry of each row, if that is positive."""
    n_groups = min(pre_RF.shape[1], GROUPS * k)
    grouped_RMG = pre_RF[:, : pre_RF.shape[1] // n_groups * n_groups].unflatten(1, (-1, n_groups))
    largest_RG = grouped_RMG.amax(dim=1) if pre_RF.is_cuda else torch.from_numpy(ordered(grouped_RMG).max(axis=1))
    kth_R = largest_RG.clamp_min(0).topk(k, dim=1).values[:, -1].contiguous()
    return kth_R.view(torch.bfloat16).float() if pre_RF.dtype == torch.bfloat16 else kth_R


def positions_at_least(pre_RF: Tensor, floor_R: Tensor) -> Tensor:
    """Flat positions, in order, of entries that are positive and not below their row's floor."""
    if pre_RF.is_cuda:
        return ((pre_RF >= floor_R[:, None]) & (pre_RF > 0)).flatten().nonzero()[:, 0]
    lowest_R = np.maximum(ordered(floor_R), SMALLEST[floor_R.dtype])
    return torch.from_numpy(np.flatnonzero(ordered(pre_RF) >= lowest_R[:, None]))


def ordered(value: Tensor) -> np.ndarray:
    """The same numbers for numpy, which has no bfloat16: of those above zero, the order is that of their bits."""
    return (value.view(torch.int16) if value.dtype == torch.bfloat16 else value).numpy()


def largest_stored(found: Csr, k: int) -> Csr:
    """Of the stored entries above zero, the k largest of each row."""
    found = found.where(found.value_Z > 0)
    width = max(k, int(found.start_B1.diff().max()))
    row_Z = found.row_Z()
    place_Z = torch.arange(len(row_Z), device=row_Z.device) - found.start_B1[row_Z]
    padded_BP = found.value_Z.new_zeros(found.n_rows, width)
    padded_BP[row_Z, place_Z] = found.value_Z
    chosen_Bk = padded_BP.topk(k, dim=1).indices
    keep_BP = torch.zeros_like(padded_BP, dtype=torch.bool).scatter_(1, chosen_Bk, value=True)
    return found.where(keep_BP[row_Z, place_Z])


def largest_of_batch(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, k: int, screen: Screen) -> Csr:
    """The B x k largest positive pre-activations of the whole batch, or all positive ones if there are fewer.

    A sample of rows tells a floor with about 1.3 times as many above it; should it prove too high, it is lowered. The
    result does not depend on the sample.
    """
    wanted = len(x_BN) * min(k, len(W_FN))
    sample_RF = torch.addmm(b_F, x_BN[:: max(1, len(x_BN) // SAMPLED_ROWS)], W_FN.T)
    above = min(sample_RF.numel(), round(1.3 * min(k, len(W_FN)) * len(sample_RF)))
    first = floor = sample_RF.flatten().topk(above).values[-1].clamp_min(0).item()
    found = entries_above(x_BN, W_FN, b_F, floor, screen)
    while floor > 0 and int((found.value_Z > floor).sum()) < wanted:
        floor = floor / 2 if floor > first / 100 else 0.0
        found = entries_above(x_BN, W_FN, b_F, floor, screen)
    found = found.where(found.value_Z > 0)
    if len(found.value_Z) <= wanted:
        return found
    keep_Z = torch.zeros_like(found.value_Z, dtype=torch.bool)
    keep_Z[found.value_Z.topk(wanted, sorted=False).indices] = True
    return found.where(keep_Z)
