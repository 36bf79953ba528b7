"""Ways to write an activation vector with few numbers that no sparse autoencoder was trained for.

Coordinates along axes (principal, independent, the neurons themselves) are a dictionary in the saved form, each axis as
two features, one for each sign, so that the code of autoencoders encodes and decodes them. Random directions overlap,
so theirs are decoded by least squares, which is the best that the directions chosen can do.

Shape suffixes: B vectors to fit on, R vectors to rebuild, N neurons, F features, K axes, or directions of one vector.
"""

import warnings
from typing import NamedTuple

import torch
from torch import Tensor

from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.kernels import Screen

ROWS = 512  # vectors solved for at once
FLAT = 1e-3  # share of the largest standard deviation under which nothing varies along an axis
RIDGE = 1e-6  # keeps directions that are chosen together, and nearly the same, apart


class Axes(NamedTuple):
    """x = mean + sum of coordinate times direction, the coordinates (x - mean) . reading; directions have norm 1."""

    mean_N: Tensor
    reading_KN: Tensor
    direction_KN: Tensor

    def first(self, k: int) -> "Axes":
        return Axes(self.mean_N, self.reading_KN[:k], self.direction_KN[:k])

    def dictionary(self, k: int | None = None) -> SparseAutoencoder:
        """The k coordinates of largest size, of either sign; all of them without k."""
        reading_FN, direction_FN = (torch.cat([rows_KN, -rows_KN]) for rows_KN in self[1:])
        zeros_F = torch.zeros(len(reading_FN), device=reading_FN.device)
        return SparseAutoencoder(reading_FN, zeros_F, direction_FN, self.mean_N, zeros_F, k)


def principal_axes(x_BN: Tensor) -> Axes:
    """Of PCA, the one with the largest variance first."""
    _, vectors_NK = torch.linalg.eigh(x_BN.T.cov())
    axes_KN = vectors_NK.T.flip(0).contiguous()
    return Axes(x_BN.mean(dim=0), axes_KN, axes_KN)


def independent_axes(x_BN: Tensor, principal: Axes, max_steps: int, seed: int) -> tuple[Axes, int]:
    """Of ICA, in the space in which the vectors vary; and the steps of FastICA, which may not have converged."""
    from sklearn.decomposition import FastICA
    from sklearn.exceptions import ConvergenceWarning

    along_BK = (x_BN - principal.mean_N) @ principal.reading_KN.T
    size_K = along_BK.std(dim=0)
    varies_K = size_K > FLAT * size_K[0]
    size_K, axes_KN = size_K[varies_K], principal.direction_KN[varies_K]
    ica = FastICA(whiten=False, max_iter=max_steps, random_state=seed)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        # in float32 the rows it turns to each other grow without bound within a few steps
        ica.fit((along_BK[:, varies_K] / size_K).double().numpy())
    turn_KK = torch.from_numpy(ica.components_).float()  # orthogonal: its transpose turns back
    reading_KN, mixing_KN = turn_KK / size_K @ axes_KN, turn_KK * size_K @ axes_KN
    length_K1 = mixing_KN.norm(dim=1, keepdim=True)
    return Axes(principal.mean_N, reading_KN * length_K1, mixing_KN / length_K1), ica.n_iter_


def neuron_axes(mean_N: Tensor) -> Axes:
    """Neurons as they are; one that is not kept is left at `mean`, which may be 0."""
    identity_NN = torch.eye(len(mean_N))
    return Axes(mean_N, identity_NN, identity_NN)


def rebuild(dictionary: SparseAutoencoder, x_RN: Tensor) -> tuple[Tensor, int]:
    """The reconstruction by a dictionary, and its active features in all."""
    codes = dictionary.encode_sparse(x_RN, Screen.exact(x_RN.device))
    return dictionary.decode_sparse(codes), len(codes.value_Z)


class LeastSquares:
    """The k rows that reach furthest along x - mean, and the combination of these that comes closest to it."""

    def __init__(self, rows_FN: Tensor, mean_N: Tensor, k: int) -> None:
        self.rows_FN, self.mean_N, self.k = rows_FN, mean_N, k
        self.overlap_FF = rows_FN @ rows_FN.T

    def __call__(self, x_RN: Tensor) -> tuple[Tensor, int]:
        rebuilt = [self.combination(part_RN - self.mean_N) for part_RN in x_RN.split(ROWS)]
        return torch.cat(rebuilt) + self.mean_N, len(x_RN) * self.k

    def combination(self, centred_RN: Tensor) -> Tensor:
        along_RF = centred_RN @ self.rows_FN.T
        along_RK, chosen_RK = along_RF.topk(self.k, dim=1)
        overlap_RKK = self.overlap_FF[chosen_RK[:, :, None], chosen_RK[:, None, :]]
        overlap_RKK.diagonal(dim1=1, dim2=2).add_(RIDGE)
        factor_RKK = torch.linalg.cholesky(overlap_RKK)
        weight_RK1 = torch.cholesky_solve(along_RK[:, :, None], factor_RKK)
        return torch.zeros_like(along_RF).scatter_(1, chosen_RK, weight_RK1[:, :, 0]) @ self.rows_FN
