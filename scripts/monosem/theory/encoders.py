"""How well encoders find the code of a known dictionary: x = f D, unit rows, f not below zero.

    tied          relu(x D^T)                        with bias    relu(x D^T + b)
    untied        relu(x W + b)                      MLP          relu(x D^T + relu(x W_1 + b_1) W_2 + b)
    one step      the tied code, and one step of ISTA: relu(f + (x - f D) D^T / L - l1 / 2 L), L = |D|^2
    many steps    until it stands still: what the dictionary itself allows under the same penalty

Where directions are not orthogonal a tied encoder reads each feature's neighbours into it. Bias, untied weights and MLP
are trained on |x - f D|^2 + l1 sum f, D fixed, and never see the true code.

Shape suffixes: Q dictionaries side by side, B vectors, N dimensions, F features, H hidden neurons.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from monosem.measures.metrics import ReconstructionSums
from monosem.theory.descent import descend

MANY = 300
Weights = dict[str, Tensor]
Encoder = Callable[[Weights, Tensor, Tensor], Tensor]  # own weights, x [Q, B, N], D [Q, F, N] -> codes [Q, B, F]


def tied(weights: Weights, x_QBN: Tensor, D_QFN: Tensor) -> Tensor:
    return (x_QBN @ D_QFN.mT + weights.get("b", 0.0)).relu()


def untied(weights: Weights, x_QBN: Tensor, D_QFN: Tensor) -> Tensor:
    return (x_QBN @ weights["W"] + weights["b"]).relu()


def mlp(weights: Weights, x_QBN: Tensor, D_QFN: Tensor) -> Tensor:
    hidden_QBH = (x_QBN @ weights["W_1"] + weights["b_1"]).relu()
    return (x_QBN @ D_QFN.mT + hidden_QBH @ weights["W_2"] + weights["b"]).relu()


def ista(x_QBN: Tensor, D_QFN: Tensor, l1: float, steps: int) -> Tensor:
    """From the tied code; `l1` against the squared error."""
    code_QBF = tied({}, x_QBN, D_QFN)
    longest_Q11 = torch.linalg.matrix_norm(D_QFN, ord=2).square()[:, None, None]
    for _ in range(steps):
        left_QBN = x_QBN - code_QBF @ D_QFN
        code_QBF = (code_QBF + (left_QBN @ D_QFN.mT - l1 / 2) / longest_Q11).relu()
    return code_QBF


@dataclass(frozen=True)
class Fitting:
    l1: float
    steps: int
    batch: int
    lr: float
    hidden: int
    seed: int


def starts(D_QFN: Tensor, hidden: int, rng: torch.Generator) -> dict[str, tuple[Encoder, Weights]]:
    """The encoders that are trained, all from the tied one."""
    Q, F, N = D_QFN.shape

    def zeros(width: int) -> Tensor:
        return torch.zeros(Q, 1, width)

    first = torch.randn(Q, N, hidden, generator=rng) / N**0.5
    layers = {"W_1": first, "b_1": zeros(hidden), "W_2": torch.zeros(Q, hidden, F), "b": zeros(F)}
    return {
        "with bias": (tied, {"b": zeros(F)}),
        "untied": (untied, {"W": D_QFN.mT.clone(), "b": zeros(F)}),
        "MLP": (mlp, layers),
    }


def fit(encoder: Encoder, weights: Weights, x_QTN: Tensor, D_QFN: Tensor, settings: Fitting) -> Weights:
    """Adam with a falling learning rate on batches drawn at random; `weights` are changed in place."""
    rng = torch.Generator().manual_seed(settings.seed)
    for weight in weights.values():
        weight.requires_grad_()
    for _ in descend(weights.values(), settings.lr, settings.steps, end=0.01):
        x_QBN = x_QTN[:, torch.randint(x_QTN.shape[1], (settings.batch,), generator=rng)]
        code_QBF = encoder(weights, x_QBN, D_QFN)
        error = (code_QBF @ D_QFN - x_QBN).square().sum(dim=2).mean(dim=1)
        (error + settings.l1 * code_QBF.sum(dim=2).mean(dim=1)).sum().backward()
    return {name: weight.detach() for name, weight in weights.items()}


def codes_of_all(x_QTN: Tensor, held_QBN: Tensor, D_QFN: Tensor, settings: Fitting) -> dict[str, Tensor]:
    """Codes of held-out vectors by every encoder; those that learn do so on the others."""
    found = {"tied": tied({}, held_QBN, D_QFN)}
    rng = torch.Generator().manual_seed(settings.seed)
    for name, (encoder, weights) in starts(D_QFN, settings.hidden, rng).items():
        found[name] = encoder(fit(encoder, weights, x_QTN, D_QFN, settings), held_QBN, D_QFN)
    found["one step"] = ista(held_QBN, D_QFN, settings.l1, 1)
    found["many steps"] = ista(held_QBN, D_QFN, settings.l1, MANY)
    return found


def share_left(true_BX: Tensor, found_BX: Tensor) -> float:
    """Squared error over squared length: 0 is perfect, 1 as good as nothing found."""
    sums = ReconstructionSums()
    sums.add(true_BX, found_BX)
    return sums.normalised_mse
