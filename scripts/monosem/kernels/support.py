"""Which pre-activations of a batch matter: those above a floor, or the largest.

    pre = x W^T + b

The product is computed in tiles of rows that fit the cache, and only what is above the floor is kept. With a narrow
`Screen` the product merely finds the entries; their values are computed again in the weights' own precision.

**Why a bfloat16 screen misses nothing.** Rounding to bfloat16 changes a number by at most 2^-9 of itself, so
|fl(x).fl(w) - x.w| <= (2^-8 + 2^-18) sum |x_i w_i| <= (2^-8 + 2^-18) ||x|| ||w|| (Cauchy-Schwarz), plus the float32
accumulation, under N 2^-24 of the same. Lowering the floor by that bound keeps every entry that is above it.

Shape suffixes: B vectors, R vectors of a tile, N neurons, F features, Z entries found.
"""

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monosem.devices import native_bfloat16
from monosem.kernels.csr import Csr

TILE = 256  # rows; 256 x 8192 bfloat16 pre-activations are 4 MiB
SAMPLED_ROWS = 64


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
    shifted_F = b_F - floor
    if screen.margin:
        relative = 2**-8 + 2**-18 + x_BN.shape[1] * 2**-24
        shifted_F = shifted_F + relative * x_BN.norm(dim=1).max() * W_FN.norm(dim=1)
        shifted_F = shifted_F + 2**-8 * shifted_F.abs()  # its own rounding
    narrow_BN, W_NF, shifted_F = x_BN.to(screen.dtype), W_FN.to(screen.dtype).T, shifted_F.to(screen.dtype)
    columns, counts, values = [], [], []
    for rows_RN in narrow_BN.split(TILE):
        found_RF = torch.addmm(shifted_F, rows_RN, W_NF)
        position_Z = positions_above_zero(found_RF)
        row_Z = position_Z // len(W_FN)
        columns.append((position_Z - row_Z * len(W_FN)).int())
        counts.append(torch.bincount(row_Z, minlength=len(rows_RN)))
        if screen.dtype == x_BN.dtype:
            values.append(found_RF.flatten()[position_Z])
    start_B1 = torch.nn.functional.pad(torch.cat(counts).cumsum(0), (1, 0)).int()
    column_Z = torch.cat(columns)
    if screen.dtype == x_BN.dtype:
        lowered = floor[column_Z] if isinstance(floor, Tensor) else floor
        return Csr(start_B1, column_Z, torch.cat(values) + lowered, len(W_FN))
    found = Csr(start_B1, column_Z, x_BN.new_empty(0), len(W_FN))
    return found._replace(value_Z=found.dot(x_BN, W_FN) + b_F[column_Z])


def positions_above_zero(pre_RF: Tensor) -> Tensor:
    """Flat positions, in order. numpy skips runs of False much faster than torch does on a CPU."""
    if pre_RF.is_cuda:
        return (pre_RF.flatten() > 0).nonzero()[:, 0]
    if pre_RF.dtype == torch.bfloat16:  # sign and zero are those of the same bits read as an integer
        pre_RF = pre_RF.view(torch.int16)
    return torch.from_numpy(np.flatnonzero(pre_RF.numpy() > 0))


def sampled_rows(x_BN: Tensor) -> Tensor:
    return x_BN[:: max(1, len(x_BN) // SAMPLED_ROWS)]


def largest_of_row(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, k: int, screen: Screen) -> Csr:
    """The k largest positive pre-activations of each row, or all positive ones of a row that has fewer.

    A floor that nearly all rows of a sample exceed k times leaves few candidates a row; rows for which it proves too
    high are searched again with the floor at zero. The result does not depend on the sample.
    """
    k = min(k, len(W_FN))
    sample_RF = torch.addmm(b_F, sampled_rows(x_BN), W_FN.T)
    kth_R = sample_RF.topk(k, dim=1).values[:, -1].sort().values
    floor = kth_R[len(kth_R) // 50].clamp_min(0).item() * 0.9
    found = entries_above(x_BN, W_FN, b_F, floor, screen)
    enough_B = row_counts(found, found.value_Z > floor) >= k
    if floor > 0 and not enough_B.all():
        again = entries_above(x_BN[~enough_B], W_FN, b_F, 0.0, screen)
        found = merged(found, again, enough_B)
    return largest_stored(found, k)


def row_counts(found: Csr, marked_Z: Tensor) -> Tensor:
    """Marked entries of each row, [B]."""
    return torch.nn.functional.pad(marked_Z.cumsum(0), (1, 0))[found.start_B1].diff()


def merged(first: Csr, second: Csr, from_first_B: Tensor) -> Csr:
    """The rows of `first` that are marked, and in place of the others, in order, the rows of `second`."""
    row_of_second_Z = (~from_first_B).nonzero()[:, 0][second.row_Z()]
    kept = first.where(from_first_B[first.row_Z()])
    row_Z = torch.cat([kept.row_Z(), row_of_second_Z])
    order_Z = row_Z.argsort(stable=True)
    column_Z = torch.cat([kept.column_Z, second.column_Z])[order_Z]
    count_B = torch.bincount(row_Z, minlength=first.n_rows)
    start_B1 = torch.nn.functional.pad(count_B.cumsum(0), (1, 0)).to(first.start_B1.dtype)
    return Csr(start_B1, column_Z, torch.cat([kept.value_Z, second.value_Z])[order_Z], first.n_columns)


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
    """The B x k largest positive pre-activations of the whole batch, or all positive ones if there are fewer."""
    wanted = len(x_BN) * min(k, len(W_FN))
    sample_RF = torch.addmm(b_F, sampled_rows(x_BN), W_FN.T)
    above = min(sample_RF.numel(), round(1.3 * min(k, len(W_FN)) * len(sample_RF)))
    floor = sample_RF.flatten().topk(above).values[-1].clamp_min(0).item()
    found = entries_above(x_BN, W_FN, b_F, floor, screen)
    if floor > 0 and int((found.value_Z > floor).sum()) < wanted:
        found = entries_above(x_BN, W_FN, b_F, 0.0, screen)
    found = found.where(found.value_Z > 0)
    if len(found.value_Z) <= wanted:
        return found
    keep_Z = torch.zeros_like(found.value_Z, dtype=torch.bool)
    keep_Z[found.value_Z.topk(wanted, sorted=False).indices] = True
    return found.where(keep_Z)
