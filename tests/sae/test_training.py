"""Training of autoencoders: the same bits whether interrupted or not, what is logged, and what counts as dead."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from recipes import ALL_WAYS, CPU, FLOAT32, NAMES, products, recipe

from monosem.acts.store import open_store
from monosem.ground.checkpoints import Checkpoint
from monosem.sae import training as sae_training
from monosem.sae.training import advance, geometric_median, input_loss, start, train_sae


class StopAt(Checkpoint):
    """Saves at one step and dies there."""

    def __init__(self, output, step):
        super().__init__(output, "key", every_s=math.inf)
        self.step, self.asked = step, 0

    def due(self):
        self.asked += 1
        return self.asked == self.step

    def save(self, state):
        super().save(state)
        raise KeyboardInterrupt


def trained(store, output, told, stops=(), of=FLOAT32):
    for step in [*stops, None]:
        try:
            with StopAt(output, step) as checkpoint:
                return train_sae(store, told, CPU, of, checkpoint)
        except KeyboardInterrupt:
            continue
    raise AssertionError


def inputs(store):
    return torch.from_numpy(store.acts_TN[:].astype(np.float32)) * store.scale


@pytest.mark.parametrize("stops", [(1,), (5,), (12,), (20,), (2, 3, 6)], ids=str)
@pytest.mark.parametrize(("name", "way"), ALL_WAYS)
def test_stopped_and_resumed_is_uninterrupted(acts, tmp_path, name, way, stops):
    told = recipe(name, ramp=0.5, grad_clip=5.0)
    expected, rows = trained(open_store(acts), tmp_path / "a", told, of=products(way))
    sae, resumed_rows = trained(open_store(acts), tmp_path / "b", told, stops, products(way))
    assert rows == resumed_rows and len(rows) == 4 and sae.k == expected.k
    for weight, tensor in sae.tensors().items():
        assert torch.equal(tensor, expected.tensors()[weight]), weight


@pytest.mark.parametrize("name", NAMES)
def test_a_seed_decides(acts, tmp_path, name):
    first, same, other = (
        trained(open_store(acts), tmp_path / str(i), recipe(name, seed=seed))[0] for i, seed in enumerate((1, 1, 2))
    )
    assert torch.equal(first.W_dec_FN, same.W_dec_FN) and not torch.equal(first.W_dec_FN, other.W_dec_FN)


@pytest.mark.parametrize("name", ["relu", "topk", "jumprelu"])
def test_the_log_has_a_row_of_means_every_so_often(acts, tmp_path, name):
    _, rows = trained(open_store(acts), tmp_path / "a", recipe(name))
    _, each = trained(open_store(acts), tmp_path / "b", recipe(name, log_every=1))
    assert [row["step"] for row in rows] == [6, 12, 18, 20] and [row["vectors"] for row in rows][-1] == 20 * 64
    assert list(rows[0]) == ["step", "vectors", "loss", "mse", "penalty", "l0", "dead", "resampled", "lr"]
    for first, row in zip([0, 6, 12, 18], rows, strict=True):
        steps = each[first : row["step"]]
        for figure in ("loss", "mse", "penalty", "l0"):
            assert row[figure] == pytest.approx(np.mean([step[figure] for step in steps]))
        assert row["resampled"] == sum(step["resampled"] for step in steps)
        assert row["loss"] == pytest.approx(row["mse"] + row["penalty"]) and row["lr"] == steps[-1]["lr"]
        assert row["dead"] == steps[-1]["dead"]


def test_what_is_logged_is_the_loss_of_the_batch(acts):
    """Of the weights before the step: squared error and l1 times the codes, and how many codes there are."""
    store = open_store(acts)
    told, x_BN = recipe(log_every=1), inputs(store)[:64]
    run = start(x_BN.mean(dim=0), told, CPU)
    sae = told.architecture.inference({name: tensor.clone() for name, tensor in run.weights.items()}, x_BN)
    sae_training.record(run, advance(run, x_BN, told, FLOAT32), told, 0)
    codes_BF, row = sae.encode(x_BN), run.rows[0]
    assert row["mse"] == pytest.approx((sae.decode(codes_BF) - x_BN).square().sum(1).mean().item(), rel=1e-5)
    assert row["penalty"] == pytest.approx(0.5 * codes_BF.sum(1).mean().item(), rel=1e-5)
    assert row["l0"] == int((codes_BF > 0).sum()) / 64
    assert row["loss"] == pytest.approx(input_loss(sae, x_BN, 0.5, FLOAT32.screen).mean().item(), rel=1e-5)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "gated"])
def test_dead_features_are_resampled_at_the_stated_steps_only(acts, tmp_path, monkeypatch, name):
    """Twelve of the 24 features start so that they can never fire."""
    real = sae_training.start

    def with_dead(median_N, told, device):
        run = real(median_N, told, device)
        run.weights["b_enc_F"][:12] = -1e6
        return run

    monkeypatch.setattr(sae_training, "start", with_dead)
    sae, rows = trained(open_store(acts), tmp_path / "a", recipe(name, log_every=1))
    resampled = {row["step"]: row["resampled"] for row in rows if row["resampled"]}
    assert set(resampled) <= {5, 10} and resampled[5] >= 12
    assert [row["dead"] >= 12 for row in rows[:5]] == [False, False, True, True, False]
    assert (sae.b_enc_F > -10).all()


def test_dead_is_silent_over_the_window_that_ends_with_this_step(acts, tmp_path, monkeypatch):
    """Feature i is made out to be above zero at step i alone; the window is two steps and ends with the tenth."""
    real, steps, dead = sae_training.dense_step, iter(range(20)), []

    def one_active(*given):
        return replace(real(*given), active_F=torch.arange(24) == next(steps))

    def noted(weights, moments, x_BN, loss_B, dead_F, per_feature, rng):
        dead.append(dead_F.clone())
        return weights, moments

    monkeypatch.setattr(sae_training, "dense_step", one_active)
    monkeypatch.setattr(sae_training, "resample", noted)
    trained(open_store(acts), tmp_path / "a", recipe(resample_at=(0.5,), dead_window=0.1), of=products("dense"))
    assert (~dead[0]).nonzero()[:, 0].tolist() == [8, 9]


@pytest.mark.parametrize("name", NAMES)
def test_trained_is_better_than_new_and_rows_are_unit(acts, tmp_path, name):
    store = open_store(acts)
    told, x_BN = recipe(name, vectors=150 * 64, resample_at=()), inputs(store)
    sae, rows = trained(store, tmp_path / "a", told)
    fresh = told.architecture.inference(start(geometric_median(x_BN), told, CPU).weights, x_BN)
    l1 = 0.5 if name == "relu" else 0.0
    after, before = (input_loss(each, x_BN, l1, FLOAT32.screen).mean() for each in (sae, fresh))
    assert after < 0.5 * before
    torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(24), rtol=0, atol=1e-6)
    assert rows[-1]["loss"] < rows[0]["loss"]
