"""The largest pre-activations of each vector, or of a whole batch, without sorting what is far from them.

Shape suffixes: B vectors, R vectors of a tile, N neurons, F features, M by G members of groups, Z entries found,
k entries wanted, P places.
"""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from monosem.sae.kernels.adam import BLOCK
from monosem.sae.kernels.csr import Csr
from monosem.sae.kernels.support import (
    CUDA_ROWS,
    Places,
    Screen,
    accumulation_error,
    entries_above,
    ordered,
    tiles,
    valued,
)

ROWS = 256  # of all columns at once, since a row's floor is found from all of it
SAMPLED_ROWS = 64
GROUPS = 4  # for each of the k; 4 leave about 1.15 k candidates a row
SMALLEST = {  # above zero, as `ordered` gives it
    torch.bfloat16: np.int16(1),
    torch.float32: np.nextafter(np.float32(0), np.float32(1)),
    torch.float64: np.nextafter(np.float64(0), np.float64(1)),
}


def largest_of_row(x_BN: Tensor, W_FN: Tensor, b_F: Tensor, k: int, screen: Screen) -> Csr:
    """The k largest positive pre-activations of each row, or all positive ones of a row that has fewer.

    Features are dealt into groups. The k-th largest of a row's group maxima is no larger than its k-th largest entry,
    and seldom much smaller, so few entries more than k are candidates; a top-k over whole rows is never needed.
    """
    k = min(k, len(W_FN))
    slack = row_slack(W_FN, b_F, screen) if screen.margin else None
    rows, found = CUDA_ROWS if x_BN.is_cuda else ROWS, []
    whole_rows = tiles(x_BN, W_FN, b_F, screen, (rows, len(W_FN)))
    for (pre_RF,), rows_RN in zip(whole_rows, x_BN.split(rows), strict=True):
        floor_R = kth_group_maximum(pre_RF, k)
        if slack:
            floor_R = (1 - 2**-6) * floor_R - slack(rows_RN)  # the first factor for three roundings
        found.append(places_at_least(pre_RF, floor_R.clamp_min(0).to(pre_RF.dtype)))
    return largest_stored(valued(found, x_BN, W_FN, b_F), k)


def row_slack(W_FN: Tensor, b_F: Tensor, screen: Screen) -> Callable[[Tensor], Tensor]:
    """How far above its exact value a screen with margin may put an entry, at most, for each of some inputs [R]."""
    norm = W_FN.norm(dim=1).max()
    lost = torch.stack([(rows_RN - rows_RN.to(screen.dtype)).norm(dim=1).max() for rows_RN in W_FN.split(BLOCK)]).max()
    accumulation = accumulation_error(W_FN)
    lost, bias = lost + accumulation * norm, (2**-14 + 2 * accumulation) * b_F.abs().max()

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


def places_at_least(pre_RF: Tensor, floor_R: Tensor) -> Places:
    """Of entries that are positive and not below their row's floor."""
    if pre_RF.is_cuda:
        return Places.flat(((pre_RF >= floor_R[:, None]) & (pre_RF > 0)).flatten().nonzero()[:, 0], pre_RF.shape)
    lowest_R = np.maximum(ordered(floor_R), SMALLEST[floor_R.dtype])
    found_Z = np.flatnonzero(ordered(pre_RF) >= lowest_R[:, None])
    return Places.flat(torch.from_numpy(found_Z), pre_RF.shape)


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
