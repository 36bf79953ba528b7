"""A whole training of every architecture against a textbook loop with autograd and an Adam of its own."""

import pytest
import textbook
import torch
from architecture_cases import NAMES, SCREENS, WAYS

from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.kernels import adam
from monosem.sae.recipe import Products, Recipe
from monosem.sae.training import advance, start

TRAINED = {
    "relu": {"l1": 0.3},
    "relu-2024": {"l1": 0.3},
    "relu-unshifted": {"l1": 0.3},
    "topk": {"k": 3, "k_aux": 4, "aux": 1 / 32},
    "batchtopk": {"k": 3, "k_aux": 4, "aux": 1 / 32},
    "matryoshka": {"k": 3, "k_aux": 4, "aux": 1 / 32, "prefixes": (0.25, 0.5, 1.0)},
    "jumprelu": {"l1": 0.3, "bandwidth": 0.5, "threshold": 0.2, "tanh_scale": 2.0, "pre_act": 0.05},
    "gated": {"l1": 0.3},
}
STEPS, WINDOW = 200, 8


def superposed(rng, n_batches, B=32, N=8):
    """Batches of what autoencoders are for: a few of 20 directions each, and noise."""
    directions_FN = torch.randn(20, N, generator=rng, dtype=torch.float64)
    present_TF = torch.rand(n_batches * B, 20, generator=rng) < 0.1
    size_TF = torch.rand(n_batches * B, 20, generator=rng, dtype=torch.float64) + 0.5
    noise_TN = torch.randn(n_batches * B, N, generator=rng, dtype=torch.float64)
    return ((present_TF * size_TF) @ directions_FN + 0.05 * noise_TN + 0.3).split(B)


def recipe_for(name):
    return Recipe(
        architecture=ARCHITECTURES[name](**TRAINED[name]), n_features=24, vectors=STEPS * 32, batch=32, lr=0.01,
        beta1=0.9, beta2=0.999, warmup=0.1, decay=0.2, ramp=0.3, grad_clip=1.0 if "l1" in TRAINED[name] else None,
        resample_at=(), resample_inputs=1, dead_window=WINDOW / STEPS, log_every=1, seed=3,
    )  # fmt: skip


def textbook_schedule(step):
    """Learning rate and penalty factor of the recipe's shares, worked out: 20 steps up, 40 down; 60 of the penalty."""
    return 0.01 * min(1, (step + 1) / 20, (200 - step) / 40), min(1, (step + 1) / 60)


@pytest.mark.parametrize(
    ("name", "way", "dtype", "share"),
    [(name, "sparse", torch.float64, 1e-10) for name in NAMES]
    + [(name, "sparse-bfloat16", torch.float32, 1e-5) for name in NAMES]
    + [(name, "dense", torch.float64, 1e-10) for name, way in WAYS if way == "dense"],
)
def test_a_whole_training_is_the_textbooks(name, way, dtype, share, monkeypatch):
    """Two hundred steps; some features start so that they count as dead after a while."""
    monkeypatch.setattr(adam, "BLOCK", 7)
    recipe = recipe_for(name)
    run = start(torch.full((8,), 0.3), recipe, torch.device("cpu"))
    run.weights[recipe.architecture.encoder_bias][:4] -= 2
    run.weights = {key: tensor.to(dtype) for key, tensor in run.weights.items()}
    run.moments = {key: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for key, tensor in run.weights.items()}
    batches = [x_BN.to(dtype) for x_BN in superposed(torch.Generator().manual_seed(1), STEPS)]
    optimiser = textbook.Optimiser(recipe.grad_clip, unit_decoder=recipe.architecture.unit_decoder, window=WINDOW)
    final, n_dead, n_clipped = optimiser.train(name, TRAINED[name], run.weights, batches, textbook_schedule)
    screen, sparse_below = SCREENS.get(way, SCREENS["sparse"])(dtype), 0.0 if way == "dense" else 2.0
    products = Products(screen, dtype, sparse_below)
    for x_BN in batches:
        advance(run, x_BN, recipe, products)
    assert n_dead > STEPS // 4 and (n_clipped > 0) == (recipe.grad_clip is not None)
    for key, theirs in final.items():
        assert (run.weights[key] - theirs).norm() <= share * theirs.norm(), key
