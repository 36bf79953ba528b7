"""What a killed job leaves behind, who may go on from it, and that two never work at once."""

import argparse
import os
import signal
import subprocess
import sys
import time

import pytest
import torch
from killing import wait_until
from places import SCRIPTS

from monosem.ground.checkpoints import Checkpoint, run_key

HOLD = """
import pathlib, sys, time
from monosem.ground.checkpoints import Checkpoint
with Checkpoint(pathlib.Path(sys.argv[1]), "k", every_s=0) as checkpoint:
    checkpoint.save({"step": 1})
    time.sleep(60)
"""


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out" / "weights.bin"


def new(output, key="key", every_s=0.0):
    return Checkpoint(output, key, every_s=every_s)


def interrupted(output, state, key="key"):
    """Leaves a checkpoint as a job that ended with an error does."""
    with pytest.raises(RuntimeError), new(output, key) as checkpoint:
        checkpoint.save(state)
        raise RuntimeError


def test_state_comes_back_exactly(output, capsys):
    state = {"w": torch.randn(3), "pairs": [(torch.ones(2), torch.zeros(1))], "step": 4, "rows": [{"a": 0.1}]}
    interrupted(output, state)
    with new(output) as checkpoint:
        back = checkpoint.load()
    assert torch.equal(back.pop("w"), state.pop("w")) and torch.equal(back["pairs"][0][0], torch.ones(2))
    assert (back["step"], back["rows"]) == (4, [{"a": 0.1}]) and "resuming from" in capsys.readouterr().err


def test_success_leaves_nothing_and_failure_leaves_the_checkpoint(output):
    interrupted(output, {"step": 1})
    assert new(output).path.exists() and not output.exists()
    with new(output) as checkpoint:
        checkpoint.save({"step": 2})
    assert list(output.parent.iterdir()) == []


def test_without_a_checkpoint_there_is_nothing_to_load(output, capsys):
    with new(output) as checkpoint:
        assert checkpoint.load() is None
    assert capsys.readouterr().err == ""


def test_another_key_is_ignored_with_a_message(output, capsys):
    interrupted(output, {"step": 1}, key="one")
    with new(output, "two") as checkpoint:
        assert checkpoint.load() is None
    assert "weights.bin.checkpoint: made with other flags, inputs or code" in capsys.readouterr().err


def test_due_by_the_clock(output):
    with new(output, every_s=0.05) as checkpoint:
        assert not checkpoint.due()
        time.sleep(0.06)
        assert checkpoint.due()
        checkpoint.save({})
        assert not checkpoint.due()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_to_stop_saves_then_exits(output, capsys, number):
    before = signal.getsignal(number)
    with pytest.raises(SystemExit) as stop, new(output, every_s=1e6) as checkpoint:
        assert not checkpoint.due()
        os.kill(os.getpid(), number)
        assert checkpoint.due()
        checkpoint.save({"step": 9})
    assert stop.value.code == 128 + number and signal.getsignal(number) == before
    assert f"stopped by {number.name} after step 9; run the same command again" in capsys.readouterr().err
    with new(output) as checkpoint:
        assert checkpoint.load() == {"step": 9}


def test_a_second_ctrl_c_does_not_wait_for_the_step(output):
    with pytest.raises(KeyboardInterrupt), new(output, every_s=1e6) as checkpoint:
        os.kill(os.getpid(), signal.SIGINT)
        assert checkpoint.due()
        os.kill(os.getpid(), signal.SIGINT)


def test_a_second_process_is_refused_until_the_first_is_gone(output):
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(output)], cwd=SCRIPTS)
    try:
        assert wait_until(new(output).path.exists, lambda: process.poll() is None)
        with (
            pytest.raises(ValueError, match=rf"weights\.bin\.lease: process {process.pid} of .* is at work"),
            new(output),
        ):
            pass
        assert new(output).path.exists()
    finally:
        process.kill()
        process.wait()
    with new(output, "k") as checkpoint:
        assert checkpoint.load() == {"step": 1}


def test_a_lease_is_taken_again_within_a_process(output):
    for _ in range(2):
        interrupted(output, {})
    with new(output), pytest.raises(ValueError, match=f"process {os.getpid()} of"), new(output):
        pass


def key(inputs=(), **flags):
    return run_key(argparse.Namespace(**flags), inputs)


def test_the_key_depends_on_what_decides_the_result(tmp_path, as_script):
    source = tmp_path / "in.json"
    source.write_text('{"n": 1, "written": "now"}')
    as_script("train_sae.py")
    first = key([source], lr=0.1, output=tmp_path / "a")
    assert first == key([source], output=tmp_path / "elsewhere", lr=0.1)
    assert first != key([source], lr=0.2, output=tmp_path / "a") and first != key([], lr=0.1)
    as_script("train_lm.py")
    assert first != key([source], lr=0.1)
    as_script("train_sae.py")
    source.write_text('{"n": 1, "written": "later"}')
    assert first == key([source], lr=0.1)
    source.write_text('{"n": 2, "written": "now"}')
    assert first != key([source], lr=0.1)


def test_the_key_does_not_depend_on_how_often_checkpoints_are_made():
    assert key(lr=0.1, checkpoint_s=60.0) == key(lr=0.1, checkpoint_s=5.0)
