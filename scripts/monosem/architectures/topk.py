"""topk: the k largest codes of each vector (Gao et al. 2024, "Scaling and evaluating sparse autoencoders").

    f = the k largest of ReLU(W_e (x - b_d) + b_e), others 0      x' = W_d f + b_d      |d_i| = 1
    loss = mean over x of ||x - x'||^2 + aux ||e - e'||^2

e = x - x', taken as given, and e' = W_d f_aux, with f_aux the k_aux largest of ReLU(W_e (x - b_d) + b_e) among dead
features only: they learn to explain what the others leave over (AuxK). W_e starts as the transpose of W_d.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from monosem.architectures.relu import affine_gradients
from monosem.architectures.steps import Now, Step, affine, random_directions, reconstruction_error, square_sum
from monosem.kernels import Entries, Screen, SparseEntries, Weights, largest_of_row
from monosem.sae import SparseAutoencoder

AUX_TILE = 1024  # rows


@dataclass(frozen=True)
class TopK:
    k: int
    k_aux: int
    aux: float

    unit_decoder: ClassVar[bool] = True
    has_dense: ClassVar[bool] = False
    per_feature: ClassVar[dict[str, float]] = {"b_enc_F": 0.0}

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        W_dec_FN = random_directions(n_features, len(median_N), rng)
        return {
            "W_enc_FN": W_dec_FN.clone(),
            "b_enc_F": torch.zeros(n_features),
            "W_dec_FN": W_dec_FN,
            "b_dec_N": median_N.clone(),
        }

    def sparse(self, weights: Weights, x_BN: Tensor, screen: Screen) -> SparseEntries:
        centred_BN = x_BN - weights["b_dec_N"]
        found = largest_of_row(centred_BN, weights["W_enc_FN"], weights["b_enc_F"], self.k, screen)
        return SparseEntries(found, weights["W_dec_FN"])

    def pre_activations(self, weights: Weights, x_RN: Tensor, dtype: torch.dtype) -> Tensor:
        raise NotImplementedError

    def step(self, weights: Weights, x_RN: Tensor, entries: Entries, now: Now, n_rows: int) -> Step:
        code_E = entries.pre_E
        error_RN = reconstruction_error(weights, x_RN, entries, code_E)
        grad_RN = error_RN * (2 / n_rows)
        step = Step(
            gradients=affine_gradients(weights, x_RN, entries, code_E, entries.dot(grad_RN), grad_RN),
            mse=square_sum(error_RN) / n_rows,
            penalty=x_RN.new_zeros(()),
            n_active=code_E.numel(),
            n_entries=code_E.numel(),
            active_F=entries.active(code_E),
        )
        add_aux(step, weights, x_RN, -error_RN, now.dead_F, self.k_aux, self.aux)
        return step

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        return SparseAutoencoder(**weights, threshold_F=torch.zeros_like(weights["b_enc_F"]), k=self.k)


def add_aux(
    step: Step, weights: Weights, x_BN: Tensor, left_BN: Tensor, dead_F: Tensor, k_aux: int, aux: float
) -> None:
    """Add AuxK to a step: what is left over, explained by the k_aux largest dead features of each vector."""
    dead_D = dead_F.nonzero()[:, 0]
    if not len(dead_D):
        return
    W_enc_DN, b_enc_D, W_dec_DN = (weights[name][dead_D] for name in ("W_enc_FN", "b_enc_F", "W_dec_FN"))
    for x_RN, left_RN in zip(x_BN.split(AUX_TILE), left_BN.split(AUX_TILE), strict=True):
        centred_RN = x_RN - weights["b_dec_N"]
        code_RD = affine(centred_RN, W_enc_DN, b_enc_D, x_BN.dtype).relu_()
        if len(dead_D) > k_aux:
            kept = code_RD.topk(k_aux, dim=1)
            code_RD = torch.zeros_like(code_RD).scatter_(1, kept.indices, kept.values)
        error_RN = code_RD @ W_dec_DN - left_RN
        grad_RN = error_RN * (2 * aux / len(x_BN))
        grad_RD = torch.ops.aten.threshold_backward(grad_RN @ W_dec_DN.T, code_RD, 0)
        b_enc_grad_D = grad_RD.sum(dim=0)
        step.gradients["W_enc_FN"].index_add_(0, dead_D, grad_RD.T @ centred_RN)
        step.gradients["b_enc_F"].index_add_(0, dead_D, b_enc_grad_D)
        step.gradients["W_dec_FN"].index_add_(0, dead_D, code_RD.T @ grad_RN)
        step.gradients["b_dec_N"] -= b_enc_grad_D @ W_enc_DN
        step.penalty += aux * square_sum(error_RN) / len(x_BN)
