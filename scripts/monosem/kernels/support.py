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

from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monosem.devices import native_bfloat16
from monosem.kernels.csr import Csr

TILE = 256  # rows; 256 x 8192 bfloat16 pre-activations are 4 MiB
BLOCK = 512  # rows of weights worked on while they are in the cache
SAMPLED_ROWS = 64
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
    narrow = screen.dtype != x_BN.dtype
    right_FK = narrow_features(W_FN, b_F - floor, screen) if narrow else W_FN
    columns, counts, values = [], [], []
    for rows_RN in x_BN.split(TILE):
        if narrow:
            found_RF = torch.mm(narrow_inputs(rows_RN, screen), right_FK.T)
        else:
            found_RF = torch.addmm(b_F - floor, rows_RN, right_FK.T)
        position_Z = positions_above_zero(found_RF)
        row_Z = position_Z // len(W_FN)
        columns.append((position_Z - row_Z * len(W_FN)).int())
        counts.append(torch.bincount(row_Z, minlength=len(rows_RN)))
        if not narrow:
            values.append(found_RF.flatten()[position_Z])
    start_B1 = torch.nn.functional.pad(torch.cat(counts).cumsum(0), (1, 0)).int()
    found = Csr(start_B1, torch.cat(columns), x_BN.new_empty(0), len(W_FN))
    if narrow:
        return found._replace(value_Z=found.dot(x_BN, W_FN) + b_F[found.column_Z])
    lowered = floor[found.column_Z] if isinstance(floor, Tensor) else floor
    return found._replace(value_Z=torch.cat(values) + lowered)


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
