"""gated: one encoder decides which features are there, another how strong they are (Rajamanoharan et al. 2024,
"Improving dictionary learning with gated sparse autoencoders").

    u = W_e (x - b_d)      gate = u + b_g      size = exp(r) u + b_m
    f = [gate > 0] ReLU(size)      x' = W_d f + b_d      |d_i| = 1
    loss = mean over x of ||x - x'||^2 + l1 sum ReLU(gate) + ||x - (W_d ReLU(gate) + b_d)||^2

In the last term W_d and b_d are taken as given: it teaches the gate alone. Gate and size rise with the same u, so the
saved form needs one encoder and a threshold: gate > 0 where size > b_m - exp(r) b_g.
"""

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from monosem.sae.architectures.families import Centred
from monosem.sae.architectures.steps import Now, Part, Step, count_above_zero, kaiming, reconstruct
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.kernels import Entries, Weights


@dataclass(frozen=True)
class Gated(Centred):
    l1: float

    per_feature: ClassVar[dict[str, float]] = {"b_gate_F": 0.0, "r_mag_F": 0.0, "b_mag_F": 0.0}
    encoder_bias: ClassVar[str] = "b_gate_F"

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        W_enc_FN, _, W_dec_FN = kaiming(n_features, len(median_N), rng)
        zeros = {name: torch.full((n_features,), value) for name, value in self.per_feature.items()}
        return {"W_enc_FN": W_enc_FN, **zeros, "W_dec_FN": W_dec_FN, "b_dec_N": median_N.clone()}

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        l1 = now.ramp * self.l1 / part.n_rows
        scale_F = weights["r_mag_F"].exp()
        scale_E = entries.each(scale_F)
        gate_E = entries.pre_E.relu()
        u_E = entries.pre_E - entries.each(weights["b_gate_F"])
        code_E = (scale_E * u_E + entries.each(weights["b_mag_F"])).relu() * (gate_E > 0)
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        gate_mse, gate_grad_RN = reconstruct(weights, part, entries, gate_E)
        size_grad_E = entries.dot(grad_RN) * (code_E > 0)
        gate_grad_E = (entries.dot(gate_grad_RN) + l1) * (gate_E > 0)
        size_outer_FN = entries.outer(size_grad_E, part.seen_RN)
        u_total_F = scale_F * entries.total(size_grad_E) + entries.total(gate_grad_E)
        return Step(
            gradients={
                "W_enc_FN": scale_F[:, None] * size_outer_FN + entries.outer(gate_grad_E, part.seen_RN),
                "b_gate_F": entries.total(gate_grad_E),
                # The sum of size gradient x exp(r) u, without the digits that u = gate - b_g loses to a large b_g.
                "r_mag_F": scale_F * (size_outer_FN * weights["W_enc_FN"]).sum(dim=1),
                "b_mag_F": entries.total(size_grad_E),
                "W_dec_FN": entries.outer(code_E, grad_RN),
                "b_dec_N": grad_RN.sum(dim=0) - u_total_F @ weights["W_enc_FN"],
            },
            mse=mse,
            penalty=l1 * gate_E.sum(dtype=part.x_RN.dtype) + gate_mse,
            n_active=count_above_zero(code_E),
            n_entries=count_above_zero(gate_E),
            active_F=entries.active(code_E),
        )

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        scale_F = weights["r_mag_F"].exp()
        return SparseAutoencoder(
            W_enc_FN=weights["W_enc_FN"] * scale_F[:, None],
            b_enc_F=weights["b_mag_F"],
            W_dec_FN=weights["W_dec_FN"],
            b_dec_N=weights["b_dec_N"],
            threshold_F=(weights["b_mag_F"] - scale_F * weights["b_gate_F"]).clamp_min(0),
        )
