"""What a machine has few of is taken by one process at a time, and is free again however that process ends."""

import os
import signal
import subprocess
import sys

import pytest
import torch
from places import SCRIPTS
from waiting import PATIENCE_S

from monosem.ground.claims import claim
from monosem.ground.devices import own_gpu

# Takes one of the names, makes a file that must not be there yet, and holds on until it reads a line or is killed.
WORK = """
import pathlib, sys, time
from monosem.ground.claims import claim
folder, names = pathlib.Path(sys.argv[1]), sys.argv[2:]
mine = folder / names[claim(names, folder)]
mine.touch(exist_ok=False)
print(mine.name, flush=True)
sys.stdin.readline()
mine.unlink()
"""


def start(folder, *names):
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS)}
    command = [sys.executable, "-c", WORK, str(folder), *names]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True, env=environment)


def test_more_processes_than_names_never_share_one(tmp_path):
    first = [start(tmp_path, "a", "b") for _ in range(2)]
    assert {process.stdout.readline() for process in first} == {"a\n", "b\n"}
    rest = [start(tmp_path, "a", "b") for _ in range(4)]
    assert all("a, b all in use" in process.stderr.readline() for process in rest)
    for process in [*first, *rest]:
        process.stdin.write("go on\n")
        process.stdin.flush()
    errors = [process.communicate(timeout=PATIENCE_S)[1] for process in [*first, *rest]]
    assert [process.returncode for process in [*first, *rest]] == [0] * 6, errors  # else two made the same file


def test_what_a_killed_process_held_is_free_again(tmp_path):
    first = start(tmp_path, "a")
    assert first.stdout.readline() == "a\n"
    second = start(tmp_path, "a")
    assert "in use by other processes" in second.stderr.readline()
    first.send_signal(signal.SIGKILL)
    first.communicate()
    (tmp_path / "a").unlink()
    assert second.communicate("go on\n", timeout=PATIENCE_S)[0] == "a\n"


def test_a_process_may_hold_several(tmp_path):
    assert {claim(["x", "y"], tmp_path), claim(["x", "y"], tmp_path)} == {0, 1}


def test_more_processes_than_gpus_are_an_error_instead_of_a_wait(monkeypatch):
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    with pytest.raises(ValueError, match=r"3 processes on 2 GPUs: set lm\.processes to 2 at most"):
        own_gpu(processes=3)
