"""A full disk and one that cannot be written to: an error that names the file, no half of anything, and a way on."""

import errno
import re
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress

import numpy as np
import pytest
from killing import Job, contents, replaced, wait_until
from small_run import acts_flags, collect_flags, lm_flags, pack_flags, sae_flags

import collect_acts
import pack_tokens
import store_acts
import train_lm
import train_sae
from monosem.acts import shuffling, store
from monosem.text import packing

pytestmark = pytest.mark.faults

PAGE = 4096  # what a file takes on a tmpfs is a multiple of it


@pytest.fixture
def disk(tmp_path):
    """An empty file system of 4 MiB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only root may mount a small disk; run the tests as root for this one")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled(disk, but=0):
    """While nothing but so many bytes is free."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        with suppress(OSError):
            while True:
                file.write(bytes(PAGE))
        file.truncate(max(0, file.tell() - but))
    yield
    filler.unlink()


@pytest.fixture
def small(monkeypatch):
    """Stores in many small chunks and buckets."""
    monkeypatch.setattr(store, "CHUNK_BYTES", 2048)
    monkeypatch.setattr(shuffling, "BUCKET_BYTES", 4096)
    monkeypatch.setattr(packing, "CHUNK", 8)


@pytest.fixture
def writers(corpus, tokens, lm, parts, acts, small):
    """What writes an artefact into a folder, by the name of the artefact."""
    return {
        "train.zarr": lambda to: pack_tokens.main(pack_flags(corpus, to, "train")),
        "weights.safetensors": lambda to: train_lm.main(lm_flags(tokens, to)),
        "acts-0-of-1": lambda to: collect_acts.main(collect_flags(tokens, lm, to)),
        "acts.zarr": lambda to: store_acts.main(acts_flags(parts, to)),
        "sae.safetensors": lambda to: train_sae.main(sae_flags(acts, to)),
    }


@pytest.mark.parametrize(
    ("name", "pages"),
    [("train.zarr", 20), ("weights.safetensors", 4), ("acts-0-of-1", 2), ("acts.zarr", 40), ("sae.safetensors", 2)],
)
def test_a_disk_that_fills_while_an_output_is_written(writers, name, pages, disk, tmp_path, tried):
    """`pages` are free: enough for what is written before, not for the whole of it."""
    (disk / "out").mkdir()
    with filled(disk, but=pages * PAGE):
        with pytest.raises(OSError, match=rf"out/{re.escape(name)}: disk full, the 0\.\d MiB free there are too few"):
            writers[name](disk / "out")
        left = {path.name for path in (disk / "out").iterdir() if not path.name.endswith(".lease")}
        unfinished = {".acts.zarr.partial"}  # to go on with
        assert left - unfinished <= {"train.tsv"}, "no artefact, no record, no work file"
    writers[name](disk / "out")
    writers[name](tmp_path / "whole")
    assert contents(disk / "out") == contents(tmp_path / "whole")
    tried(
        f"disk full while `{name}` is written",
        "stops and names file and room; nothing of it is left; with room, the same command makes the same bytes",
    )


def test_shuffling_says_itself_that_the_disk_is_full(disk):
    """Without a look at what is free: a job beside it may have ended, and made room, by then."""
    rows, n_buckets = np.arange(10_000), 3
    with filled(disk), pytest.raises(OSError) as raised:
        shuffling.scatter([rows], disk / "buckets", n_buckets, np.random.default_rng(0))
    assert raised.value.errno == errno.ENOSPC


def test_a_disk_that_fills_while_a_checkpoint_is_written(tokens, starter, disk, tmp_path, tried):
    job = Job("train_lm.py", lambda to: lm_flags(tokens, to, tokens=250 * 96, checkpoint_s=0), ())
    folder, checkpoint = disk / "out", disk / "out" / ".weights.safetensors.checkpoint"
    process = starter.start(job, folder)
    assert wait_until(replaced(checkpoint), process.alive), process.printed
    process.send(signal.SIGSTOP)
    with filled(disk):
        process.send(signal.SIGCONT)
        assert process.wait() == 1
        assert re.search(r"out/\.weights\.safetensors\.checkpoint: disk full, the \d\.\d MiB", process.printed)
        assert {path.name for path in folder.iterdir()} == {checkpoint.name, ".weights.safetensors.lease"}
    assert "resuming from" in starter.run(job, folder)
    starter.run(job, tmp_path / "whole")
    assert contents(folder) == contents(tmp_path / "whole")
    tried(
        "disk full while a checkpoint is written",
        "stops and names the file; the checkpoint before it stays; with room, the same command goes on from there",
    )


@pytest.mark.parametrize("name", ["train.zarr", "weights.safetensors", "acts-0-of-1", "acts.zarr", "sae.safetensors"])
def test_a_folder_that_cannot_be_written_to(writers, name, disk):
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    with pytest.raises(OSError, match=r"Read-only file system: '.*/disk/out"):
        writers[name](disk / "out")
