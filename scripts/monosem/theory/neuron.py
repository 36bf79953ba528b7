"""One neuron for several exclusive features, under cross-entropy: what it comes to stand for.

Exactly one of I features is on, each as often as the others; the neuron's output must tell which.

    a = act(w_i + b)      P = softmax(a u + c)      loss = mean over i of -ln P_i + l1 mean a

An on/off neuron that is on for k features can at best give each side its own uniform guess, and loses
(k ln k + (I - k) ln (I - k)) / I. A neuron with real values can do more: logits on a line can favour each of any number
of features in turn (u_i = 2 a_i, c_i = -a_i^2, times a large number), so only the m features on which it is 0 stay
indistinguishable, and the loss can come as near to m ln m / I as one likes.

Shape suffixes: R neurons that are trained side by side, I features.
"""

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from monosem.theory.descent import descend

N_FEATURES = 4  # of the discussion
ON_OFF, REAL = "on/off", "real-valued"
ACTIVE = 1e-3  # activation above which a real-valued neuron counts as on


def best_loss(n_features: int, n_on: int, kind: str = ON_OFF) -> float:
    """The least loss, nats, of a neuron that is on for `n_on` features; the infimum where it is real-valued."""
    off = n_features - n_on
    uncertain = [off, n_on] if kind == ON_OFF else [off]
    return sum(size * math.log(size) for size in uncertain if size) / n_features


def turning_penalty(n_features: int, fewer: int, more: int) -> float:
    """The l1 above which an on/off neuron for `fewer` features beats one for `more`, all in all."""
    gain = best_loss(n_features, fewer) - best_loss(n_features, more)
    return gain * n_features / (more - fewer)


@dataclass(frozen=True)
class Training:
    n_features: int
    steps: int
    lr: float  # at the start; it falls to 0, so that no neuron is left switching to and fro
    seed: int


@dataclass(frozen=True)
class Trained:
    act_RI: Tensor
    loss_R: Tensor  # cross-entropy alone

    @property
    def n_on_R(self) -> Tensor:
        return (self.act_RI > ACTIVE).sum(dim=1)


def activation(pre_RI: Tensor, kind: str, kept: int | None) -> Tensor:
    """On/off passes a sigmoid's gradient; of `kept` features, the neuron keeps its strongest activations only."""
    if kind == ON_OFF:
        soft_RI = torch.sigmoid(pre_RI)
        return (pre_RI > 0).to(pre_RI) + soft_RI - soft_RI.detach()
    act_RI = pre_RI.relu()
    if kept is None:
        return act_RI
    least_R1 = act_RI.topk(kept, dim=1).values[:, -1:]
    return act_RI * (act_RI >= least_R1)


def cross_entropy(act_RI: Tensor, u_RI: Tensor, c_RI: Tensor) -> Tensor:
    """[R]: mean over features i of -ln softmax(a_i u + c)_i."""
    logits_RII = act_RI[:, :, None] * u_RI[:, None, :] + c_RI[:, None, :]
    return -logits_RII.log_softmax(dim=2).diagonal(dim1=1, dim2=2).mean(dim=1)


def train(kind: str, l1_R: Tensor, settings: Training, kept: int | None = None, on_RI: Tensor | None = None) -> Trained:
    """Neurons from random starts, each with a penalty of its own; `on_RI` fixes what they are on for instead.

    A real-valued neuron's output weights have unit norm, else it would evade the penalty by small activations.
    """
    rng = torch.Generator().manual_seed(settings.seed)
    shape = (len(l1_R), settings.n_features)
    w_RI, u_RI = (torch.randn(shape, generator=rng, dtype=torch.float64).requires_grad_() for _ in range(2))
    b_R1, c_RI = (torch.zeros(size, dtype=torch.float64).requires_grad_() for size in ((shape[0], 1), shape))

    def now() -> tuple[Tensor, Tensor]:
        act_RI = activation(w_RI + b_R1, kind, kept) if on_RI is None else on_RI
        out_RI = u_RI if kind == ON_OFF else u_RI / u_RI.norm(dim=1, keepdim=True)
        return act_RI, cross_entropy(act_RI, out_RI, c_RI)

    for _ in descend([w_RI, b_R1, u_RI, c_RI], settings.lr, settings.steps):
        act_RI, loss_R = now()
        (loss_R + l1_R * act_RI.mean(dim=1)).sum().backward()
    with torch.no_grad():
        act_RI, loss_R = now()
    return Trained(act_RI.detach(), loss_R.detach())
