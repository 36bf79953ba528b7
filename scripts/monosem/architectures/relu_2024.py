"""relu-2024: Anthropic's recipe of April 2024 (transformer-circuits.pub/2024/april-update, "How we train SAEs").

    f = ReLU(W_e x + b_e)      x' = W_d f + b_d
    loss = mean over x of ||x - x'||^2 + l1 sum f_i |d_i|

The decoder is free, and the penalty weighs each code by its decoder norm, so that shrinking f and growing d gains
nothing. W_d starts as random directions of norm 0.1 and W_e as the same; biases start at zero. The recipe goes with a
penalty that rises over the first 5 % of the steps, gradients clipped at norm 1 and no resampling. Saved with the
decoder norms folded into the codes: f_i |d_i| and d_i / |d_i| are the same function.

    df = [f > 0] (e W_d + l1 |d| / B)      dW_d = f^T e + (l1 / B) (sum f) d / |d|
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from monosem.architectures.steps import (
    Now,
    Part,
    Step,
    count_above_zero,
    random_directions,
    reconstruct,
)
from monosem.kernels import Csr, Entries, Screen, Weights, entries_above
from monosem.sae import SparseAutoencoder

START_NORM = 0.1


@dataclass(frozen=True)
class Relu2024:
    l1: float

    unit_decoder: ClassVar[bool] = False
    has_dense: ClassVar[bool] = True
    per_feature: ClassVar[dict[str, float]] = {"b_enc_F": 0.0}
    encoder_bias: ClassVar[str] = "b_enc_F"

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        return tied_start(n_features, len(median_N), rng)

    def seen(self, weights: Weights, x_BN: Tensor) -> Tensor:
        return x_BN

    def support(self, weights: Weights, seen_BN: Tensor, screen: Screen) -> Csr:
        return entries_above(seen_BN, weights["W_enc_FN"], weights["b_enc_F"], 0.0, screen)

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        l1 = now.ramp * self.l1 / part.n_rows
        norm_F = weights["W_dec_FN"].norm(dim=1)
        code_E = entries.pre_E.relu()
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        grad_E = torch.ops.aten.threshold_backward(entries.dot(grad_RN).add_(entries.each(norm_F * l1)), code_E, 0)
        total_F = entries.total(code_E)
        grad_dec_FN = entries.outer(code_E, grad_RN)
        grad_dec_FN.addcmul_(weights["W_dec_FN"], (l1 * total_F / norm_F)[:, None])
        return Step(
            gradients={
                "W_enc_FN": entries.outer(grad_E, part.seen_RN),
                "b_enc_F": entries.total(grad_E),
                "W_dec_FN": grad_dec_FN,
                "b_dec_N": grad_RN.sum(dim=0),
            },
            mse=mse,
            penalty=l1 * (total_F @ norm_F),
            n_active=(n_active := count_above_zero(code_E)),
            n_entries=n_active,
            active_F=entries.active(code_E),
        )

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        return folded_decoder(weights, torch.zeros_like(weights["b_enc_F"]))


def tied_start(n_features: int, n_neurons: int, rng: torch.Generator) -> Weights:
    W_dec_FN = START_NORM * random_directions(n_features, n_neurons, rng)
    return {
        "W_enc_FN": W_dec_FN.clone(),
        "b_enc_F": torch.zeros(n_features),
        "W_dec_FN": W_dec_FN,
        "b_dec_N": torch.zeros(n_neurons),
    }


def folded_decoder(weights: Weights, threshold_F: Tensor) -> SparseAutoencoder:
    """The same function with unit decoder rows, and with the pre-encoder bias of the saved form."""
    norm_F = weights["W_dec_FN"].norm(dim=1)
    W_enc_FN = weights["W_enc_FN"] * norm_F[:, None]
    return SparseAutoencoder(
        W_enc_FN=W_enc_FN,
        b_enc_F=weights["b_enc_F"] * norm_F + W_enc_FN @ weights["b_dec_N"],
        W_dec_FN=weights["W_dec_FN"] / norm_F[:, None],
        b_dec_N=weights["b_dec_N"],
        threshold_F=threshold_F * norm_F,
    )
