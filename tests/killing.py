"""Runs of real scripts in a process of their own, to be stopped on the way."""

import subprocess
import sys
import time
from pathlib import Path

from conftest import SCRIPTS

PATIENCE_S = 60


def start(script, argv):
    command = [sys.executable, str(SCRIPTS / script), *argv]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def wait_for(path: Path, process) -> None:
    """Until `path` exists; fails when the process ends first."""
    deadline = time.monotonic() + PATIENCE_S
    while not path.exists():
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline, f"no {path} after {PATIENCE_S} s"
        time.sleep(0.005)


def stop_midway(script, argv, output: Path, signal):
    """Starts the script, sends the signal once a checkpoint is there; returns the exit status and what it printed.

    The script must be given --checkpoint-s 0 (a checkpoint each step) and work for more than a moment.
    """
    process = start(script, argv)
    try:
        wait_for(output.with_name(f".{output.name}.checkpoint"), process)
        process.send_signal(signal)
        printed, _ = process.communicate(timeout=PATIENCE_S)
    finally:
        process.kill()
        process.wait()
    return process.returncode, printed
