"""Random weights, inputs and hyperparameters of every architecture, and what the textbook says of them.

Shape suffixes: B vectors, N neurons, F features.
"""

import random
from dataclasses import dataclass, replace

import pytest
import textbook
import torch
from hypothesis import strategies as st
from torch import Tensor

from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.architectures.steps import Now, dense_step, sparse_step
from monosem.sae.kernels import Screen

NAMES = list(textbook.LOSSES)
PER_BATCH = ("batchtopk", "matryoshka")
SCREENS = {
    "sparse": lambda dtype: Screen(dtype, False),
    "sparse-bfloat16": lambda dtype: Screen(torch.bfloat16, True),
}
WAYS = [(name, way) for name in NAMES for way in SCREENS] + [
    (name, "dense") for name in NAMES if ARCHITECTURES[name].has_dense
]
ALL_WAYS = pytest.mark.parametrize(("name", "way"), WAYS)
SHARE = {torch.float64: 1e-9, torch.float32: 1e-4}  # of a tensor's norm: how far it may be from the textbook's


@dataclass
class Case:
    name: str
    hyper: dict
    weights: dict[str, Tensor]
    x_BN: Tensor
    ramp: float
    dead_F: Tensor

    def step(self, way):
        arch, now = ARCHITECTURES[self.name](**self.hyper), Now(self.ramp, self.dead_F)
        dtype = self.x_BN.dtype
        if way == "dense":
            return dense_step(arch, self.weights, self.x_BN, dtype, now)
        return sparse_step(arch, self.weights, self.x_BN, SCREENS[way](dtype), now)

    def textbook(self):
        return textbook.differentiated(self.name, self.hyper, self.weights, self.x_BN, self.ramp, self.dead_F)


def hyperparameters(name, F, draw):
    """`draw` is a random.Random; every one that differs between architectures is drawn anew."""
    l1 = draw.choice([0.0, 0.3, 5.0])
    if name == "jumprelu":
        drawn = {"bandwidth": draw.uniform(0.1, 2), "threshold": 0.1, "tanh_scale": draw.uniform(0.2, 4)}
        return {"l1": l1, "pre_act": draw.choice([0.0, 0.7]), **drawn}
    if name in ("relu", "relu-2024", "relu-unshifted", "gated"):
        return {"l1": l1}
    hyper = {"k": draw.randint(1, F + 2), "k_aux": draw.randint(1, F + 3), "aux": draw.choice([0.0, 1 / 32, 2.0])}
    if name == "matryoshka":
        sizes = sorted({*draw.choices(range(1, F + 1), k=draw.randint(0, 3)), F})
        hyper["prefixes"] = tuple(size / F for size in sizes)
    return hyper


def made(name, B, N, F, *, shift=0.0, seed=0, dtype=torch.float64, silent=0.0, dead=0.3, ramp=1.0, hyper=None):
    """`shift` of the encoder bias sets the density: at -100 nothing is above zero, at 100 everything.

    About a share `silent` of the rows lies where, at a shift near 0, no feature is active: far down neuron 0, which
    all features read with a positive weight. A share `dead` of the features is marked so, half of them rightly.
    """
    rng = torch.Generator().manual_seed(seed)

    def normal(*shape):
        return torch.randn(*shape, generator=rng, dtype=torch.float64)

    def chance(share, size):
        return torch.rand(size, generator=rng) < share

    weights = {"W_enc_FN": normal(F, N), "b_enc_F": normal(F) + shift, "W_dec_FN": normal(F, N), "b_dec_N": normal(N)}
    weights["W_enc_FN"][:, 0] = weights["W_enc_FN"][:, 0].abs() + 0.5
    dead_F = chance(dead, F)
    weights["b_enc_F"][dead_F & chance(0.5, F)] -= 40
    if name == "jumprelu":
        weights["log_threshold_F"] = 0.5 * normal(F) - 0.5
    if name == "gated":
        bias_F = weights.pop("b_enc_F")
        weights |= {"b_gate_F": bias_F, "r_mag_F": 0.4 * normal(F), "b_mag_F": bias_F + normal(F)}
    x_BN = normal(B, N)
    x_BN[chance(silent, B), 0] -= 30
    hyper = hyper or hyperparameters(name, F, random.Random(seed))
    weights = {key: tensor.to(dtype) for key, tensor in weights.items()}
    return Case(name, hyper, weights, x_BN.to(dtype), ramp, dead_F)


@st.composite
def cases(draw, name, dtype):
    return made(
        name, draw(st.integers(1, 40)), draw(st.integers(1, 7)), draw(st.integers(1, 24)), dtype=dtype,
        shift=draw(st.sampled_from([-100, -4, -2, 0, 2, 100])), silent=draw(st.sampled_from([0, 0.3, 1])),
        dead=draw(st.sampled_from([0, 0.3, 1])), ramp=draw(st.sampled_from([0.0, 0.3, 1.0])),
        seed=draw(st.integers(0, 9999)),
    )  # fmt: skip


def settled(case, figures):
    """Whether float32 can tell the answer to a tenth of what is asked of it: no entry is so near a border that rounding
    could put it on the other side, and the textbook's own figures, in float64, do not change by more than 1e-5 when
    the last bit of everything given does."""
    if case.x_BN.dtype == torch.float64:
        return True
    largest = max(float(tensor.abs().max()) for tensor in case.weights.values())
    if case.textbook()[0].border < 3e-6 * (1 + largest):
        return False
    for seed in range(3):
        rng = torch.Generator().manual_seed(seed)

        def nudged(tensor, rng=rng):
            return tensor.double() * (1 + 2**-23 * (1 - 2 * torch.randint(0, 2, tensor.shape, generator=rng)))

        weights = {key: nudged(tensor) for key, tensor in case.weights.items()}
        moved = expected(replace(case, weights=weights, x_BN=nudged(case.x_BN)))
        if any((moved[key] - theirs).norm() > 1e-5 * theirs.norm() for key, theirs in figures.items()):
            return False
    return True


def expected(case):
    """All that is compared as numbers, by name."""
    result, gradients = case.textbook()
    return {"mse": result.mse, "penalty": result.penalty, **gradients}


def assert_textbook(case, step):
    assert set(step.gradients) == set(case.weights)
    for key, theirs in expected(case).items():
        ours = getattr(step, key) if key in ("mse", "penalty") else step.gradients[key]
        assert ours.dtype == case.x_BN.dtype and ours.shape == theirs.shape, key
        # a penalty that is nothing may be a rounding error of the loss
        rest = torch.finfo(ours.dtype).eps * float(step.mse) if key == "penalty" else 0.0
        assert (ours.double() - theirs).norm() <= SHARE[ours.dtype] * theirs.norm() + rest, (key, ours, theirs)
    active_BF = case.textbook()[0].codes_BF != 0
    assert step.n_active == int(active_BF.sum())
    assert torch.equal(step.active_F, active_BF.any(dim=0))


def encoder_bias(case):
    return case.weights[ARCHITECTURES[case.name].encoder_bias]
