"""Neuron resampling (paper, appendix "Autoencoder resampling"): dead features get a new start where the loss is high.

Shape suffixes: B input vectors, N neurons, F features.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from monosem.sae.kernels import Weights

ENCODER_NORM = 0.2  # of the mean norm of the alive features' encoder rows
Moments = dict[str, tuple[Tensor, Tensor]]


class Resampled(NamedTuple):
    weights: Weights
    moments: Moments


def resample(
    weights: Weights,
    moments: Moments,
    x_BN: Tensor,
    loss_B: Tensor,
    dead_F: Tensor,
    per_feature: dict[str, float],
    rng: torch.Generator,
) -> Resampled:
    """New weights and Adam moments; nothing given is changed.

    For each dead feature an input is drawn with probability proportional to its squared loss. The decoder row becomes
    that input at unit norm, the encoder row the same at 0.2 of the alive features' mean encoder norm, and a weight of
    `per_feature` (such as the encoder bias) its starting value. Of `moments` only the rows of dead features are set to
    0. Inputs of zeros have no direction and are not drawn. Without a dead feature, an alive one or an input to draw,
    all stays as it is.
    """
    n_dead = int(dead_F.sum())
    weight_B = (loss_B.double().square() * (x_BN.norm(dim=1) > 0)).cpu()
    if n_dead in (0, len(dead_F)) or not weight_B.any():
        return Resampled(weights, moments)
    drawn = torch.multinomial(weight_B, n_dead, replacement=n_dead > int((weight_B > 0).sum()), generator=rng)
    direction_DN = x_BN[drawn.to(x_BN.device)]
    direction_DN = direction_DN / direction_DN.norm(dim=1, keepdim=True)
    norm = weights["W_enc_FN"][~dead_F].norm(dim=1).mean() * ENCODER_NORM
    rows = {"W_enc_FN": direction_DN * norm, "W_dec_FN": direction_DN, **per_feature}
    fresh_weights = {name: with_rows(tensor, dead_F, rows.get(name)) for name, tensor in weights.items()}
    fresh_moments = {
        name: tuple(with_rows(moment, dead_F, 0.0 if name in rows else None) for moment in pair)
        for name, pair in moments.items()
    }
    return Resampled(fresh_weights, fresh_moments)


def with_rows(tensor: Tensor, which_F: Tensor, rows: Tensor | float | None) -> Tensor:
    """A copy with the marked rows replaced; without replacement (what belongs to no feature), the tensor itself."""
    if rows is None:
        return tensor
    tensor = tensor.clone()
    tensor[which_F] = rows
    return tensor
