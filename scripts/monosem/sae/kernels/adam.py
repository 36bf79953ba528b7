"""Adam in one sweep: a block of rows is clipped, projected, stepped and renormalised while it is in the cache.

Shape suffixes: F features, N neurons.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

Weights = dict[str, Tensor]
BLOCK = 512  # rows of weights worked on while they are in the cache: four of 512 x 512 float32 are 4 MiB
EPSILON = 1e-8


@dataclass(frozen=True)
class Adam:
    """Settings of one step; `step` counts from 1."""

    step: int
    lr: float
    beta1: float
    beta2: float


def update(
    weights: Weights,
    gradients: Weights,
    moments: dict[str, tuple[Tensor, Tensor]],
    at: Adam,
    *,
    unit: bool,
    factor: Tensor | None = None,
) -> None:
    """Step every tensor of `weights` in place, by the gradients times `factor`; gradients are overwritten.

    With `unit` the part of the decoder rows' gradient that only changes their length is removed first, and after the
    step they are brought back to unit norm (paper, appendix "Sparse autoencoder": both are needed).
    """
    count = torch.tensor(float(at.step), device=weights["W_dec_FN"].device)
    for name, weight in weights.items():
        size = len(weight) if weight.is_cuda else BLOCK  # a GPU is bound by launches instead
        for start in range(0, len(weight), size):
            rows = slice(start, start + size)
            block, gradient = weight[rows], gradients[name][rows]
            if factor is not None:
                gradient *= factor
            if unit and name == "W_dec_FN":
                gradient -= (gradient * block).sum(dim=1, keepdim=True) * block
            step_block(block, gradient, [moment[rows] for moment in moments[name]], count, at)
            if unit and name == "W_dec_FN":
                block /= block.norm(dim=1, keepdim=True)


def step_block(weight: Tensor, gradient: Tensor, moments: list[Tensor], count: Tensor, at: Adam) -> None:
    torch._fused_adam_(
        [weight],
        [gradient],
        [moments[0]],
        [moments[1]],
        [],
        [count],
        lr=at.lr,
        beta1=at.beta1,
        beta2=at.beta2,
        weight_decay=0.0,
        eps=EPSILON,
        amsgrad=False,
        maximize=False,
    )


def clip_factor(gradients: Weights, largest_norm: float) -> Tensor:
    """What to multiply all gradients by, 1 at most, so that their common norm is at most `largest_norm`."""
    norm = torch.stack([gradient.norm() for gradient in gradients.values()]).norm()
    return (largest_norm / norm).clamp_max(1)  # of a norm of zero too
