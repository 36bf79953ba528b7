"""Training of autoencoders: the same bits whether interrupted or not, and the textbook's steps."""

import math
import signal
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from conftest import sae_flags
from killing import stop_midway

import train_sae as script
from monosem import sae_training
from monosem.artefacts import read_json
from monosem.checkpoints import Checkpoint
from monosem.kernels import dense_gradients
from monosem.sae import load_sae, new_sae
from monosem.sae_training import Progress, SAETraining, apply_gradients, input_loss, start, train_sae
from monosem.store import open_store

SETTINGS = SAETraining(
    n_features=24, vectors=20 * 64, batch=64, l1=0.5, lr=0.01, beta1=0.9, beta2=0.999, warmup=0.1, decay=0.2,
    resample_at=(0.25, 0.5), resample_inputs=100, dead_window=0.15, precision="float32", log_every=6, seed=1,
)  # fmt: skip
CPU = torch.device("cpu")


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


def trained(store, output, stops=(), settings=SETTINGS):
    for step in [*stops, None]:
        try:
            with StopAt(output, step) as checkpoint:
                return train_sae(store, settings, CPU, checkpoint)
        except KeyboardInterrupt:
            continue
    raise AssertionError


@pytest.mark.parametrize("stops", [(1,), (5,), (12,), (20,), (2, 3, 6)])
@pytest.mark.parametrize("sparse_below", [0.0, 1.1], ids=["dense", "sparse"])
def test_stopped_and_resumed_is_uninterrupted(acts, tmp_path, monkeypatch, stops, sparse_below):
    monkeypatch.setattr(sae_training, "SPARSE_BELOW", sparse_below)
    expected, rows = trained(open_store(acts), tmp_path / "a")
    sae, resumed_rows = trained(open_store(acts), tmp_path / "b", stops)
    assert rows == resumed_rows
    assert all(map(torch.equal, sae.parameters(), expected.parameters()))


@pytest.mark.parametrize("stop", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_script_goes_on_to_the_same_bytes(acts, tmp_path, as_script, stop, capsys):
    def argv(folder, every_s=0):
        return sae_flags(acts, tmp_path / folder, vectors=64 * 300, checkpoint_s=every_s)

    output = tmp_path / "killed" / "sae.safetensors"
    status, printed = stop_midway("train_sae.py", argv("killed"), output, stop)
    assert status == (143 if stop == signal.SIGTERM else -stop), printed
    assert not {path.name for path in output.parent.iterdir()} & {"sae.safetensors", "train.tsv", "sae.json"}
    as_script("train_sae.py")
    script.main(argv("killed"))
    assert "resuming from" in capsys.readouterr().err
    script.main(argv("whole", 60))
    for name in ("sae.safetensors", "train.tsv"):
        assert (tmp_path / "whole" / name).read_bytes() == (output.parent / name).read_bytes()


def test_the_log_has_a_row_of_means_every_so_often(acts, tmp_path):
    _, rows = trained(open_store(acts), tmp_path / "a")
    _, each = trained(open_store(acts), tmp_path / "b", settings=replace(SETTINGS, log_every=1))
    assert [row["step"] for row in rows] == [6, 12, 18, 20] and [row["vectors"] for row in rows][-1] == 20 * 64
    assert list(rows[0]) == ["step", "vectors", "loss", "mse", "l1", "l0", "dead", "resampled", "lr"]
    for first, row in zip([0, 6, 12, 18], rows, strict=True):
        steps = each[first : row["step"]]
        for name in ("loss", "mse", "l1", "l0"):
            assert row[name] == pytest.approx(np.mean([step[name] for step in steps]))
        assert row["resampled"] == sum(step["resampled"] for step in steps)
        assert row["loss"] == pytest.approx(row["mse"] + 0.5 * row["l1"]) and row["lr"] == steps[-1]["lr"]


def test_dead_features_are_resampled_at_the_stated_steps_only(acts, tmp_path, monkeypatch):
    """Twelve of the 24 features start so that they can never fire."""
    real = sae_training.start

    def with_dead(store, settings, device):
        run = real(store, settings, device)
        run.sae.b_enc_F[:12] = -1e6
        return run

    monkeypatch.setattr(sae_training, "start", with_dead)
    sae, rows = trained(open_store(acts), tmp_path / "a", settings=replace(SETTINGS, log_every=1))
    resampled = {row["step"]: row["resampled"] for row in rows if row["resampled"]}
    assert set(resampled) <= {5, 10} and resampled[5] >= 12
    assert [row["dead"] >= 12 for row in rows[:5]] == [False, False, True, True, False]
    assert (sae.b_enc_F > -10).all()


def test_dead_is_silent_over_the_window_that_ends_with_this_step(acts, tmp_path, monkeypatch):
    """Feature i is made out to be above zero at step i alone; the window is two steps and ends with the tenth."""
    real, steps, dead = sae_training.dense_gradients, iter(range(20)), []

    def one_active(sae, *rest):
        return real(sae, *rest)._replace(active_F=torch.arange(24) == next(steps))

    def noted(sae, moments, x_BN, loss_B, dead_F, rng):
        dead.append(dead_F.clone())
        return sae, moments

    monkeypatch.setattr(sae_training, "SPARSE_BELOW", 0.0)
    monkeypatch.setattr(sae_training, "dense_gradients", one_active)
    monkeypatch.setattr(sae_training, "resample", noted)
    trained(open_store(acts), tmp_path / "a", settings=replace(SETTINGS, resample_at=(0.5,), dead_window=0.1))
    assert (~dead[0]).nonzero()[:, 0].tolist() == [8, 9]


def test_trained_is_better_than_new_and_rows_are_unit(acts, tmp_path):
    store = open_store(acts)
    settings = replace(SETTINGS, vectors=150 * 64, resample_at=())
    sae, rows = trained(store, tmp_path / "a", settings=settings)
    x_BN = torch.from_numpy(store.acts_TN[:].astype(np.float32)) * store.scale
    fresh = start(store, settings, CPU).sae
    assert input_loss(sae, x_BN, 0.5).mean() < 0.5 * input_loss(fresh, x_BN, 0.5).mean()
    torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(24), rtol=0, atol=1e-6)
    assert rows[-1]["loss"] < rows[0]["loss"]


def test_fifty_steps_are_those_of_torch_adam_on_the_projected_gradient():
    """An independent loop: autograd, projection by hand, torch.optim.Adam, renormalisation."""
    settings = replace(SETTINGS, vectors=50 * 32, batch=32, warmup=0.1, decay=0.3)
    ours = new_sae(6, 10, b_dec_N=torch.randn(6), seed=4)
    theirs = [tensor.clone().double().requires_grad_() for tensor in ours.parameters()]
    moments = [(torch.zeros_like(t), torch.zeros_like(t)) for t in ours.parameters()]
    run = Progress(ours, moments, torch.full((10,), -1))
    optimizer = torch.optim.Adam(theirs, lr=1.0, betas=(0.9, 0.999), eps=1e-8)
    for step in range(50):
        x_BN = torch.randn(32, 6)
        apply_gradients(run, dense_gradients(run.sae, x_BN, 0.5, torch.float32).gradients, settings, step)

        W_enc, b_enc, W_dec, b_dec = theirs
        codes_BF = torch.relu((x_BN.double() - b_dec) @ W_enc.T + b_enc)
        loss = (codes_BF @ W_dec + b_dec - x_BN).square().sum(1).mean() + 0.5 * codes_BF.sum(1).mean()
        optimizer.zero_grad()
        loss.backward()
        along_F = torch.einsum("fn,fn->f", W_dec.grad, W_dec.detach())
        W_dec.grad -= along_F[:, None] * W_dec.detach()
        done = step / 50
        expected_lr = 0.01 * min(1, (step + 1) / 5, (1 - done) / 0.3)
        optimizer.param_groups[0]["lr"] = expected_lr
        optimizer.step()
        with torch.no_grad():
            W_dec /= W_dec.norm(dim=1, keepdim=True)
    for mine, textbook in zip(run.sae.parameters(), theirs, strict=True):
        torch.testing.assert_close(mine.double(), textbook.detach(), rtol=2e-3, atol=2e-4)


def test_one_step_worked_by_hand():
    """2 neurons, 2 features, x = (3, 0), all on the axes; the decoder's gradient is along its rows: no change."""
    sae = new_sae(2, 2, b_dec_N=torch.zeros(2), seed=0)
    for tensor, value in zip(sae.parameters(), [torch.eye(2), [0.0, -1.0], torch.eye(2), [0.0, 0.0]], strict=True):
        tensor.copy_(torch.as_tensor(value))
    result = dense_gradients(sae, torch.tensor([[3.0, 0.0]]), l1=0.5, dtype=torch.float32)
    # f = (3, 0), x' = x, so e = 0 and df = (0.5, 0)
    assert (result.mse, result.l1, result.n_active) == (0.0, 3.0, 1) and result.active_F.tolist() == [True, False]
    expected = [[[1.5, 0.0], [0.0, 0.0]], [0.5, 0.0], [[0.0, 0.0], [0.0, 0.0]], [-0.5, 0.0]]
    assert [gradient.tolist() for gradient in result.gradients] == expected
    run = Progress(sae, [(torch.zeros_like(t), torch.zeros_like(t)) for t in sae.parameters()], torch.zeros(2))
    apply_gradients(run, result.gradients, replace(SETTINGS, lr=0.1, warmup=0, decay=0), 0)
    # Adam's first step is the learning rate against the sign of the gradient
    for tensor, value in zip(
        sae.parameters(), [[[0.9, 0.0], [0.0, 1.0]], [-0.1, -1.0], [[1.0, 0.0], [0.0, 1.0]], [0.1, 0.0]], strict=True
    ):
        torch.testing.assert_close(tensor, torch.tensor(value), rtol=0, atol=1e-6)


def test_the_learning_rate_rises_stays_and_falls():
    rates = [SETTINGS.learning_rate(step) for step in range(20)]
    assert rates[:3] == pytest.approx([0.005, 0.01, 0.01]) and rates[-4:] == pytest.approx(
        [0.01, 0.0075, 0.005, 0.0025]
    )
    assert replace(SETTINGS, warmup=0, decay=0).learning_rate(0) == 0.01


def test_the_saved_weights_take_raw_activations(acts, tmp_path, sae):
    record, store = read_json(sae / "sae.json"), open_store(acts)
    saved = load_sae(sae / "sae.safetensors")
    x_BN = torch.from_numpy(store.acts_TN[:].astype(np.float32))
    settings = replace(SETTINGS, vectors=3200, resample_at=(0.3, 0.6), resample_inputs=200, dead_window=0.2)
    scaled, _ = trained(store, tmp_path / "a", settings=replace(settings, log_every=7))
    codes_BF = scaled.encode(x_BN * store.scale)
    torch.testing.assert_close(saved.encode(x_BN), codes_BF / store.scale, rtol=1e-4, atol=1e-6)
    assert record["l1_raw_units"] == 0.5 / store.scale and record["l1_paper_units"] == 0.5 / store.scale / 16
    log = pd.read_csv(sae / "train.tsv", sep="\t")
    assert log["step"].iloc[-1] == record["steps"] == 50 and record["epochs"] == pytest.approx(3200 / 700)


def test_a_loss_that_is_not_finite_names_step_and_settings(acts, tmp_path):
    with pytest.raises(FloatingPointError, match=r"loss is (nan|inf) at step \d+ \(.*lr=1e\+30.*lower the learning"):
        script.main(sae_flags(acts, tmp_path, lr=1e30))
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lease")] == []
