"""matryoshka: batch top-k whose first features must do on their own (Bussmann et al. 2025, "Learning multi-level
features with Matryoshka sparse autoencoders").

    f as batchtopk      x'_m = W_d[:F_m] f[:F_m] + b_d  for nested prefixes F_1 < ... < F_M = F
    loss = mean over x of (1 / M) sum over m of ||x - x'_m||^2 + AuxK on what x'_M leaves over

A feature of group m, those from F_(m-1) to F_m, is in every reconstruction from m on: its gradient is that of the sum
of their errors.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch

from monosem.sae.architectures.batchtopk import BatchTopK
from monosem.sae.architectures.steps import Now, Part, Step, square_sum
from monosem.sae.architectures.topk import add_aux
from monosem.sae.kernels import SparseEntries, Weights


@dataclass(frozen=True)
class Matryoshka(BatchTopK):
    prefixes: tuple[float, ...]  # shares of the features, rising to 1

    def edges(self, n_features: int) -> list[int]:
        """0, F_1, ..., F; raises ValueError if they do not rise to F."""
        found = [0, *(round(share * n_features) for share in self.prefixes)]
        if found[-1] != n_features or sorted(set(found)) != found:
            raise ValueError(
                f"--prefixes {self.prefixes}: shares of {n_features} features rising to 1 expected, these are {found}"
            )
        return found

    def step(self, weights: Weights, part: Part, entries: SparseEntries, now: Now) -> Step:
        edges = self.edges(len(weights["b_enc_F"]))
        groups = [entries.between(first, last) for first, last in pairwise(edges)]
        grads = [group.decode(group.pre_E) for group in groups]
        for before, after in pairwise([weights["b_dec_N"] - part.x_RN, *grads]):
            after += before  # now the errors x'_m - x
        factor, squares = 2 / (part.n_rows * len(groups)), sum(square_sum(error_RN) for error_RN in grads)
        last_RN = grads[-1] * (2 / part.n_rows)
        for after, before in pairwise(reversed(grads)):
            before += after  # now the sum of this prefix's error and of all longer ones'
        for grad_RN in grads:
            grad_RN *= factor
        parts = []
        for group, grad_RN in zip(groups, grads, strict=True):
            grad_E = group.dot(grad_RN)
            parts.append((group.outer(grad_E, part.seen_RN), group.total(grad_E), group.outer(group.pre_E, grad_RN)))
        W_enc_FN, b_enc_F, W_dec_FN = map(torch.cat, zip(*parts, strict=True))
        step = Step(
            gradients={
                "W_enc_FN": W_enc_FN,
                "b_enc_F": b_enc_F,
                "W_dec_FN": W_dec_FN,
                "b_dec_N": grads[0].sum(dim=0) - b_enc_F @ weights["W_enc_FN"],
            },
            mse=squares * factor / 2,
            penalty=part.x_RN.new_zeros(()),
            n_active=entries.pre_E.numel(),
            n_entries=entries.pre_E.numel(),
            active_F=entries.active(entries.pre_E),
        )
        add_aux(step, weights, part, last_RN, now.dead_F, self.k_aux, self.aux)
        return step
