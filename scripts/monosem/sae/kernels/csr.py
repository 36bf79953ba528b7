"""Compressed sparse rows, and the three products of a training step that involve them.

Shape suffixes: B rows (vectors of a batch), F columns (features), Z stored entries, N neurons; P rows made of Q rows.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from scipy.sparse import csr_array
from torch import Tensor


class Csr(NamedTuple):
    """Entries row by row, in the order of their columns: those of row b are start_B1[b] to start_B1[b + 1]."""

    start_B1: Tensor
    column_Z: Tensor
    value_Z: Tensor
    n_columns: int

    @property
    def n_rows(self) -> int:
        return len(self.start_B1) - 1

    def row_Z(self) -> Tensor:
        return torch.repeat_interleave(self.start_B1.diff())

    def tensor(self, value_Z: Tensor | None = None) -> Tensor:
        """A torch CSR matrix [B, F], of other values if some are given."""
        value_Z, shape = self.value_Z if value_Z is None else value_Z, (self.n_rows, self.n_columns)
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
            return torch.sparse_csr_tensor(self.start_B1, self.column_Z, value_Z, shape, check_invariants=False)

    def times(self, value_Z: Tensor, right_FN: Tensor) -> Tensor:
        """values @ right, [B, N]."""
        return weighted_sums(right_FN, self.start_B1, self.column_Z, value_Z)

    def where(self, keep_Z: Tensor) -> "Csr":
        """Only the entries that `keep_Z` marks."""
        kept_Z1 = F.pad(keep_Z.cumsum(0), (1, 0)).to(self.start_B1.dtype)
        return Csr(kept_Z1[self.start_B1], self.column_Z[keep_Z], self.value_Z[keep_Z], self.n_columns)

    def dot(self, left_BN: Tensor, right_FN: Tensor) -> Tensor:
        """left[b] . right[f] for each stored (b, f), [Z]."""
        pattern = self.tensor(left_BN.new_zeros(len(self.column_Z)))
        return torch.sparse.sampled_addmm(pattern, left_BN, right_FN.T).values()

    def transposing(self) -> "Transposing":
        return Transposing.of(self)


class Transposing(NamedTuple):
    """The way from a Csr's entries to those of its transpose, found once and used for several sets of values."""

    start_F1: Tensor
    row_Z: Tensor
    order_Z: Tensor
    n_rows: int

    @classmethod
    def of(cls, csr: Csr) -> "Transposing":
        if csr.column_Z.is_cuda:
            order_Z = csr.column_Z.argsort(stable=True)
            edges_F1 = torch.arange(csr.n_columns + 1, device=order_Z.device, dtype=csr.column_Z.dtype)
            return cls(torch.searchsorted(csr.column_Z[order_Z], edges_F1), csr.row_Z()[order_Z], order_Z, csr.n_rows)
        place_Z = np.arange(len(csr.value_Z), dtype=np.int32)
        parts = (place_Z, csr.column_Z.numpy(), csr.start_B1.numpy())
        flipped = csr_array(parts, shape=(csr.n_rows, csr.n_columns)).tocsc()  # a counting sort, in C
        index = csr.column_Z.dtype
        start_F1, row_Z = (torch.from_numpy(part).to(index) for part in (flipped.indptr, flipped.indices))
        return cls(start_F1, row_Z, torch.from_numpy(flipped.data).long(), csr.n_rows)

    def times(self, value_Z: Tensor, right_BN: Tensor) -> Tensor:
        """transpose(values) @ right, [F, N]."""
        return weighted_sums(right_BN, self.start_F1, self.row_Z, value_Z[self.order_Z])


def weighted_sums(rows_QN: Tensor, start_P1: Tensor, row_Z: Tensor, weight_Z: Tensor) -> Tensor:
    """For each p the sum of weight x row over its entries, [P, N]: a CSR matrix times a dense one.

    As an embedding bag, whose kernel runs 3 to 6 times faster than the CSR product that torch has on a CPU.
    """
    if not len(row_Z):  # on which the kernel stumbles
        return rows_QN.new_zeros(len(start_P1) - 1, rows_QN.shape[1])
    return F.embedding_bag(
        row_Z, rows_QN, start_P1, mode="sum", per_sample_weights=weight_Z.to(rows_QN.dtype), include_last_offset=True
    )
