"""A layer with nothing after it but an unembedding: how many features do its neurons come to stand for?

    h = relu(x W + b)      y = h U + c      x: F features, each on, with value 1, in a share p of the samples; n neurons

    softmax          cross-entropy of softmax(y) with an even guess among what is on; a last token stands for "nothing"
    squared          |y - x|^2
    squared, ReLU    |relu(y) - x|^2

A feature is *represented* if, on alone, it moves its own output at least half of the way: its probability, or its
value, rises by 1/2 or more over that with nothing on. (With a squared loss and a projection that is |W_i|^2 >= 1/2.)
Half of a probability is not half of a value, so *named* is the measure that all three have in common: a feature's
output is then larger than all other features'.

With a squared loss and a linear output y lies in n dimensions, whatever is before it, so the loss is (F - n) p (1 - p)
at least; where it is that, y is x on n dimensions, the rises of all features add up to n, and at most 2 n of them are
1/2. A softmax has no such limit: with features at equal distances on an arc over two neurons, U the same directions
times a number, every one of however many is represented once the number is large enough.

Shape suffixes: R layers that are trained side by side, B samples, F features, n neurons, V outputs.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from monosem.theory.descent import descend

SOFTMAX, SQUARED, SQUARED_RELU = "softmax", "squared", "squared, ReLU"
HEADS = (SOFTMAX, SQUARED, SQUARED_RELU)
HALF = 0.5


@dataclass(frozen=True)
class Layers:
    W_RFn: Tensor
    b_R1n: Tensor
    U_RnV: Tensor
    c_R1V: Tensor

    def __call__(self, x_RBF: Tensor, head: str) -> Tensor:
        """Logits or values of the outputs, [R, B, V]."""
        y_RBV = (x_RBF @ self.W_RFn + self.b_R1n).relu() @ self.U_RnV + self.c_R1V
        return y_RBV.relu() if head == SQUARED_RELU else y_RBV

    def weights(self) -> list[Tensor]:
        return [self.W_RFn, self.b_R1n, self.U_RnV, self.c_R1V]


@dataclass(frozen=True)
class Training:
    n_features: int
    steps: int
    batch: int
    lr: float  # Adam's at the start; it falls to 0
    seed: int


def start(neurons_R: list[int], n_features: int, head: str, rng: torch.Generator) -> Layers:
    """All weights into neurons are positive, so that no feature is silent from the start; spare neurons have none."""
    R, most, V = len(neurons_R), max(neurons_R), n_features + (head == SOFTMAX)
    used_R1n = (torch.arange(most) < torch.tensor(neurons_R)[:, None])[:, None].float()
    root_R11 = torch.tensor(neurons_R)[:, None, None] ** 0.5
    W_RFn = torch.randn(R, n_features, most, generator=rng).abs() / root_R11 * used_R1n
    U_RnV = torch.randn(R, most, V, generator=rng) / root_R11 * used_R1n.mT
    return Layers(W_RFn, torch.zeros(R, 1, most), U_RnV, torch.zeros(R, 1, V))


def loss(y_RBV: Tensor, x_RBF: Tensor, head: str) -> Tensor:
    """Mean over the samples, [R]."""
    if head != SOFTMAX:
        return (y_RBV - x_RBF).square().sum(dim=2).mean(dim=1)
    n_on_RB1 = x_RBF.sum(dim=2, keepdim=True)
    target_RBV = torch.cat([x_RBF, (n_on_RB1 == 0).to(x_RBF)], dim=2) / n_on_RB1.clamp_min(1)
    return -(target_RBV * y_RBV.log_softmax(dim=2)).sum(dim=2).mean(dim=1)


def train(neurons_R: list[int], mean_on_R: list[float], head: str, settings: Training) -> Layers:
    """Layers of so many neurons, on samples in which so many features are on, on average; Adam."""
    rng = torch.Generator().manual_seed(settings.seed)
    layers = start(neurons_R, settings.n_features, head, rng)
    for weight in layers.weights():
        weight.requires_grad_()
    on_R11 = torch.tensor(mean_on_R)[:, None, None] / settings.n_features
    for _ in descend(layers.weights(), settings.lr, settings.steps):
        x_RBF = (torch.rand(1, settings.batch, settings.n_features, generator=rng) < on_R11).float()
        loss(layers(x_RBF, head), x_RBF, head).sum().backward()
    return Layers(*(weight.detach() for weight in layers.weights()))


def alone(layers: Layers, head: str) -> tuple[Tensor, Tensor]:
    """Of each feature: by how much it raises its own output when it alone is on, [R, F]; and whether it is named.

    None is named where several outputs are the largest, as when a ReLU silences all.
    """
    R, F, _ = layers.W_RFn.shape
    one_RBF = torch.cat([torch.eye(F), torch.zeros(1, F)]).to(layers.W_RFn).expand(R, F + 1, F)
    out_RBV = layers(one_RBF, head)
    if head == SOFTMAX:
        out_RBV = out_RBV.softmax(dim=2)
    own_RF = out_RBV[:, :F, :F].diagonal(dim1=1, dim2=2)
    others_RFF = out_RBV[:, :F, :F].masked_fill(torch.eye(F, dtype=torch.bool), -torch.inf)
    return own_RF - out_RBV[:, F, :F], own_RF > others_RFF.amax(dim=2)
