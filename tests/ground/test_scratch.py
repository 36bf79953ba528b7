"""What a killed process leaves behind is removed by the next that writes the same, on whatever machine that is."""

import errno
import fcntl
import subprocess
import sys

import pytest

from monosem.ground import checkpoints, locks, scratch
from monosem.ground.artefacts import replacing

LEAVE = """
import os, platform, signal, sys, time
sys.path.insert(0, {scripts!r})
platform.node = lambda: {node!r}
from pathlib import Path
from monosem.ground.artefacts import replacing
with replacing(Path({path!r})) as tmp:
    tmp.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def writer(tmp_path):
    """Starts a process, as if of a node, that has begun to write; it is ended with the test."""
    started = []

    def start(node, path=tmp_path / "out"):
        code = LEAVE.format(scripts=str(scratch.__file__).split("/monosem/")[0], node=node, path=str(path))
        started.append(subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True))
        assert started[-1].stdout.readline() == "writing\n"
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait()
        process.stdout.close()


def in_progress(folder):
    return [path.name for path in folder.iterdir() if path.name.endswith(".tmp")]


@pytest.mark.parametrize("node", ["another", "another.local", "here.local", "here"])
def test_a_process_at_work_keeps_its_own_and_a_killed_one_leaves_nothing(tmp_path, monkeypatch, writer, node):
    monkeypatch.setattr(scratch.platform, "node", lambda: "here.local" if "." in node else "here")
    process = writer(node)
    (tmp_path / "out.txt").write_text("of another name")
    for expected in (1, 0):
        with replacing(tmp_path / "out") as tmp:
            tmp.write_text("whole")
        assert len(in_progress(tmp_path)) == expected
        process.kill()
        process.wait()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "out.txt"]


def test_without_locks_only_what_is_of_this_machine_is_removed(tmp_path, monkeypatch):
    def flock(file, operation):
        raise OSError(errno.ENOSYS, "Function not implemented")

    monkeypatch.setattr(fcntl, "flock", flock)
    monkeypatch.setattr(scratch.platform, "node", lambda: "here")
    gone = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, text=True)
    names = [f".out.{node}-{gone.stdout.strip()}.tmp" for node in ("here", "there", "x.here")]
    for name in names:
        (tmp_path / name).mkdir()
        (tmp_path / name / scratch.LEASE).touch()
    with replacing(tmp_path / "out") as tmp:
        tmp.write_text("whole")
    assert sorted(in_progress(tmp_path)) == sorted(names[1:])


def test_a_training_goes_on_where_there_are_no_locks_and_other_errors_are_told(tmp_path, monkeypatch):
    number = errno.EOPNOTSUPP

    def flock(file, operation):
        raise OSError(number, "no locks")

    monkeypatch.setattr(fcntl, "flock", flock)
    with checkpoints.Checkpoint(tmp_path / "out", "key", every_s=60) as checkpoint:
        assert checkpoint.load() is None
    number = errno.EIO
    with (tmp_path / "file").open("w") as file, pytest.raises(OSError, match="no locks"):
        locks.lock(file)
