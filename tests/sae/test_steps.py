"""Single steps of training: one worked by hand, what a screen, a ramp and a limit of the gradients change."""

import pytest
import torch
from recipes import CPU, FLOAT32, NAMES, architecture, products, recipe

from monosem.sae import training as sae_training
from monosem.sae.kernels import Screen
from monosem.sae.recipe import Products
from monosem.sae.training import Progress, advance, start

NARROW = Products(Screen(torch.bfloat16, margin=True), torch.float32, sparse_below=1.1)


def batch(seed, B=64, N=16):
    """Sums of few of 30 directions, so that there is something to learn."""
    rng = torch.Generator().manual_seed(1000 + seed)
    directions_DN = torch.randn(30, N, generator=torch.Generator().manual_seed(0))
    strength_BD = torch.rand(B, 30, generator=rng) * (torch.rand(B, 30, generator=rng) < 0.1)
    return 2 * strength_BD @ directions_DN


def begun(told):
    return start(batch(0).mean(dim=0), told, CPU)


def test_one_step_worked_by_hand():
    """2 neurons, 2 features, x = (3, 0), all on the axes; the decoder's gradient is along its rows: no change."""
    told = recipe(n_features=2, batch=1, vectors=1, lr=0.1, warmup=0, decay=0)
    weights = {"W_enc_FN": torch.eye(2), "b_enc_F": torch.tensor([0.0, -1]), "W_dec_FN": torch.eye(2)}
    weights["b_dec_N"] = torch.zeros(2)
    moments = {name: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for name, tensor in weights.items()}
    run = Progress(weights, moments, torch.full((2,), -1))
    step = advance(run, torch.tensor([[3.0, 0.0]]), told, FLOAT32)
    # f = (3, 0), x' = x, so e = 0 and df = (0.5, 0)
    assert (step.mse, step.penalty, step.n_active) == (0.0, 1.5, 1) and step.active_F.tolist() == [True, False]
    expected = {"W_enc_FN": [[1.5, 0], [0, 0]], "b_enc_F": [0.5, 0], "W_dec_FN": [[0, 0], [0, 0]], "b_dec_N": [-0.5, 0]}
    assert {name: gradient.tolist() for name, gradient in step.gradients.items()} == expected
    # Adam's first step is the learning rate against the sign of the gradient
    after = {"W_enc_FN": [[0.9, 0], [0, 1]], "b_enc_F": [-0.1, -1], "W_dec_FN": [[1, 0], [0, 1]], "b_dec_N": [0.1, 0]}
    for name, value in after.items():
        torch.testing.assert_close(run.weights[name], torch.tensor(value).float(), rtol=0, atol=1e-6)
    assert run.last_active_F.tolist() == [0, -1] and run.step == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_bfloat16_screen_changes_nothing(name):
    """Fifty sparse steps in float32: the same features are active at each, and the same weights come out."""
    told = recipe(name, vectors=50 * 64, lr=0.003, dead_window=0.1)
    runs = begun(told), begun(told)
    for number in range(50):
        screens = products("sparse"), NARROW
        plain, narrow = (advance(run, batch(number), told, of) for run, of in zip(runs, screens, strict=True))
        assert plain.n_active == narrow.n_active and torch.equal(plain.active_F, narrow.active_F)
    torch.testing.assert_close(runs[0].weights, runs[1].weights, rtol=0, atol=1e-5)
    assert not torch.equal(runs[0].weights["W_enc_FN"], begun(told).weights["W_enc_FN"])


@pytest.mark.parametrize("name", ["relu", "relu-2024", "relu-unshifted", "gated", "jumprelu"])
def test_the_ramp_scales_the_penalty_alone(name):
    """A fifth of the way up: a fifth of the penalty, the same error; gated's and jumprelu's other terms stay."""
    full, fifth, none = (
        advance(begun(recipe(name)), batch(1), recipe(name, **changed), FLOAT32)
        for changed in ({}, {"ramp": 0.25}, {"architecture": architecture(name, l1=0.0)})
    )
    assert fifth.mse == full.mse == none.mse and full.penalty > none.penalty
    assert (fifth.penalty - none.penalty).item() == pytest.approx((full.penalty - none.penalty).item() / 5, rel=1e-4)


def first_moment_norm(told):
    run = begun(told)
    advance(run, batch(1), told, FLOAT32)
    return torch.cat([pair[0].flatten() for pair in run.moments.values()]).norm().item(), run.weights


def test_gradients_are_scaled_down_to_the_limit_and_not_up():
    """After one step Adam's mean is a tenth of the gradient."""
    free, weights = first_moment_norm(recipe("relu-2024"))
    assert first_moment_norm(recipe("relu-2024", grad_clip=free))[0] == pytest.approx(0.1 * free, rel=1e-5)
    loose, same = first_moment_norm(recipe("relu-2024", grad_clip=free * 11))
    assert loose == free and all(torch.equal(weights[name], same[name]) for name in weights)


@pytest.mark.parametrize("name", NAMES)
def test_steps_are_sparse_once_few_entries_matter_and_where_their_number_is_set(name, monkeypatch):
    told, kinds = recipe(name), []
    for kind in ("sparse_step", "dense_step"):
        real = getattr(sae_training, kind)
        monkeypatch.setattr(sae_training, kind, lambda *given, kind=kind, real=real: kinds.append(kind) or real(*given))
    run = begun(told)
    for density in (1.0, 0.041, 0.039, 0.0):
        run.density = density
        step = advance(run, batch(1), told, FLOAT32)
        assert run.density == step.n_entries / (64 * 24)
    dense = "dense_step" if told.architecture.has_dense else "sparse_step"
    assert kinds == [dense, dense, "sparse_step", "sparse_step"]
    assert 0 < run.density < 1
