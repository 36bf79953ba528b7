"""A checkpoint that is damaged, or of another run, is ignored with a message: the result is that of a fresh start."""

import random
import shutil
import signal
import time
from types import SimpleNamespace

import pytest
import torch
from killing import Job, contents, replaced, wait_until
from small_run import make_acts, sae_flags

import train_sae
from monosem.ground.checkpoints import Checkpoint

pytestmark = pytest.mark.faults

CHECKPOINT = ".sae.safetensors.checkpoint"


@pytest.fixture(scope="module")
def left(acts, starter, tmp_path_factory):
    """What a run left behind that was killed on the way, and what the whole run makes."""
    job = Job("train_sae.py", lambda to: sae_flags(acts, to, vectors=64 * 100, checkpoint_s=0), ())
    folder, whole = tmp_path_factory.mktemp("killed"), tmp_path_factory.mktemp("whole")
    process = starter.start(job, folder)
    assert wait_until(replaced(folder / CHECKPOINT), process.alive), process.printed
    assert process.stop(signal.SIGKILL) == -signal.SIGKILL
    starter.run(job, whole)
    return SimpleNamespace(checkpoint=folder / CHECKPOINT, whole=whole, argv=job.argv)


@pytest.fixture
def folder(left, tmp_path):
    (tmp_path / "out").mkdir()
    shutil.copy(left.checkpoint, tmp_path / "out")
    return tmp_path / "out"


def assert_starts_afresh(argv, folder, whole, capsys, why):
    train_sae.main(argv)
    printed = capsys.readouterr().err
    assert f"ignoring checkpoint {folder / CHECKPOINT}: {why}" in printed and "resuming" not in printed
    assert contents(folder) == contents(whole)


def damaged(content, how):
    """The bytes of a checkpoint, spoiled."""
    flipped = bytearray(content)
    flipped[len(content) // 2] ^= 1
    kept = {"emptied": 0, "cut to 100 bytes": 100, "cut to half": len(content) // 2, "cut by a byte": len(content) - 1}
    return bytes(flipped) if how == "one bit flipped" else content[: kept[how]]


def test_a_damaged_checkpoint(left, folder, as_script, capsys, tried):
    as_script("train_sae.py")
    for how in ("emptied", "cut to 100 bytes", "cut to half", "cut by a byte", "one bit flipped"):
        (folder / CHECKPOINT).write_bytes(damaged(left.checkpoint.read_bytes(), how))
        assert_starts_afresh(left.argv(folder), folder, left.whole, capsys, "damaged")
    tried("a checkpoint emptied, cut, or with a bit flipped", "ignored with a message; made afresh, to the same bytes")


@pytest.mark.parametrize("what", ["flags", "activations", "code"])
def test_a_checkpoint_of_another_run(left, folder, what, acts, tokens, lm, as_script, capsys, tmp_path, tried):
    argv, whole = left.argv, tmp_path / "whole"
    if what == "flags":
        argv = lambda to: sae_flags(acts, to, vectors=64 * 100, checkpoint_s=0, lr=0.02)  # noqa: E731
    elif what == "activations":
        other = make_acts(tokens, lm, tmp_path / "acts", seed=4)
        argv = lambda to: sae_flags(other, to, vectors=64 * 100, checkpoint_s=0)  # noqa: E731
    as_script("train_lm.py" if what == "code" else "train_sae.py")
    train_sae.main(argv(whole))
    assert_starts_afresh(argv(folder), folder, whole, capsys, "made with other flags, inputs or code")
    tried(f"a checkpoint of other {what}", "ignored with a message; made afresh, to the same bytes")


def test_a_whole_checkpoint_is_gone_on_from(left, folder, as_script, capsys):
    """So that the tests above say something."""
    as_script("train_sae.py")
    train_sae.main(left.argv(folder))
    assert f"resuming from {folder / CHECKPOINT}, after step " in capsys.readouterr().err
    assert contents(folder) == contents(left.whole)


def test_no_flipped_bit_or_cut_goes_unnoticed(left, folder, capsys):
    """Torch reads tensors with a flipped bit as if nothing were wrong."""
    content, rng = left.checkpoint.read_bytes(), random.Random(0)
    for _ in range(200):
        spoiled = bytearray(content)
        spoiled[rng.randrange(len(content))] ^= 1 << rng.randrange(8)
        (folder / CHECKPOINT).write_bytes(spoiled if rng.random() < 0.8 else content[: rng.randrange(len(content))])
        with Checkpoint(folder / "sae.safetensors", "key", every_s=1) as checkpoint:
            assert checkpoint.load() is None
        assert "sae.safetensors.checkpoint: damaged" in capsys.readouterr().err


def test_another_file_in_its_place(folder, capsys):
    for content in ({"a": 1}, torch.zeros(2)):
        torch.save(content, folder / CHECKPOINT)
        with Checkpoint(folder / "sae.safetensors", "key", every_s=1) as checkpoint:
            assert checkpoint.load() is None
        assert "ignoring checkpoint" in capsys.readouterr().err


def test_a_clock_that_is_set_back_again_and_again(left, folder, as_script, monkeypatch, capsys, tried):
    """Each time it is read: neither what is computed nor when checkpoints are made depends on the time of day."""
    clock = iter(range(2**62, 0, -3600))
    monkeypatch.setattr(time, "time", lambda: float(next(clock)))
    as_script("train_sae.py")
    (folder / CHECKPOINT).unlink()
    train_sae.main(left.argv(folder))
    assert contents(folder) == contents(left.whole)
    tried(
        "the clock set back while an autoencoder is trained", "checkpoints go by a clock that only runs on; same bytes"
    )
