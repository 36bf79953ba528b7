"""Neuron resampling (paper, appendix "Autoencoder resampling"): dead features get a new start where the loss is high.

Shape suffixes: B input vectors, N neurons, F features.
"""

from dataclasses import replace
from typing import NamedTuple

import torch
from torch import Tensor

from monosem.sae import SparseAutoencoder

ENCODER_NORM = 0.2  # of the mean norm of the alive features' encoder rows


class Resampled(NamedTuple):
    sae: SparseAutoencoder
    moments: list[tuple[Tensor, ...]]


def resample(
    sae: SparseAutoencoder,
    moments: list[tuple[Tensor, ...]],
    x_BN: Tensor,
    loss_B: Tensor,
    dead_F: Tensor,
    rng: torch.Generator,
) -> Resampled:
    """New parameters and Adam moments; nothing given is changed.

    For each dead feature an input is drawn with probability proportional to its squared loss. The decoder row becomes
    that input at unit norm, the encoder row the same at 0.2 of the alive features' mean encoder norm, the encoder bias
    0. Of `moments` (a tuple of tensors per parameter, in the order of `sae.parameters()`) only those of the changed
    rows are set to 0. Inputs of zeros have no direction and are not drawn. Without a dead feature, an alive one or an
    input to draw, all stays as it is.
    """
    n_dead = int(dead_F.sum())
    weight_B = (loss_B.double().square() * (x_BN.norm(dim=1) > 0)).cpu()
    if n_dead in (0, sae.n_features) or not weight_B.any():
        return Resampled(sae, moments)
    drawn = torch.multinomial(weight_B, n_dead, replacement=n_dead > int((weight_B > 0).sum()), generator=rng)
    direction_DN = x_BN[drawn.to(x_BN.device)]
    direction_DN = direction_DN / direction_DN.norm(dim=1, keepdim=True)
    norm = sae.W_enc_FN[~dead_F].norm(dim=1).mean() * ENCODER_NORM
    W_enc_FN, b_enc_F, W_dec_FN = sae.W_enc_FN.clone(), sae.b_enc_F.clone(), sae.W_dec_FN.clone()
    W_enc_FN[dead_F], b_enc_F[dead_F], W_dec_FN[dead_F] = direction_DN * norm, 0.0, direction_DN
    rows_changed = (True, True, True, False)  # the decoder bias belongs to no feature
    fresh = [
        tuple(zero_rows(moment, dead_F) for moment in pair) if changed else pair
        for pair, changed in zip(moments, rows_changed, strict=True)
    ]
    return Resampled(replace(sae, W_enc_FN=W_enc_FN, b_enc_F=b_enc_F, W_dec_FN=W_dec_FN), fresh)


def zero_rows(moment: Tensor, dead_F: Tensor) -> Tensor:
    moment = moment.clone()
    moment[dead_F] = 0.0
    return moment
