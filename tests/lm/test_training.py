"""Training of the transformers: the same bits whether interrupted or not, the same data for A and B."""

import math

import numpy as np
import pandas as pd
import pytest
import torch
from small_run import lm_flags

import train_lm as script
from monosem.ground.checkpoints import Checkpoint
from monosem.lm.training import ContextOrder, LMTraining, learning_rate, mean_loss, train_lm
from monosem.lm.transformer import LanguageModel, LMConfig, load_lm

CONFIG = LMConfig(vocab_size=11, context_length=6, n_layers=1, d_model=8, n_heads=2, d_mlp=8)
SETTINGS = LMTraining(
    tokens=20 * 4 * 6, batch=4, lr=0.01, warmup=0.2, weight_decay=0.1, grad_clip=1.0, val_every=6,
    precision="float32", compile=False, bos=0, seed=0,
)  # fmt: skip


class StopAt(Checkpoint):
    """Saves at one step and dies there."""

    def __init__(self, output, step):
        super().__init__(output, "key", every_s=math.inf)
        self.step, self.asked = step, 0

    def due(self, told=None):
        self.asked += 1
        return self.asked == self.step

    def save(self, state):
        super().save(state)
        raise KeyboardInterrupt


def data(seed=0):
    return np.random.default_rng(seed).integers(0, 11, (30, 6)).astype(np.uint16)


def trained(output, stops=(), settings=SETTINGS):
    """Weights and rows of a run that is stopped after the given numbers of steps, each counted from the resumption."""
    for step in [*stops, None]:
        model = LanguageModel(CONFIG, seed=3)
        try:
            with StopAt(output, step) as checkpoint:
                rows = train_lm(model, data(), data(1), settings, checkpoint)
            return model.state_dict(), rows
        except KeyboardInterrupt:
            continue
    raise AssertionError


@pytest.mark.parametrize("stops", [(1,), (6,), (19,), (20,), (3, 1, 9)])
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_stopped_and_resumed_is_uninterrupted(tmp_path, stops, precision):
    settings = LMTraining(**{**SETTINGS.__dict__, "precision": precision})
    expected, rows = trained(tmp_path / "a", settings=settings)
    weights, resumed_rows = trained(tmp_path / "b", stops, settings)
    assert rows == resumed_rows and [row["step"] for row in rows] == [6, 12, 18, 20]
    assert all(torch.equal(weights[name], expected[name]) for name in expected)


def test_a_kill_while_the_record_is_made_costs_nothing(tokens, tmp_path, monkeypatch):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(script, "validated", killed)
    with pytest.raises(KeyboardInterrupt):
        script.main(lm_flags(tokens, tmp_path / "killed", checkpoint_s=0))
    assert (tmp_path / "killed" / ".weights.safetensors.checkpoint").exists()


def test_a_and_b_see_the_same_data(tokens, tmp_path, monkeypatch):
    seen = {}
    for name, seed in (("A", 1), ("B", 2)):
        real, seen[name] = ContextOrder.__getitem__, []
        with monkeypatch.context() as patch:
            log = lambda self, step, real=real, to=seen[name]: to.append(real(self, step)) or to[-1]  # noqa: E731
            patch.setattr(ContextOrder, "__getitem__", log)
            script.main(lm_flags(tokens, tmp_path / name, name=name, seed=seed))
    assert len(seen["A"]) == 30 and all(map(np.array_equal, seen["A"], seen["B"]))
    a, b = (load_lm(tmp_path / name / "weights.safetensors").W_E_VD for name in "AB")
    assert not torch.equal(a, b)


@pytest.mark.parametrize(("n_contexts", "batch"), [(12, 4), (13, 4), (4, 4), (7, 1)])
def test_an_epoch_shows_each_context_once_at_most(n_contexts, batch):
    order, again = ContextOrder(n_contexts, batch, 5), ContextOrder(n_contexts, batch, 5)
    per_epoch = n_contexts // batch
    epochs = [[order[e * per_epoch + i].tolist() for i in range(per_epoch)] for e in range(3)]
    for epoch in epochs:
        shown = [number for batch_numbers in epoch for number in batch_numbers]
        assert len(set(shown)) == len(shown) == per_epoch * batch and set(shown) <= set(range(n_contexts))
    assert again[2 * per_epoch].tolist() == epochs[2][0] and (epochs[0] != epochs[1] or n_contexts == batch)
    if batch < n_contexts:
        assert ContextOrder(n_contexts, batch, 6)[0].tolist() != epochs[0][0] or n_contexts < 8


def test_the_learning_rate_rises_then_falls_to_a_tenth():
    rates = [learning_rate(step, 200, 0.5, 0.1) for step in range(200)]
    assert rates[0] == pytest.approx(0.5 / 20) and max(rates) == pytest.approx(0.5) == rates[20] == rates[19]
    assert np.allclose(np.diff(rates[:20]), 0.5 / 20) and (np.diff(rates[20:]) < 0).all()
    assert rates[-1] == pytest.approx(0.05, rel=0.01) and learning_rate(0, 200, 0.5, 0) == 0.5


def test_training_learns(tokens, lm):
    log = pd.read_csv(lm / "train.tsv", sep="\t")
    assert list(log.columns) == ["step", "tokens", "loss", "lr", "val_loss"]
    assert list(log["step"]) == [7, 14, 21, 28, 30] and list(log["tokens"]) == [96 * step for step in log["step"]]
    assert log["loss"].iloc[-1] < log["loss"].iloc[0] - 0.5 and log["val_loss"].is_monotonic_decreasing


@pytest.mark.parametrize("n_contexts", [1, 63, 65, 130])
def test_mean_loss_does_not_depend_on_the_split_into_batches(n_contexts):
    model = LanguageModel(CONFIG, seed=0)
    tokens_SL = np.random.default_rng(0).integers(0, 11, (n_contexts, 6)).astype(np.uint16)
    tokens_SL[:, 0] = 0
    each = [mean_loss(model, tokens_SL[i : i + 1], 0) for i in range(n_contexts)]
    weights = (tokens_SL[:, :-1] != 0).sum(axis=1)  # predictions from counted positions
    assert mean_loss(model, tokens_SL, 0) == pytest.approx(np.average(each, weights=weights), rel=1e-5)


def test_a_loss_that_is_not_finite_names_step_and_settings(tokens, tmp_path):
    with pytest.raises(FloatingPointError, match=r"loss is nan at step \d+ \(.*lr=1e\+30.*lower the learning rate"):
        script.main(lm_flags(tokens, tmp_path, lr=1e30, grad_clip=1e30))
    assert [path.name for path in tmp_path.iterdir() if not path.name.endswith(".lease")] == []


def test_weight_decay_is_on_matrices_alone(tmp_path):
    still = LMTraining(**{**SETTINGS.__dict__, "lr": 1e-12, "weight_decay": 1e10, "tokens": 24, "warmup": 0})
    weights, _ = trained(tmp_path / "a", settings=still)
    for name, before in LanguageModel(CONFIG, seed=3).state_dict().items():
        assert torch.allclose(weights[name], before * (0.99 if before.ndim == 2 else 1), atol=1e-6), name
