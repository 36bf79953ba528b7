"""The next-token loss of training, tiled so that the logits of a batch never exist at once.

Shape suffixes: S contexts, L position, P = S x (L-1) predictions, B predictions of a tile, V vocabulary, D residual.
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

ROWS = 256  # of a tile, about
TileLoss = Callable[[Tensor, Tensor, int], tuple[Tensor, Tensor]]


class TiledCrossEntropy(torch.autograd.Function):
    """Mean next-token loss over `n_rows`, these or more, and its gradients, without ever holding a batch's logits.

    The loss is a scalar, so its gradient can be computed in the forward pass, tile by tile, while a tile's logits are
    in cache; backward only scales. Unembedding and softmax are most of a small model's cost.
    """

    @staticmethod
    def forward(
        ctx: Any,  # noqa: ANN401
        x_PD: Tensor,
        W_U_DV: Tensor,
        target_P: Tensor,
        tile: int,
        tile_loss: TileLoss,
        n_rows: int,
    ) -> Tensor:
        W_DV = W_U_DV.to(x_PD.dtype)
        grad_x_PD, grad_W_DV = torch.empty_like(x_PD), torch.zeros_like(W_U_DV)
        total = x_PD.new_zeros((), dtype=torch.promote_types(x_PD.dtype, torch.float32))
        for start in range(0, len(x_PD), tile):
            rows = slice(start, start + tile)
            loss, grad_BV = tile_loss(x_PD[rows] @ W_DV, target_P[rows], n_rows)
            total += loss
            grad_x_PD[rows] = grad_BV @ W_DV.T
            grad_W_DV += x_PD[rows].T @ grad_BV
        ctx.save_for_backward(grad_x_PD, grad_W_DV)
        return total

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:  # noqa: ANN401
        grad_x_PD, grad_W_DV = ctx.saved_tensors
        return grad_x_PD * grad.to(grad_x_PD.dtype), grad_W_DV * grad, None, None, None, None


def tile_loss(logits_BV: Tensor, target_B: Tensor, n_rows: int) -> tuple[Tensor, Tensor]:
    """A tile's share of the mean loss over `n_rows` (float32 or more), and its gradient [B, V] in the logits' dtype."""
    dtype = logits_BV.dtype
    logits_BV = logits_BV.to(torch.promote_types(dtype, torch.float32))
    largest_B1 = logits_BV.amax(dim=1, keepdim=True)
    exp_BV = (logits_BV - largest_B1).exp()
    z_B1 = exp_BV.sum(dim=1, keepdim=True)
    target_B1 = target_B[:, None]
    loss = (z_B1.log() + largest_B1 - logits_BV.gather(1, target_B1)).sum() / n_rows
    grad_BV = exp_BV * (1 / (z_B1 * n_rows))
    grad_BV = grad_BV.scatter_add(1, target_B1, grad_BV.new_full(target_B1.shape, -1 / n_rows))
    return loss, grad_BV.to(dtype)


def next_token_loss(
    x_SLD: Tensor,
    W_U_DV: Tensor,
    tokens_SL: Tensor,
    loss_of_tile: TileLoss = tile_loss,
    n_contexts: int | None = None,
) -> Tensor:
    """Mean cross-entropy in nats of predicting tokens 1..L-1 from the last residual stream at 0..L-2.

    Of a batch of `n_contexts` these may be a part: the losses of all parts, and their gradients, add up to the batch's.
    """
    S, L = tokens_SL.shape
    tile = max(1, ROWS // L) * (L - 1)  # whole contexts: equal tiles, so a compiled tile is compiled once
    x_PD, target_P = x_SLD[:, :-1].flatten(0, 1), tokens_SL[:, 1:].flatten()
    return TiledCrossEntropy.apply(x_PD, W_U_DV, target_P, tile, loss_of_tile, (n_contexts or S) * (L - 1))
