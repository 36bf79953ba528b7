"""One training step of a ReLU autoencoder, without autograd: the gradients of the textbook, at a fraction of its cost.

ReLU codes are exactly sparse, so past the encoder product every term of the gradient needs only the entries above
zero. `sparse_gradients` computes the encoder product in tiles that fit the cache, keeps the positions above zero, and
does the rest on a CSR matrix; `dense_gradients` is the same sums as matrix products, cheaper while codes are dense.
With bfloat16 the products are in bfloat16 with float32 accumulation; on the sparse path that decides only *which*
entries are above zero, and their values are computed again in the parameters' precision.

    e = 2 (x' - x) / B       df = [f > 0] (e W_d + lambda / B)
    dW_d = f^T e     dW_e = df^T (x - b_d)     db_e = sum df     db_d = sum e - db_e W_e

Shape suffixes: B vectors of a batch, R rows of a tile, N neurons, F features, Z entries above zero.
"""

import warnings
from typing import NamedTuple

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from monosem.sae import SparseAutoencoder

TILE = 256  # rows; 256 x 8192 bfloat16 pre-activations are 4 MiB
DENSE_TILE = 2048
SPARSE_BELOW = 0.04  # share of entries above zero under which the sparse step is the faster one, measured


class StepResult(NamedTuple):
    """Gradients in the order of `SparseAutoencoder.parameters()`, and what the step saw."""

    gradients: list[Tensor]
    mse: Tensor  # squared error, summed over N, mean over B
    l1: Tensor  # codes, summed over F, mean over B
    n_active: int  # entries above zero
    active_F: Tensor  # bool: above zero for some vector of the batch


class Csr(NamedTuple):
    """Positions above zero, row by row, and their values."""

    start_B1: Tensor
    column_Z: Tensor
    value_Z: Tensor

    def matrix(self, n_columns: int, value_Z: Tensor | None = None) -> Tensor:
        value_Z = self.value_Z if value_Z is None else value_Z
        return csr_tensor(self.start_B1, self.column_Z, value_Z, (len(self.start_B1) - 1, n_columns))


def csr_tensor(start_B1: Tensor, column_Z: Tensor, value_Z: Tensor, shape: tuple[int, int]) -> Tensor:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Sparse CSR tensor support is in beta")
        return torch.sparse_csr_tensor(start_B1, column_Z, value_Z, shape, check_invariants=False)


def positions_above_zero(pre_RF: Tensor) -> Tensor:
    """Flat positions, in order. numpy skips runs of False much faster than torch does on a CPU."""
    if pre_RF.is_cuda:
        return (pre_RF.flatten() > 0).nonzero()[:, 0]
    if pre_RF.dtype == torch.bfloat16:  # sign and zero are those of the same bits read as an integer
        pre_RF = pre_RF.view(torch.int16)
    return torch.from_numpy(np.flatnonzero(pre_RF.numpy() > 0))


def count_nonzero(codes_RF: Tensor) -> int:
    """Of codes, none below zero. On a CPU numpy counts ten times faster than torch, on the bits of a bfloat16 too."""
    if codes_RF.is_cuda:
        return int(codes_RF.count_nonzero())
    bits_RF = codes_RF.view(torch.int16) if codes_RF.dtype == torch.bfloat16 else codes_RF
    return int(np.count_nonzero(bits_RF.numpy()))


def encode_sparse(sae: SparseAutoencoder, x_BN: Tensor, dtype: torch.dtype) -> Csr:
    """Codes above zero, exact in the parameters' precision on the support that `dtype` finds."""
    centred_BN = x_BN - sae.b_dec_N
    narrow_BN, W_NF, b_F = centred_BN.to(dtype), sae.W_enc_FN.to(dtype).T, sae.b_enc_F.to(dtype)
    columns, values, counts = [], [], []
    for rows_RN in narrow_BN.split(TILE):
        pre_RF = torch.addmm(b_F, rows_RN, W_NF)
        position_Z = positions_above_zero(pre_RF)
        columns.append(position_Z % sae.n_features)
        counts.append(torch.bincount(position_Z // sae.n_features, minlength=len(rows_RN)))
        values.append(pre_RF.flatten()[position_Z])
    zero = torch.zeros(1, dtype=torch.int64, device=x_BN.device)
    codes = Csr(torch.cat([zero, torch.cat(counts).cumsum(0)]), torch.cat(columns), torch.cat(values).to(x_BN.dtype))
    if dtype != x_BN.dtype:
        products_Z = dot_where(codes, centred_BN, sae.W_enc_FN)
        codes = codes._replace(value_Z=torch.relu(products_Z + sae.b_enc_F[codes.column_Z]))
    return codes


def decode_sparse(sae: SparseAutoencoder, codes: Csr) -> Tensor:
    """Reconstructions [B, N]."""
    return codes.matrix(sae.n_features) @ sae.W_dec_FN + sae.b_dec_N


def dot_where(codes: Csr, left_BN: Tensor, right_FN: Tensor) -> Tensor:
    """left . right for the stored (row, column) pairs only, [Z]."""
    pattern = codes.matrix(len(right_FN), torch.zeros_like(codes.value_Z))
    return torch.sparse.sampled_addmm(pattern, left_BN, right_FN.T).values()


def transposed(codes: Csr, n_columns: int, values: tuple[Tensor, ...]) -> list[Tensor]:
    """CSR tensors [F, B] with the codes' positions and each of the given values."""
    n_rows = len(codes.start_B1) - 1
    if codes.value_Z.is_cuda:
        order_Z = codes.column_Z.argsort(stable=True)
        row_Z = torch.repeat_interleave(codes.start_B1.diff())[order_Z]
        start_F1 = torch.searchsorted(codes.column_Z[order_Z], torch.arange(n_columns + 1, device=order_Z.device))
    else:
        place_Z = np.arange(len(codes.value_Z))
        parts = (place_Z, codes.column_Z.numpy(), codes.start_B1.numpy())
        flipped = csr_array(parts, shape=(n_rows, n_columns)).tocsc()
        order_Z, row_Z = torch.from_numpy(flipped.data), torch.from_numpy(flipped.indices).long()
        start_F1 = torch.from_numpy(flipped.indptr).long()
    return [csr_tensor(start_F1, row_Z, value_Z[order_Z], (n_columns, n_rows)) for value_Z in values]


def sparse_gradients(sae: SparseAutoencoder, x_BN: Tensor, l1: float, dtype: torch.dtype) -> StepResult:
    B, F = len(x_BN), sae.n_features
    codes = encode_sparse(sae, x_BN, dtype)
    error_BN = decode_sparse(sae, codes) - x_BN
    grad_BN = error_BN * (2 / B)
    grad_Z = (dot_where(codes, grad_BN, sae.W_dec_FN) + l1 / B) * (codes.value_Z > 0)
    codes_FB, grad_FB = transposed(codes, F, (codes.value_Z, grad_Z))
    b_enc_F = torch.zeros_like(sae.b_enc_F).index_add_(0, codes.column_Z, grad_Z)
    gradients = [
        grad_FB @ (x_BN - sae.b_dec_N),
        b_enc_F,
        codes_FB @ grad_BN,
        grad_BN.sum(dim=0) - b_enc_F @ sae.W_enc_FN,
    ]
    active_F = torch.zeros(F, dtype=torch.bool, device=x_BN.device)
    active_F[codes.column_Z] = True
    n_active = int((codes.value_Z > 0).sum())
    return StepResult(gradients, error_BN.square().sum() / B, codes.value_Z.sum() / B, n_active, active_F)


def dense_gradients(sae: SparseAutoencoder, x_BN: Tensor, l1: float, dtype: torch.dtype) -> StepResult:
    B = len(x_BN)
    W_enc_FN, W_dec_FN = sae.W_enc_FN.to(dtype), sae.W_dec_FN.to(dtype)
    W_enc, b_enc, W_dec, b_dec = gradients = [torch.zeros_like(parameter) for parameter in sae.parameters()]
    mse, l1_sum, n_active = x_BN.new_zeros(()), x_BN.new_zeros(()), 0
    active_F = torch.zeros(sae.n_features, dtype=torch.bool, device=x_BN.device)
    for rows_RN in x_BN.split(DENSE_TILE):
        centred_RN = (rows_RN - sae.b_dec_N).to(dtype)
        codes_RF = torch.addmm(sae.b_enc_F.to(dtype), centred_RN, W_enc_FN.T).relu_()
        error_RN = (codes_RF @ W_dec_FN).to(x_BN.dtype) + sae.b_dec_N - rows_RN
        grad_RN = error_RN * (2 / B)
        grad_RF = (grad_RN.to(dtype) @ W_dec_FN.T).add_(l1 / B)
        grad_RF = torch.ops.aten.threshold_backward(grad_RF, codes_RF, 0)
        W_enc += grad_RF.T @ centred_RN
        b_enc += grad_RF.sum(dim=0, dtype=x_BN.dtype)
        W_dec += codes_RF.T @ grad_RN.to(dtype)
        b_dec += grad_RN.sum(dim=0)
        mse += error_RN.square().sum() / B
        l1_sum += codes_RF.sum(dtype=x_BN.dtype) / B
        n_active += count_nonzero(codes_RF)
        active_F |= codes_RF.amax(dim=0) > 0
    b_dec -= b_enc @ sae.W_enc_FN
    return StepResult(gradients, mse, l1_sum, n_active, active_F)
