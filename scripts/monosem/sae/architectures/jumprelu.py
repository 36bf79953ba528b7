"""jumprelu: a code counts in full or not at all (Rajamanoharan et al. 2024, "Jumping ahead"), with the penalty of
Anthropic's January 2025 update (transformer-circuits.pub/2025/january-update).

    pre = W_e x + b_e      f = pre [pre > t]      x' = W_d f + b_d      t = exp(log_threshold)
    loss = mean over x of ||x - x'||^2 + l1 sum tanh(c f_i |d_i|) + pre_act sum over dead i of ReLU(t_i - pre_i) |d_i|

The step has no useful derivative in t, so it is given one near it (straight-through, bandwidth h):
df/dt = -(t / h) [|pre - t| < h / 2]; df/dpre = [pre > t]. The last term pulls features that have died back up to their
threshold. It has a gradient at nearly every entry of a dead feature, but the same one at each, so it is a sum over all
vectors less the few that are above the threshold. Start and saved form as relu-2024.
"""

import math
from dataclasses import dataclass

from torch import Tensor

from monosem.sae.architectures.families import FreeDecoder
from monosem.sae.architectures.steps import Now, Part, Step, reconstruct
from monosem.sae.kernels import Entries, Weights


@dataclass(frozen=True)
class JumpRelu(FreeDecoder):
    l1: float
    bandwidth: float
    threshold: float  # at the start
    tanh_scale: float
    pre_act: float

    @property
    def per_feature(self) -> dict[str, float]:
        return {"b_enc_F": 0.0, "log_threshold_F": math.log(self.threshold)}

    def threshold_of(self, weights: Weights) -> Tensor:
        return weights["log_threshold_F"].exp()

    def floor(self, weights: Weights) -> Tensor:
        return self.threshold_of(weights) - self.bandwidth / 2

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        l1, c = now.ramp * self.l1 / part.n_rows, self.tanh_scale
        norm_F, threshold_F = weights["W_dec_FN"].norm(dim=1), self.threshold_of(weights)
        threshold_E, norm_E = entries.each(threshold_F), entries.each(norm_F)
        open_E = entries.pre_E > threshold_E
        code_E = entries.pre_E * open_E
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        tanh_E = (c * norm_E * code_E).tanh()
        slope_E = l1 * c * (1 - tanh_E.square())  # d penalty / d (f |d|)
        grad_code_E = entries.dot(grad_RN) + slope_E * norm_E
        near_E = (entries.pre_E - threshold_E).abs() < self.bandwidth / 2
        grad_pre_E = grad_code_E * open_E
        grad_threshold_F = -entries.total(grad_code_E * near_E) * threshold_F / self.bandwidth
        grad_norm_F = entries.total(slope_E * code_E)
        gradients = {
            "W_enc_FN": entries.outer(grad_pre_E, part.seen_RN),
            "b_enc_F": entries.total(grad_pre_E),
            "W_dec_FN": entries.outer(code_E, grad_RN),
            "b_dec_N": grad_RN.sum(dim=0),
            "log_threshold_F": grad_threshold_F * threshold_F,
        }
        gradients["W_dec_FN"].addcmul_(weights["W_dec_FN"], (grad_norm_F / norm_F)[:, None])
        step = Step(
            gradients,
            mse=mse,
            penalty=l1 * tanh_E.sum(dtype=part.x_RN.dtype),
            n_active=int(open_E.count_nonzero()),
            n_entries=int((entries.pre_E > threshold_E - self.bandwidth / 2).count_nonzero()),
            active_F=entries.active(code_E),
        )
        self.add_pre_act(step, weights, part, entries, open_E, now.dead_F)
        return step

    def add_pre_act(
        self, step: Step, weights: Weights, part: Part, entries: Entries, open_E: Tensor, dead_F: Tensor
    ) -> None:
        """Add the term that revives dead features: sums over all vectors, less those above the threshold."""
        if not dead_F.any():
            return
        norm_F, threshold_F = weights["W_dec_FN"].norm(dim=1), self.threshold_of(weights)
        open_E = open_E.to(entries.pre_E.dtype)
        count_F = len(part.x_RN) - entries.total(open_E)
        x_sum_FN = part.seen_RN.sum(dim=0) - entries.outer(open_E, part.seen_RN)
        pre_sum_F = (x_sum_FN * weights["W_enc_FN"]).sum(dim=1) + count_F * weights["b_enc_F"]
        below_F = (threshold_F * count_F - pre_sum_F) * dead_F * (self.pre_act / part.n_rows)  # sum of ReLU(t - pre)
        factor_F = norm_F * dead_F * (self.pre_act / part.n_rows)
        step.gradients["W_enc_FN"] -= factor_F[:, None] * x_sum_FN
        step.gradients["b_enc_F"] -= factor_F * count_F
        step.gradients["W_dec_FN"].addcmul_(weights["W_dec_FN"], (below_F / norm_F)[:, None])
        step.gradients["log_threshold_F"] += factor_F * count_F * threshold_F
        step.penalty = step.penalty + below_F @ norm_F
