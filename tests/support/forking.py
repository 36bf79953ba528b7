"""Processes forked from one that has imported what they need: a second less for each, and tests start hundreds.

What runs in them is a script or a module, as `python FILE` and `python -m NAME` run it.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

SERVER = """
import importlib, json, os, runpy, sys

for name in sys.argv[1:]:
    importlib.import_module(name)
for line in sys.stdin:
    job = json.loads(line)
    child = os.fork()
    if child == 0:
        log = os.open(job["log"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(log, 1)
        os.dup2(log, 2)
        os.chdir(job["folder"])
        os.environ.clear()
        os.environ.update(job["environment"])
        for name, value in job["constants"].items():
            module, _, constant = name.rpartition(".")
            setattr(importlib.import_module(module), constant, value)
        sys.argv = job["argv"]
        if job["module"]:
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
        sys.exit()
    print(child, flush=True)
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Forks:
    """Starts processes, one after the other; of each, `start` gives the number, and then `wait` the exit status."""

    def __init__(self, imports: tuple[str, ...], path: Path | None = None) -> None:
        self.own = {"PYTHONPATH": str(path)} if path else {}
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        command = [sys.executable, "-c", SERVER, *imports]
        self.server = subprocess.Popen(command, env={**os.environ, **self.own}, **pipes)

    def start(
        self,
        argv: list[str],
        log: Path,
        *,
        module: bool = False,
        folder: Path | None = None,
        constants: dict[str, int] | None = None,
    ) -> int:
        job = {"argv": argv, "log": str(log), "module": module, "folder": str(folder or Path.cwd())}
        job |= {"constants": constants or {}, "environment": {**os.environ, **self.own}}
        self.server.stdin.write(json.dumps(job) + "\n")
        self.server.stdin.flush()
        return int(self.server.stdout.readline())

    def wait(self) -> int:
        """The exit status; that of a killed process is minus the signal."""
        return os.waitstatus_to_exitcode(int(self.server.stdout.readline()))
