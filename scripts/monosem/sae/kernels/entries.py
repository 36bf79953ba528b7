"""The entries of a batch that a step works on, sparse or dense, under one interface.

An architecture writes its gradients once, as sums over entries; which of the two does them is a matter of cost.
Shape suffixes: R vectors, N neurons, F features, Z stored entries, E entries: [Z] if sparse, [R, F] if dense.
"""

from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from monosem.sae.kernels.csr import Csr, Transposing


class Entries(Protocol):
    pre_E: Tensor

    def each(self, value_F: Tensor) -> Tensor:
        """Each entry's own of one value a feature, in a shape that broadcasts with the entries."""

    def decode(self, code_E: Tensor) -> Tensor:
        """codes W_d, [R, N]."""

    def dot(self, grad_RN: Tensor) -> Tensor:
        """grad . decoder row, of each entry."""

    def outer(self, value_E: Tensor, left_RN: Tensor) -> Tensor:
        """Over the vectors, the sum of value x left, [F, N]."""

    def total(self, value_E: Tensor) -> Tensor:
        """Over the vectors, the sum of values, [F]."""

    def active(self, code_E: Tensor) -> Tensor:
        """Whether a feature has a code above zero, [F]."""


class SparseEntries:
    """Entries of a CSR matrix; what is not stored is zero."""

    def __init__(self, csr: Csr, W_dec_FN: Tensor) -> None:
        self.csr, self.W_dec_FN, self.pre_E = csr, W_dec_FN, csr.value_Z

    @cached_property
    def transposing(self) -> Transposing:
        return self.csr.transposing()

    def each(self, value_F: Tensor) -> Tensor:
        return value_F[self.csr.column_Z]

    def decode(self, code_E: Tensor) -> Tensor:
        return self.csr.times(code_E, self.W_dec_FN)

    def dot(self, grad_RN: Tensor) -> Tensor:
        return self.csr.dot(grad_RN, self.W_dec_FN)

    def outer(self, value_E: Tensor, left_RN: Tensor) -> Tensor:
        return self.transposing.times(value_E, left_RN)

    def total(self, value_E: Tensor) -> Tensor:
        return value_E.new_zeros(self.csr.n_columns).index_add_(0, self.csr.column_Z, value_E)

    def active(self, code_E: Tensor) -> Tensor:
        found_F = torch.zeros(self.csr.n_columns, dtype=torch.bool, device=code_E.device)
        found_F[self.csr.column_Z[code_E > 0]] = True
        return found_F

    def between(self, first: int, last: int) -> "SparseEntries":
        """The entries of the features first to last - 1, which become 0 to last - first - 1."""
        kept = self.csr.where((self.csr.column_Z >= first) & (self.csr.column_Z < last))
        csr = kept._replace(column_Z=kept.column_Z - first, n_columns=last - first)
        return SparseEntries(csr, self.W_dec_FN[first:last])


class DenseEntries:
    """A tile of pre-activations with nothing left out, its products in the tile's type, sums in the weights'."""

    def __init__(self, pre_RF: Tensor, W_dec_FN: Tensor) -> None:
        self.pre_E, self.W_dec_FN = pre_RF, W_dec_FN.to(pre_RF.dtype)
        self.sum_dtype = W_dec_FN.dtype

    def each(self, value_F: Tensor) -> Tensor:
        return value_F.to(self.pre_E.dtype)

    def decode(self, code_E: Tensor) -> Tensor:
        return (code_E @ self.W_dec_FN).to(self.sum_dtype)

    def dot(self, grad_RN: Tensor) -> Tensor:
        return grad_RN.to(self.pre_E.dtype) @ self.W_dec_FN.T

    def outer(self, value_E: Tensor, left_RN: Tensor) -> Tensor:
        return (value_E.T @ left_RN.to(self.pre_E.dtype)).to(self.sum_dtype)

    def total(self, value_E: Tensor) -> Tensor:
        return value_E.sum(dim=0, dtype=self.sum_dtype)

    def active(self, code_E: Tensor) -> Tensor:
        return code_E.amax(dim=0) > 0
