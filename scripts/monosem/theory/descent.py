"""How the small models of the experiments are trained: by Adam, with a learning rate that falls along a line."""

from collections.abc import Iterable, Iterator

import torch
from torch import Tensor


def descend(weights: Iterable[Tensor], lr: float, steps: int, end: float = 0.0) -> Iterator[int]:
    """The number of each step; within it the caller computes a loss and its gradients. `end` is a share of `lr`."""
    optimizer = torch.optim.Adam(weights, lr=lr)
    decay = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, end, total_iters=steps)
    for step in range(steps):
        optimizer.zero_grad()
        yield step
        optimizer.step()
        decay.step()
