"""Random directions as a dictionary: the baseline for what an arbitrary direction of the same activations scores.

Shape suffixes: B vectors of a sample, N neurons, F directions.
"""

import torch
from torch import Tensor

from monosem.sae.autoencoder import SparseAutoencoder, random_rows


def random_directions(x_BN: Tensor, n_directions: int, density: float, seed: int) -> SparseAutoencoder:
    """Unit vectors drawn uniformly from the sphere, each with a threshold: f = ReLU(W (x - mean) - threshold).

    The threshold lies where a direction is active on a `density` of the sample. A direction has two sides; only the one
    drawn counts, and the sphere holds the other as well. Untrained, the dictionary reconstructs nothing.
    """
    n_active = round(density * len(x_BN))
    if not 1 <= n_active < len(x_BN):
        raise ValueError(f"--density {density}: {n_active} of {len(x_BN)} sampled vectors; 1 or more expected, not all")
    W_FN = random_rows(n_directions, x_BN.shape[1], torch.Generator().manual_seed(seed))
    mean_N = x_BN.mean(dim=0)
    threshold_F = ((x_BN - mean_N) @ W_FN.T).topk(n_active + 1, dim=0).values[-1]
    return SparseAutoencoder(W_FN, -threshold_F, W_FN.clone(), mean_N, torch.zeros(n_directions))
