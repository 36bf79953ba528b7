"""Training by several processes, started by torchrun: the steps of one process, and an end for all when one ends."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from places import SCRIPTS
from safetensors.torch import load_file
from small_run import lm_flags
from waiting import PATIENCE_S, wait_until

import train_lm
from monosem.ground.parallel import Team
from monosem.lm.cross_entropy import next_token_loss
from monosem.lm.training import BatchGradients, LMTraining
from monosem.lm.transformer import LanguageModel, LMConfig

STEPS = 250  # of a run that is long enough to be stopped on the way
OUTPUTS = ("weights.safetensors", "train.tsv", "lm.json")
# Sums of float32 in another order differ by a few units in the last place, and Adam divides by the size of a gradient:
# over the 30 steps losses stay within 1e-5 of each other, weights (of size 0.1) within 1e-4.
LOSS, WEIGHT = {"rtol": 1e-5}, {"rtol": 1e-3, "atol": 1e-4}


@contextmanager
def torchrun(n_processes, argv, *, nodes=("--standalone",)):
    """One `torchrun`; what is left of it and of its workers ends with the block."""
    words = [sys.executable, "-m", "torch.distributed.run", *nodes, "--nproc-per-node", n_processes]
    command = list(map(str, [*words, SCRIPTS / "train_lm.py", *argv]))
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    process = subprocess.Popen(command, **pipes)
    try:
        yield process
    finally:
        for left in [*children(process), process.pid] if process.poll() is None else []:
            os.kill(left, signal.SIGKILL)
        process.communicate()


def children(process):
    return map(int, Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split())


def finished(n_processes, argv):
    with torchrun(n_processes, argv) as process:
        printed, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 0, printed
    return printed


def assert_same_training(folder, expected):
    ours, theirs = (pd.read_csv(path / "train.tsv", sep="\t") for path in (folder, expected))
    np.testing.assert_allclose(ours, theirs, **LOSS)
    weights, wanted = (load_file(path / "weights.safetensors") for path in (folder, expected))
    for name in wanted:
        torch.testing.assert_close(weights[name], wanted[name], **WEIGHT)


@pytest.mark.slow
def test_several_processes_take_the_steps_of_one(tokens, lm, tmp_path):
    """Also in parts of two contexts, and when 8 do not divide evenly among them. Two: below."""
    printed = finished(3, lm_flags(tokens, tmp_path, micro_batch=2))
    assert printed.count("train lm: 100%") == 1, "only one process shows progress"
    assert_same_training(tmp_path, lm)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(OUTPUTS)
    assert json.loads((tmp_path / "lm.json").read_text())["tokens_trained"] == 30 * 96


@pytest.mark.slow
def test_two_nodes_take_the_steps_of_one_process(tokens, lm, tmp_path):
    with socket.socket() as free:
        free.bind(("localhost", 0))
        meet = ["--rdzv-backend", "c10d", "--rdzv-id", "7", "--rdzv-endpoint", f"localhost:{free.getsockname()[1]}"]
    argv = lm_flags(tokens, tmp_path)
    with torchrun(1, argv, nodes=["--nnodes", 2, *meet]) as one, torchrun(1, argv, nodes=["--nnodes", 2, *meet]) as two:
        printed = [process.communicate(timeout=PATIENCE_S)[0] for process in (one, two)]
    assert (one.returncode, two.returncode) == (0, 0), printed
    assert_same_training(tmp_path, lm)


@pytest.fixture
def long_flags(tokens, tmp_path):
    return lambda folder: lm_flags(tokens, tmp_path / folder, tokens=STEPS * 96, checkpoint_s=0)


def workers(process):
    """Process numbers by rank."""
    environments = {child: Path(f"/proc/{child}/environ").read_text() for child in children(process)}
    return {int(text.split("\0RANK=")[1].split("\0")[0]): child for child, text in environments.items()}


def under_way(process, output):
    checkpoint = output.with_name(f".{output.name}.checkpoint")
    assert wait_until(checkpoint.exists, lambda: process.poll() is None), process.communicate()


def stopped(argv, folder, stop):
    """What two processes print when `stop` is done to them on the way."""
    with torchrun(2, argv) as process:
        under_way(process, folder / "weights.safetensors")
        stop(process)
        printed, _ = process.communicate(timeout=PATIENCE_S)
    assert process.returncode != 0 and not [name for name in OUTPUTS if (folder / name).exists()], printed
    return printed


@pytest.mark.slow
def test_a_process_that_dies_ends_all_and_the_next_run_goes_on(long_flags, tmp_path):
    finished(2, long_flags("whole"))
    dies = lambda process: os.kill(workers(process)[1], signal.SIGKILL)  # noqa: E731
    printed = stopped(long_flags("killed"), tmp_path / "killed", dies)
    told = (
        "process 0 of 2: another ended; what it printed says why",
        "closing signal SIGTERM",
    )  # torchrun may be first
    assert any(words in printed for words in told), printed
    assert "rank      : 1" in printed and "exitcode  : -9" in printed
    assert "resuming from" in finished(2, long_flags("killed"))
    for name in ("weights.safetensors", "train.tsv"):
        assert (tmp_path / "killed" / name).read_bytes() == (tmp_path / "whole" / name).read_bytes(), name


@pytest.mark.slow
def test_told_to_stop_all_stop_after_one_step_and_one_process_can_go_on(long_flags, tmp_path, as_script, capsys):
    printed = stopped(long_flags("told"), tmp_path / "told", subprocess.Popen.terminate)
    assert printed.count("stopped by SIGTERM after step") == 1 and "another ended" not in printed
    as_script("train_lm.py")
    train_lm.main(long_flags("told"))
    assert "resuming from" in capsys.readouterr().err
    train_lm.main(long_flags("whole"))
    curves = [pd.read_csv(tmp_path / name / "train.tsv", sep="\t") for name in ("told", "whole")]
    np.testing.assert_allclose(curves[0], curves[1], rtol=1e-3)  # of 250 steps


def test_more_processes_than_contexts_are_refused():
    model = LanguageModel(CONFIG, seed=0)
    with pytest.raises(ValueError, match=r"--batch 4: a context for each of 5 processes expected"):
        BatchGradients(model, settings_of(None), Team(0, 5))


CONFIG = LMConfig(vocab_size=11, context_length=6, n_layers=1, d_model=8, n_heads=2, d_mlp=8)


def settings_of(micro_batch, batch=4):
    return LMTraining(
        tokens=24, batch=batch, lr=0.1, warmup=0, weight_decay=0, grad_clip=1, val_every=1, precision="float32",
        compile=False, bos=0, seed=0, micro_batch=micro_batch,
    )  # fmt: skip


def gradients_of(micro_batch, batch_SL, team=Team()):  # noqa: B008
    model = LanguageModel(CONFIG, seed=0)
    loss, told = BatchGradients(model, settings_of(micro_batch, len(batch_SL)), team).add(batch_SL, told=False)
    return [loss, *(parameter.grad for parameter in model.parameters())], told


@pytest.mark.parametrize("micro_batch", [1, 2, 3, 5, 12, 100])
def test_a_batch_in_parts_has_the_loss_and_the_gradients_of_the_whole(micro_batch):
    batch_SL = np.random.default_rng(0).integers(0, 11, (12, 6))
    model, tokens_SL = LanguageModel(CONFIG, seed=0), torch.from_numpy(batch_SL)
    loss = next_token_loss(model(tokens_SL), model.W_U_DV, tokens_SL)
    loss.backward()
    found, told = gradients_of(micro_batch, batch_SL)
    assert not told
    torch.testing.assert_close(found, [loss.detach(), *(parameter.grad for parameter in model.parameters())])
    if micro_batch >= 12:
        assert torch.equal(found[0], loss.detach())


def test_smaller_parts_hold_less_for_the_backward_pass():
    batch_SL, held = np.random.default_rng(0).integers(0, 11, (12, 6)), {}
    for micro_batch in (12, 4, 1):
        events = []
        keep = lambda tensor: events.append(tensor.nbytes) or tensor  # noqa: B023, E731
        use = lambda tensor: events.append(None) or tensor  # noqa: B023, E731
        with torch.autograd.graph.saved_tensors_hooks(keep, use):
            gradients_of(micro_batch, batch_SL)
        ends = [-1, *(i for i, event in enumerate(events) if event is None)]
        held[micro_batch] = max(sum(events[a + 1 : b]) for a, b in pairwise(ends))
    assert held[4] < 0.5 * held[12] and held[1] < 0.5 * held[4], held
