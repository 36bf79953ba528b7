"""A residual MLP that learns answers to pairs by heart, and what each of its layers knows of them.

    x_0 = E_1[i] + E_2[j]      x_l = x_(l-1) + relu(norm(x_(l-1)) W_in + b_in) W_out + b_out      answer: norm(x_L) W_U

A pair is two one-hot vectors, its answer is drawn at random, so there is nothing to learn but the pairs themselves. The
logit lens reads norm(x_l) W_U after each layer. A pair is *learnt* at a layer if the loss read there is under a
threshold, and *settled* at the first layer from which on it is so at all layers. Blocks and normalisation are those of
the transformers, without attention.

Shape suffixes: T pairs, B pairs of a batch, D residual width, M neurons, V answers, K layers that are read, 0 to L.
"""

import math
from dataclasses import dataclass
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from monosem.lm.layers import LayerNorm, matrix
from monosem.theory.descent import descend


@dataclass(frozen=True)
class Shape:
    n_values: int  # of each of the two
    n_answers: int
    n_layers: int
    width: int
    neurons: int


class Pairs(NamedTuple):
    values_T2: Tensor
    answer_T: Tensor


def draw_pairs(n_pairs: int, shape: Shape, rng: torch.Generator) -> Pairs:
    """Different pairs, all equally likely, and random answers. Raises ValueError when there are not so many."""
    if n_pairs > shape.n_values**2:
        raise ValueError(f"{n_pairs} pairs: at most {shape.n_values**2} of {shape.n_values} values expected")
    number_T = torch.randperm(shape.n_values**2, generator=rng)[:n_pairs]
    values_T2 = torch.stack([number_T // shape.n_values, number_T % shape.n_values], dim=1)
    return Pairs(values_T2, torch.randint(shape.n_answers, (n_pairs,), generator=rng))


class ResidualBlock(nn.Module):
    def __init__(self, shape: Shape, rng: torch.Generator) -> None:
        super().__init__()
        D, M = shape.width, shape.neurons
        self.norm = LayerNorm(D, bias=False)
        self.W_in_DM, self.b_in_M = matrix(D, M, rng, D**-0.5), nn.Parameter(torch.zeros(M))
        into_residual = (M * shape.n_layers) ** -0.5
        self.W_out_MD, self.b_out_D = matrix(M, D, rng, into_residual), nn.Parameter(torch.zeros(D))

    def forward(self, x_BD: Tensor) -> Tensor:
        post_BM = torch.addmm(self.b_in_M, self.norm(x_BD), self.W_in_DM).relu()
        return x_BD + torch.addmm(self.b_out_D, post_BM, self.W_out_MD)


class ResidualMLP(nn.Module):
    def __init__(self, shape: Shape, *, seed: int) -> None:
        super().__init__()
        rng = torch.Generator().manual_seed(seed)
        self.E_1_ND, self.E_2_ND = (matrix(shape.n_values, shape.width, rng, 0.5**0.5) for _ in range(2))
        self.blocks = nn.ModuleList(ResidualBlock(shape, rng) for _ in range(shape.n_layers))
        self.norm = LayerNorm(shape.width, bias=False)
        self.W_U_DV = matrix(shape.width, shape.n_answers, rng, shape.width**-0.5)

    def stream(self, values_B2: Tensor) -> list[Tensor]:
        """The residual stream before the first block and after each, K times [B, D]."""
        streams = [F.embedding(values_B2[:, 0], self.E_1_ND) + F.embedding(values_B2[:, 1], self.E_2_ND)]
        for block in self.blocks:
            streams.append(block(streams[-1]))
        return streams

    def read(self, x_BD: Tensor) -> Tensor:
        """Logits of the answers, [B, V]."""
        return self.norm(x_BD) @ self.W_U_DV

    def forward(self, values_B2: Tensor) -> Tensor:
        return self.read(self.stream(values_B2)[-1])


@dataclass(frozen=True)
class Training:
    steps: int
    batch: int
    lr: float  # Adam's at the start; it falls to 0
    seed: int


def train(model: ResidualMLP, pairs: Pairs, settings: Training, parts: int = 20) -> list[list[float]]:
    """Returns, of each of `parts` stretches of the steps, the mean gradient norm of each block."""
    rng = torch.Generator().manual_seed(settings.seed)
    norms_SL = torch.zeros(settings.steps, len(model.blocks))
    for step in descend(model.parameters(), settings.lr, settings.steps):
        drawn_B = torch.randint(len(pairs.answer_T), (settings.batch,), generator=rng)
        F.cross_entropy(model(pairs.values_T2[drawn_B]), pairs.answer_T[drawn_B]).backward()
        norms_SL[step] = gradient_norms(model)
    return [part.mean(dim=0).tolist() for part in norms_SL.tensor_split(parts) if len(part)]


def gradient_norms(model: ResidualMLP) -> Tensor:
    """[L]: of all weights of each block together."""
    of_blocks = [[weight.grad.square().sum() for weight in block.parameters()] for block in model.blocks]
    return torch.stack([torch.stack(squares).sum().sqrt() for squares in of_blocks])


@torch.no_grad()
def lens(model: ResidualMLP, pairs: Pairs) -> Tensor:
    """Cross-entropy of each pair's answer as read after each layer, nats, [T, K]."""
    streams = model.stream(pairs.values_T2)
    return torch.stack([F.cross_entropy(model.read(x_TD), pairs.answer_T, reduction="none") for x_TD in streams], dim=1)


def settled(loss_TK: Tensor, threshold: float) -> Tensor:
    """First layer from which on each pair is learnt; K where it never is, [T]."""
    learnt_TK = loss_TK < threshold
    return loss_TK.shape[1] - learnt_TK.flip(1).long().cumprod(dim=1).sum(dim=1)


def chance(n_answers: int) -> float:
    """The loss of an even guess."""
    return math.log(n_answers)
