"""What an MLP adds to the logits, in one number less than the residual stream has: the site `logits`.

The MLP's output o changes the logits by o M / s with M = P L W C: P takes the mean off, L is the final LayerNorm's
scale, W the unembedding, and s, its division, is left out, as in logit weights. C takes off the mean over all tokens: a
shift of all logits, of which trained models have much, changes no probability. Let U S^2 U^T be the eigenvectors and
eigenvalues of M M^T; one of them is zero, along the mean that P takes off, and is dropped. Then the coordinates

    y = o U S     have     |y - y'| = |(o - o') M|,     and     (y S^-1 U^T) M = o M:

distances of y are those of all V logits, so an autoencoder on y is one on logit updates, at the cost of a site as
narrow as the MLP's output, and what it reconstructs goes back into the model in place of o. The mean of o, which no
logit depends on, is lost. What is wrong in a direction of small S comes back large in o: it matters to the logits no
more than it did in y, but for s.

Shape suffixes: D residual width, C = D - 1 coordinates, V vocabulary.
"""

from typing import NamedTuple

import torch
from torch import Tensor


class LogitCoordinates(NamedTuple):
    to_DC: Tensor
    back_CD: Tensor


def logit_coordinates(scale_D: Tensor, W_U_DV: Tensor) -> LogitCoordinates:
    """In float64, and signs fixed, so that the same weights give the same coordinates."""
    M_DV = (scale_D[:, None] * W_U_DV).double()
    M_DV = M_DV - M_DV.mean(dim=0) - M_DV.mean(dim=1, keepdim=True) + M_DV.mean()  # (o - mean(o)) A = o (A - mean_D A)
    square_D, U_DD = torch.linalg.eigh(M_DV @ M_DV.T)
    U_DC, length_C = U_DD[:, 1:], square_D[1:].clamp_min(0).sqrt()
    highest_C = U_DC.gather(0, U_DC.abs().argmax(dim=0, keepdim=True))[0]
    U_DC = U_DC * highest_C.sign()
    seen_C = length_C > 1e-6 * length_C[-1]  # the unembedding of a tiny vocabulary may see less
    inverse_C = torch.where(seen_C, 1 / length_C.clamp_min(1e-30), 0.0)
    return LogitCoordinates((U_DC * length_C).to(scale_D.dtype), (U_DC * inverse_C).T.to(scale_D.dtype).contiguous())
