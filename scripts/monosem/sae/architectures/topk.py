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

from monosem.sae.architectures import steps
from monosem.sae.architectures.families import Centred, centred_gradients
from monosem.sae.architectures.steps import Now, Part, Step, reconstruct, square_sum
from monosem.sae.autoencoder import SparseAutoencoder, random_rows
from monosem.sae.kernels import Csr, Entries, Screen, Weights, largest_of_row


@dataclass(frozen=True)
class TopK(Centred):
    k: int
    k_aux: int
    aux: float

    has_dense: ClassVar[bool] = False

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        W_dec_FN = random_rows(n_features, len(median_N), rng)
        return {
            "W_enc_FN": W_dec_FN.clone(),
            "b_enc_F": torch.zeros(n_features),
            "W_dec_FN": W_dec_FN,
            "b_dec_N": median_N.clone(),
        }

    def support(self, weights: Weights, seen_BN: Tensor, screen: Screen) -> Csr:
        return largest_of_row(seen_BN, weights["W_enc_FN"], weights["b_enc_F"], self.k, screen)

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        code_E = entries.pre_E
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        step = Step(
            gradients=centred_gradients(weights, part, entries, code_E, entries.dot(grad_RN), grad_RN),
            mse=mse,
            penalty=part.x_RN.new_zeros(()),
            n_active=code_E.numel(),
            n_entries=code_E.numel(),
            active_F=entries.active(code_E),
        )
        add_aux(step, weights, part, grad_RN, now.dead_F, self.k_aux, self.aux)
        return step

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        return SparseAutoencoder(**weights, threshold_F=torch.zeros_like(weights["b_enc_F"]), k=self.k)


def add_aux(step: Step, weights: Weights, part: Part, grad_BN: Tensor, dead_F: Tensor, k_aux: int, aux: float) -> None:
    """Add AuxK to a step: what the codes leave over, explained by the k_aux largest dead features of each vector.

    `grad_BN` is the gradient 2 (x' - x) / B in their reconstruction.
    """
    dead_D = dead_F.nonzero()[:, 0]
    if not len(dead_D):
        return
    W_enc_DN, b_enc_D, W_dec_DN = (weights[name][dead_D] for name in ("W_enc_FN", "b_enc_F", "W_dec_FN"))
    rows = max(1, steps.DENSE_ENTRIES // len(dead_D))
    for seen_RN, grad_RN in zip(part.seen_RN.split(rows), grad_BN.split(rows), strict=True):
        code_RD = torch.addmm(b_enc_D, seen_RN, W_enc_DN.T).relu_()
        if len(dead_D) > k_aux:
            kept = code_RD.topk(k_aux, dim=1)
            code_RD = torch.zeros_like(code_RD).scatter_(1, kept.indices, kept.values)
        error_RN = code_RD @ W_dec_DN + grad_RN * (part.n_rows / 2)
        aux_grad_RN = error_RN * (2 * aux / part.n_rows)
        grad_RD = torch.ops.aten.threshold_backward(aux_grad_RN @ W_dec_DN.T, code_RD, 0)
        b_enc_grad_D = grad_RD.sum(dim=0)
        step.gradients["W_enc_FN"].index_add_(0, dead_D, grad_RD.T @ seen_RN)
        step.gradients["b_enc_F"].index_add_(0, dead_D, b_enc_grad_D)
        step.gradients["W_dec_FN"].index_add_(0, dead_D, code_RD.T @ aux_grad_RN)
        step.gradients["b_dec_N"] -= b_enc_grad_D @ W_enc_DN
        step.penalty += aux * square_sum(error_RN) / part.n_rows
