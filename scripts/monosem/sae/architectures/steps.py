"""What an architecture is, and one training step of any, over sparse or over dense entries.

A step is a sum over vectors, so a dense batch is done in tiles and added up. Loss is the mean over the batch.
Shape suffixes: B vectors of a batch, R of a tile, N neurons, F features, E entries ([Z] if sparse, [R, F] if dense).
"""

from dataclasses import dataclass
from typing import ClassVar, NamedTuple, Protocol

import numpy as np
import torch
from torch import Tensor

from monosem.sae.autoencoder import SparseAutoencoder, unit_rows
from monosem.sae.kernels import Csr, DenseEntries, Entries, Screen, SparseEntries, Weights

DENSE_ENTRIES = 1 << 26  # of a dense tile, so that memory does not grow with the width: 128 MiB in bfloat16


class Now(NamedTuple):
    """What a step depends on besides weights and inputs."""

    ramp: float  # factor of the sparsity penalty, up to 1
    dead_F: Tensor  # bool: silent for long


class Part(NamedTuple):
    """Vectors that a step is done on: a whole batch, or a tile of it."""

    x_RN: Tensor
    seen_RN: Tensor  # what the encoder sees: x, less the pre-encoder bias if there is one
    n_rows: int  # of the whole batch


@dataclass
class Step:
    gradients: Weights  # by the names of the weights
    mse: Tensor  # squared error, summed over neurons, mean over the batch (and over nested reconstructions)
    penalty: Tensor  # all else in the loss
    n_active: int  # codes above zero
    n_entries: int  # entries that a sparse step works on
    active_F: Tensor  # bool: above zero for some vector

    def plus(self, other: "Step") -> "Step":
        """The sum; the gradients of this one are overwritten."""
        for name, gradient in other.gradients.items():
            self.gradients[name] += gradient
        return Step(
            self.gradients,
            self.mse + other.mse,
            self.penalty + other.penalty,
            self.n_active + other.n_active,
            self.n_entries + other.n_entries,
            self.active_F | other.active_F,
        )


class Architecture(Protocol):
    """Its fields are its hyperparameters, so that a recipe can be held against them."""

    unit_decoder: ClassVar[bool]  # decoder rows are kept at unit norm
    pre_encoder_bias: ClassVar[bool]  # the encoder sees x - b_d
    has_dense: ClassVar[bool]  # codes may be dense; else the architecture sets their number
    per_feature: ClassVar[dict[str, float]]  # starting values of the weights that are one number a feature
    encoder_bias: ClassVar[str]  # the one of pre-activations

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        """New weights; `median_N` is the geometric median of the inputs."""

    def seen(self, weights: Weights, x_BN: Tensor) -> Tensor:
        """What the encoder sees of the inputs, [B, N]."""

    def support(self, weights: Weights, seen_BN: Tensor, screen: Screen) -> Csr:
        """The pre-activations outside of which every gradient is zero."""

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        """What these vectors add to the gradients and losses of their batch."""

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        """The saved form, with unit decoder rows; `x_BN` is a sample of inputs."""


def sparse_step(arch: Architecture, weights: Weights, x_BN: Tensor, screen: Screen, now: Now) -> Step:
    seen_BN = arch.seen(weights, x_BN)
    entries = SparseEntries(arch.support(weights, seen_BN, screen), weights["W_dec_FN"])
    return arch.step(weights, Part(x_BN, seen_BN, len(x_BN)), entries, now)


def dense_step(arch: Architecture, weights: Weights, x_BN: Tensor, dtype: torch.dtype, now: Now) -> Step:
    """As `sparse_step` with matrix products in `dtype`; cheaper while many codes are above zero."""
    total = None
    for x_RN in x_BN.split(max(1, DENSE_ENTRIES // len(weights["W_dec_FN"]))):
        seen_RN = arch.seen(weights, x_RN)
        pre_RF = affine(seen_RN, weights["W_enc_FN"], weights[arch.encoder_bias], dtype)
        entries = DenseEntries(pre_RF, weights["W_dec_FN"])
        step = arch.step(weights, Part(x_RN, seen_RN, len(x_BN)), entries, now)
        total = total.plus(step) if total else step
    return total


def affine(x_RN: Tensor, W_FN: Tensor, b_F: Tensor, dtype: torch.dtype) -> Tensor:
    return torch.addmm(b_F.to(dtype), x_RN.to(dtype), W_FN.to(dtype).T)


def reconstruct(weights: Weights, part: Part, entries: Entries, code_E: Tensor) -> tuple[Tensor, Tensor]:
    """The squared error ||x' - x||^2, mean over the batch, and its gradient [R, N] in x'."""
    error_RN = entries.decode(code_E).add_(weights["b_dec_N"]).sub_(part.x_RN)
    return square_sum(error_RN) / part.n_rows, error_RN.mul_(2 / part.n_rows)


def square_sum(error_RN: Tensor) -> Tensor:
    return error_RN.norm(dim=1).square().sum()


def count_above_zero(code_E: Tensor) -> int:
    """Of codes, none below zero. On a CPU numpy counts ten times faster than torch, on the bits of a bfloat16 too."""
    if code_E.is_cuda:
        return int(code_E.count_nonzero())
    bits_E = code_E.view(torch.int16) if code_E.dtype == torch.bfloat16 else code_E
    return int(np.count_nonzero(bits_E.numpy()))


def kaiming(n_features: int, n_neurons: int, rng: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
    """The paper's start: PyTorch's default Kaiming-uniform for W_e and b_e and, at unit norm, for W_d; untied."""

    def uniform(*shape: int, fan_in: int) -> Tensor:
        return (torch.rand(*shape, generator=rng) * 2 - 1) / fan_in**0.5

    W_enc_FN, b_enc_F = uniform(n_features, n_neurons, fan_in=n_neurons), uniform(n_features, fan_in=n_neurons)
    return W_enc_FN, b_enc_F, unit_rows(uniform(n_features, n_neurons, fan_in=n_features))
