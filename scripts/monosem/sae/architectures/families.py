"""What architectures share: the two ways to tie encoder and decoder to the inputs, and codes above a floor.

Shape suffixes: B vectors of a batch, N neurons, F features, E entries.
"""

from typing import ClassVar

import torch
from torch import Tensor

from monosem.sae.architectures.steps import Part
from monosem.sae.autoencoder import SparseAutoencoder, random_rows
from monosem.sae.kernels import Csr, Entries, Screen, Weights, entries_above

START_NORM = 0.1  # of the rows of a free decoder


class AboveFloor:
    """One encoder with one bias a feature; what lies under the floor has no gradient."""

    has_dense: ClassVar[bool] = True
    per_feature: ClassVar[dict[str, float]] = {"b_enc_F": 0.0}
    encoder_bias: ClassVar[str] = "b_enc_F"

    def floor(self, weights: Weights) -> Tensor | float:
        return 0.0

    def support(self, weights: Weights, seen_BN: Tensor, screen: Screen) -> Csr:
        return entries_above(seen_BN, weights["W_enc_FN"], weights[self.encoder_bias], self.floor(weights), screen)


class Centred(AboveFloor):
    """The encoder sees x - b_d (the paper's pre-encoder bias), and decoder rows are kept at unit norm."""

    unit_decoder: ClassVar[bool] = True
    pre_encoder_bias: ClassVar[bool] = True

    def seen(self, weights: Weights, x_BN: Tensor) -> Tensor:
        return x_BN - weights["b_dec_N"]

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        return SparseAutoencoder(**weights, threshold_F=torch.zeros_like(weights["b_enc_F"]))


class FreeDecoder(AboveFloor):
    """The encoder sees x itself, and decoder rows have any norm. W_d starts as random directions of norm 0.1 and W_e as
    the same; biases start at zero. Saved with the norms folded into the codes: f_i |d_i| and d_i / |d_i| are the same
    function."""

    unit_decoder: ClassVar[bool] = False
    pre_encoder_bias: ClassVar[bool] = False

    def start(self, n_features: int, median_N: Tensor, rng: torch.Generator) -> Weights:
        W_dec_FN = START_NORM * random_rows(n_features, len(median_N), rng)
        biases = {name: torch.full((n_features,), value) for name, value in self.per_feature.items()}
        return {"W_enc_FN": W_dec_FN.clone(), **biases, "W_dec_FN": W_dec_FN, "b_dec_N": torch.zeros_like(median_N)}

    def seen(self, weights: Weights, x_BN: Tensor) -> Tensor:
        return x_BN

    def inference(self, weights: Weights, x_BN: Tensor) -> SparseAutoencoder:
        norm_F = weights["W_dec_FN"].norm(dim=1)
        W_enc_FN = weights["W_enc_FN"] * norm_F[:, None]
        return SparseAutoencoder(
            W_enc_FN=W_enc_FN,
            b_enc_F=weights["b_enc_F"] * norm_F + W_enc_FN @ weights["b_dec_N"],
            W_dec_FN=weights["W_dec_FN"] / norm_F[:, None],
            b_dec_N=weights["b_dec_N"],
            threshold_F=self.threshold_of(weights) * norm_F,
        )

    def threshold_of(self, weights: Weights) -> Tensor:
        """Under which a code is zero, [F]."""
        return torch.zeros_like(weights["b_enc_F"])


def centred_gradients(
    weights: Weights, part: Part, entries: Entries, code_E: Tensor, grad_E: Tensor, grad_RN: Tensor
) -> Weights:
    """Gradients of a centred autoencoder from those of its pre-activations and of its output."""
    b_enc_F = entries.total(grad_E)
    return {
        "W_enc_FN": entries.outer(grad_E, part.seen_RN),
        "b_enc_F": b_enc_F,
        "W_dec_FN": entries.outer(code_E, grad_RN),
        "b_dec_N": grad_RN.sum(dim=0) - b_enc_F @ weights["W_enc_FN"],
    }


def uncentred_gradients(part: Part, entries: Entries, code_E: Tensor, grad_E: Tensor, grad_RN: Tensor) -> Weights:
    """The same of an autoencoder whose encoder sees x itself."""
    return {
        "W_enc_FN": entries.outer(grad_E, part.seen_RN),
        "b_enc_F": entries.total(grad_E),
        "W_dec_FN": entries.outer(code_E, grad_RN),
        "b_dec_N": grad_RN.sum(dim=0),
    }
