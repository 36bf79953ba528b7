"""What the blocks of a transformer are made of.

Shape suffixes: S sequences, L context position, P = S x L positions of a batch in a row, D residual width, H heads,
K head width, I inputs and O outputs of a product.
"""

import math
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Relu(torch.autograd.Function):
    """max(x, 0), whose backward needs the result alone, which the next product keeps anyway.

    torch.compile keeps a mask of torch's own relu besides, and writes it one entry at a time: 17 ns each on a CPU with
    AVX2, a tenth of a small model's training.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:  # noqa: ANN401
        y = x.clamp_min(0)
        ctx.save_for_backward(y)
        return y

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> Tensor:  # noqa: ANN401
        (y,) = ctx.saved_tensors
        return grad * y.sign()


ACTIVATIONS: dict[str, Callable[[Tensor], Tensor]] = {  # by the names that transformers and TransformerLens give them
    "relu": Relu.apply,
    "gelu": F.gelu,
    "gelu_new": partial(F.gelu, approximate="tanh"),
}


def matrix(rows: int, columns: int, rng: torch.Generator, std: float = 0.02) -> nn.Parameter:
    return nn.Parameter(torch.randn(rows, columns, generator=rng) * std)


class LayerNorm(nn.Module):
    """Mean removal and a learnt diagonal scale, what the paper's logit weights pass through; a bias if asked for."""

    def __init__(self, width: int, bias: bool) -> None:
        super().__init__()
        self.scale_D = nn.Parameter(torch.ones(width))
        self.bias_D = nn.Parameter(torch.zeros(width)) if bias else None

    def forward(self, x_SLD: Tensor) -> Tensor:
        return F.layer_norm(x_SLD, self.scale_D.shape, self.scale_D, self.bias_D)

    def after_division(self, normal_PD: Tensor) -> Tensor:
        """What is done to vectors whose mean is removed and that are divided already."""
        return normal_PD * self.scale_D + (0 if self.bias_D is None else self.bias_D)


def affine(x_SLI: Tensor, W_IO: Tensor, b_O: Tensor | None) -> Tensor:
    """x W + b in x's dtype, as one fused product: on a CPU the separate addition costs more than the product."""
    if b_O is None:
        return x_SLI @ W_IO.to(x_SLI.dtype)
    y_PO = torch.addmm(b_O.to(x_SLI.dtype), x_SLI.flatten(0, 1), W_IO.to(x_SLI.dtype))
    return y_PO.view(*x_SLI.shape[:2], -1)


def causal_attention(q_SHLK: Tensor, k_SHLK: Tensor, v_SHLK: Tensor) -> Tensor:
    """On a CPU the backward of torch's fused kernel is four times slower than the plain formula on short contexts."""
    L, K = q_SHLK.shape[-2:]
    if q_SHLK.is_cuda or L > 512 or not torch.is_grad_enabled():
        return F.scaled_dot_product_attention(q_SHLK, k_SHLK, v_SHLK, is_causal=True)
    future_LL = torch.ones(L, L, dtype=torch.bool).triu(1)
    scores_SHLL = (q_SHLK @ k_SHLK.transpose(-1, -2)).float() / math.sqrt(K)
    return scores_SHLL.masked_fill(future_LL, -math.inf).softmax(-1).to(v_SHLK.dtype) @ v_SHLK
