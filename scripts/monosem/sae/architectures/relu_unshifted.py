"""relu-unshifted: relu without the pre-encoder bias, which Anthropic's update of February 2024 advises to drop ("Dying
features"); nothing else is changed, so that the two can be compared.

    f = ReLU(W_e x + b_e)      x' = W_d f + b_d      |d_i| = 1      loss as relu

The saved form has that bias, so W_e b_d is added to b_e there: W_e x + b_e = W_e (x - b_d) + (b_e + W_e b_d).
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from monosem.sae.architectures.families import uncentred_gradients
from monosem.sae.architectures.relu import Relu
from monosem.sae.architectures.steps import Part
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.kernels import Entries, Weights


@dataclass(frozen=True)
class ReluUnshifted(Relu):
    pre_encoder_bias: ClassVar[bool] = False

    def seen(self, weights: Weights, x_BN: Tensor) -> Tensor:
        return x_BN

    def gradients(
        self, weights: Weights, part: Part, entries: Entries, code_E: Tensor, grad_E: Tensor, grad_RN: Tensor
    ) -> Weights:
        return uncentred_gradients(part, entries, code_E, grad_E, grad_RN)

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        shifted_F = weights["b_enc_F"] + weights["W_enc_FN"] @ weights["b_dec_N"]
        return SparseAutoencoder(**{**weights, "b_enc_F": shifted_F}, threshold_F=torch.zeros_like(shifted_F))
