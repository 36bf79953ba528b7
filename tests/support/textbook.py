"""The loss of every autoencoder, dense and line by line from its equations, for autograd to differentiate.

Nothing here is fast, and nothing here is shared with `monosem`: the hand-written gradients are held against it.
`border` of a result is the least change of a pre-activation that could change what is active, or which side of a kink
or of a rectangle's edge an entry is on: nearer than its rounding error, two right answers may differ.
Shape suffixes: B vectors, N neurons, F features, E entries of a matrix in one row, R rows of any matrix, C its columns.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

Weights = dict[str, Tensor]


class Textbook(NamedTuple):
    mse: Tensor
    penalty: Tensor  # all of the loss that is not `mse`
    codes_BF: Tensor
    reconstruction_BN: Tensor
    border: float


def constant(tensor: Tensor) -> Tensor:
    """A value that is not differentiated; one name for it, so that finite differences can hold it fixed as well."""
    return tensor.detach()


def squared(error_BN: Tensor) -> Tensor:
    return error_BN.square().sum(dim=1).mean()


def largest(values_RC: Tensor, count: int) -> tuple[Tensor, float]:
    """Zero but for the `count` largest of each row, and the least step down to a value left out."""
    order_RC = values_RC.detach().argsort(dim=1, descending=True)
    kept_RC = torch.zeros_like(values_RC).scatter(1, order_RC[:, :count], 1.0)
    sorted_RC = values_RC.detach().gather(1, order_RC)
    step_R = sorted_RC[:, count - 1 : count] - sorted_RC[:, count : count + 1]
    step_R = step_R[sorted_RC[:, count - 1 : count].expand_as(step_R) > 0]
    return values_RC * kept_RC, least(step_R)


def least(*distances: Tensor) -> float:
    return min((float(each.detach().abs().min()) for each in distances if each.numel()), default=torch.inf)


def relu(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, l1: float) -> Textbook:
    pre_BF = (x_BN - w["b_dec_N"]) @ w["W_enc_FN"].T + w["b_enc_F"]
    codes_BF = torch.relu(pre_BF)
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    penalty = ramp * l1 * codes_BF.sum(dim=1).mean()
    return Textbook(squared(x_BN - out_BN), penalty, codes_BF, out_BN, least(pre_BF))


def relu_unshifted(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, l1: float) -> Textbook:
    pre_BF = x_BN @ w["W_enc_FN"].T + w["b_enc_F"]
    codes_BF = torch.relu(pre_BF)
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    penalty = ramp * l1 * codes_BF.sum(dim=1).mean()
    return Textbook(squared(x_BN - out_BN), penalty, codes_BF, out_BN, least(pre_BF))


def relu_2024(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, l1: float) -> Textbook:
    pre_BF = x_BN @ w["W_enc_FN"].T + w["b_enc_F"]
    codes_BF = torch.relu(pre_BF)
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    norm_F = w["W_dec_FN"].square().sum(dim=1).sqrt()
    penalty = ramp * l1 * (codes_BF * norm_F).sum(dim=1).mean()
    return Textbook(squared(x_BN - out_BN), penalty, codes_BF, out_BN, least(pre_BF))


def auxiliary(
    w: Weights, positive_BF: Tensor, error_BN: Tensor, dead_F: Tensor, k_aux: int, aux: float
) -> tuple[Tensor, float]:
    """What the dead features could explain of the error that the others leave."""
    if not dead_F.any():
        return torch.zeros((), dtype=error_BN.dtype), torch.inf
    codes_BF, border = largest(positive_BF * dead_F, k_aux)
    return aux * squared(constant(error_BN) - codes_BF @ w["W_dec_FN"]), border


def topk(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, k: int, k_aux: int, aux: float) -> Textbook:
    pre_BF = (x_BN - w["b_dec_N"]) @ w["W_enc_FN"].T + w["b_enc_F"]
    codes_BF, border = largest(torch.relu(pre_BF), k)
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    penalty, aux_border = auxiliary(w, torch.relu(pre_BF), x_BN - out_BN, dead_F, k_aux, aux)
    return Textbook(squared(x_BN - out_BN), penalty, codes_BF, out_BN, min(border, aux_border, least(pre_BF)))


def batchtopk(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, k: int, k_aux: int, aux: float) -> Textbook:
    whole = (1.0,)
    return matryoshka(w, x_BN, ramp, dead_F, k=k, k_aux=k_aux, aux=aux, prefixes=whole)


def matryoshka(
    w: Weights,
    x_BN: Tensor,
    ramp: float,
    dead_F: Tensor,
    *,
    k: int,
    k_aux: int,
    aux: float,
    prefixes: tuple[float, ...],
) -> Textbook:
    pre_BF = (x_BN - w["b_dec_N"]) @ w["W_enc_FN"].T + w["b_enc_F"]
    codes_1E, border = largest(torch.relu(pre_BF).reshape(1, -1), len(x_BN) * k)
    codes_BF = codes_1E.reshape(pre_BF.shape)
    errors = []
    for share in prefixes:
        size = round(share * len(w["W_enc_FN"]))
        out_BN = codes_BF[:, :size] @ w["W_dec_FN"][:size] + w["b_dec_N"]
        errors.append(squared(x_BN - out_BN))
    penalty, aux_border = auxiliary(w, torch.relu(pre_BF), x_BN - out_BN, dead_F, k_aux, aux)
    mse = torch.stack(errors).mean()
    return Textbook(mse, penalty, codes_BF, out_BN, min(border, aux_border, least(pre_BF)))


def jumprelu(
    w: Weights,
    x_BN: Tensor,
    ramp: float,
    dead_F: Tensor,
    *,
    l1: float,
    bandwidth: float,
    threshold: float,
    tanh_scale: float,
    pre_act: float,
) -> Textbook:
    """`threshold` is where theta starts, and no part of the loss."""
    theta_F = w["log_threshold_F"].exp()
    pre_BF = x_BN @ w["W_enc_FN"].T + w["b_enc_F"]
    above_BF, near_BF = pre_BF > theta_F, (pre_BF - theta_F).abs() < bandwidth / 2
    # the last factor is zero, and its derivative one: straight through the rectangle
    slope_BF = constant(-theta_F / bandwidth * near_BF)
    codes_BF = pre_BF * above_BF + slope_BF * (theta_F - constant(theta_F))
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    norm_F = w["W_dec_FN"].square().sum(dim=1).sqrt()
    sparsity = torch.tanh(tanh_scale * codes_BF * norm_F).sum(dim=1).mean()
    dormant = (torch.relu(theta_F - pre_BF) * norm_F * dead_F).sum(dim=1).mean()
    border = least(pre_BF - theta_F, (pre_BF - theta_F).abs() - bandwidth / 2)
    return Textbook(squared(x_BN - out_BN), ramp * l1 * sparsity + pre_act * dormant, codes_BF, out_BN, border)


def gated(w: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor, *, l1: float) -> Textbook:
    u_BF = (x_BN - w["b_dec_N"]) @ w["W_enc_FN"].T
    pi_BF, magnitude_BF = u_BF + w["b_gate_F"], w["r_mag_F"].exp() * u_BF + w["b_mag_F"]
    codes_BF = (pi_BF > 0) * torch.relu(magnitude_BF)
    out_BN = codes_BF @ w["W_dec_FN"] + w["b_dec_N"]
    gate_out_BN = torch.relu(pi_BF) @ constant(w["W_dec_FN"]) + constant(w["b_dec_N"])
    penalty = ramp * l1 * torch.relu(pi_BF).sum(dim=1).mean() + squared(x_BN - gate_out_BN)
    return Textbook(squared(x_BN - out_BN), penalty, codes_BF, out_BN, least(pi_BF, magnitude_BF))


LOSSES = {
    "relu": relu,
    "relu-2024": relu_2024,
    "relu-unshifted": relu_unshifted,
    "topk": topk,
    "batchtopk": batchtopk,
    "matryoshka": matryoshka,
    "jumprelu": jumprelu,
    "gated": gated,
}


def differentiated(
    name: str, hyper: dict, weights: Weights, x_BN: Tensor, ramp: float, dead_F: Tensor
) -> tuple[Textbook, Weights]:
    """The loss in float64, whatever is given, and its gradients by autograd; zeros where a weight has no part in it."""
    leaves = {key: tensor.double().clone().requires_grad_() for key, tensor in weights.items()}
    result = LOSSES[name](leaves, x_BN.double(), ramp, dead_F, **hyper)
    (result.mse + result.penalty).backward()
    gradients = {key: torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for key, leaf in leaves.items()}
    return Textbook(*(each.detach() if isinstance(each, Tensor) else each for each in result)), gradients


@dataclass
class Optimiser:
    """Adam (betas 0.9 and 0.999), each step by hand: the gradients clipped to a common norm, of the decoder's the part
    along its rows taken out, and its rows back to unit norm."""

    clip: float | None
    unit_decoder: bool
    window: int  # steps in which a dead feature was not active

    def train(
        self,
        name: str,
        hyper: dict,
        weights: Weights,
        batches: list[Tensor],
        schedule: Callable[[int], tuple[float, float]],
    ) -> tuple[Weights, int, int]:
        """The weights in the end, in float64; how often a feature counted as dead, and how often a step was clipped.

        `schedule` gives a step's learning rate and the factor of its penalty.
        """
        weights = {key: tensor.double() for key, tensor in weights.items()}
        moments = {key: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for key, tensor in weights.items()}
        last_active_F = torch.full((len(weights["W_enc_FN"]),), -1)
        n_dead = n_clipped = 0
        for i, x_BN in enumerate(batches):
            rate, ramp = schedule(i)
            dead_F = i - last_active_F > self.window
            result, gradients = differentiated(name, hyper, weights, x_BN, ramp, dead_F)
            length = float(torch.cat([gradient.flatten() for gradient in gradients.values()]).norm())
            clipped = self.clip is not None and length > self.clip
            for key, gradient in gradients.items():
                scaled = gradient * self.clip / length if clipped else gradient
                weights[key], moments[key] = self.moved(key, weights[key], scaled, moments[key], i + 1, rate)
            last_active_F[(result.codes_BF != 0).any(dim=0)] = i
            n_dead, n_clipped = n_dead + int(dead_F.sum()), n_clipped + clipped
        return weights, n_dead, n_clipped

    def moved(
        self, key: str, weight: Tensor, gradient: Tensor, moments: tuple[Tensor, Tensor], count: int, rate: float
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        unit = self.unit_decoder and key == "W_dec_FN"
        if unit:
            gradient = gradient - torch.einsum("fn,fn,fm->fm", gradient, weight, weight)
        mean, square = 0.9 * moments[0] + 0.1 * gradient, 0.999 * moments[1] + 0.001 * gradient**2
        change = mean / (1 - 0.9**count) / ((square / (1 - 0.999**count)) ** 0.5 + 1e-8)
        weight = weight - rate * change
        return torch.nn.functional.normalize(weight, dim=1) if unit else weight, (mean, square)
