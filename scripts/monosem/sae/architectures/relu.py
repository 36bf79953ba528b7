"""relu: the autoencoder of Towards Monosemanticity (2023, appendix "Sparse autoencoder").

    f = ReLU(W_e (x - b_d) + b_e)      x' = W_d f + b_d      |d_i| = 1
    loss = mean over x of ||x - x'||^2 + l1 sum f

Squared error is summed over neurons (the paper's prose divides it by 512, so its l1 of 0.004 is 2.05 here).

    e = 2 (x' - x) / B       df = [f > 0] (e W_d + l1 / B)
    dW_d = f^T e     dW_e = df^T (x - b_d)     db_e = sum df     db_d = sum e - db_e W_e
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from monosem.sae.architectures.families import Centred, centred_gradients
from monosem.sae.architectures.steps import Now, Part, Step, count_above_zero, kaiming, reconstruct
from monosem.sae.kernels import Entries, Weights


@dataclass(frozen=True)
class Relu(Centred):
    l1: float

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        W_enc_FN, b_enc_F, W_dec_FN = kaiming(n_features, len(median_N), rng)
        return {"W_enc_FN": W_enc_FN, "b_enc_F": b_enc_F, "W_dec_FN": W_dec_FN, "b_dec_N": median_N.clone()}

    def step(self, weights: Weights, part: Part, entries: Entries, now: Now) -> Step:
        l1 = now.ramp * self.l1 / part.n_rows
        code_E = entries.pre_E.relu()
        mse, grad_RN = reconstruct(weights, part, entries, code_E)
        grad_E = torch.ops.aten.threshold_backward(entries.dot(grad_RN).add_(l1), code_E, 0)
        return Step(
            gradients=self.gradients(weights, part, entries, code_E, grad_E, grad_RN),
            mse=mse,
            penalty=l1 * code_E.sum(dtype=part.x_RN.dtype),
            n_active=(n_active := count_above_zero(code_E)),
            n_entries=n_active,
            active_F=entries.active(code_E),
        )

    def gradients(
        self, weights: Weights, part: Part, entries: Entries, code_E: Tensor, grad_E: Tensor, grad_RN: Tensor
    ) -> Weights:
        return centred_gradients(weights, part, entries, code_E, grad_E, grad_RN)
