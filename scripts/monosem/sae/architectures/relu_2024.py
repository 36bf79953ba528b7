"""relu-2024: Anthropic's recipe of April 2024 (transformer-circuits.pub/2024/april-update, "How we train SAEs").

    f = ReLU(W_e x + b_e)      x' = W_d f + b_d
    loss = mean over x of ||x - x'||^2 + l1 sum f_i |d_i|

The decoder is free, and the penalty weighs each code by its decoder norm, so that shrinking f and growing d gains
nothing. The recipe goes with a penalty that rises over the first 5 % of the steps, gradients clipped at norm 1 and no
resampling.

    df = [f > 0] (e W_d + l1 |d| / B)      dW_d = f^T e + (l1 / B) (sum f) d / |d|
"""

from dataclasses import dataclass

import torch

from monosem.sae.architectures.families import FreeDecoder, uncentred_gradients
from monosem.sae.architectures.steps import Now, Part, Step, count_above_zero, reconstruct
from monosem.sae.kernels import Entries, Weights


@dataclass(frozen=True)
class Relu2024(FreeDecoder):
    l1: float

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        l1 = now.ramp * self.l1 / part.n_rows
        norm_F = weights["W_dec_FN"].norm(dim=1)
        code_E = entries.pre_E.relu()
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        grad_E = torch.ops.aten.threshold_backward(entries.dot(grad_RN).add_(entries.each(norm_F * l1)), code_E, 0)
        total_F = entries.total(code_E)
        gradients = uncentred_gradients(part, entries, code_E, grad_E, grad_RN)
        gradients["W_dec_FN"].addcmul_(weights["W_dec_FN"], (l1 * total_F / norm_F)[:, None])
        return Step(
            gradients=gradients,
            mse=mse,
            penalty=l1 * (total_F @ norm_F),
            n_active=(n_active := count_above_zero(code_E)),
            n_entries=n_active,
            active_F=entries.active(code_E),
        )
