"""The README's first command, but for the set-up, where a home is of no use; nothing is run, for it is only planned."""

import os
import re
import subprocess
import sys

import pytest
from places import ROOT
from workflow_runs import copy_of_the_code

COMMAND = re.search(r"<!-- command:run -->\n```sh\n(.*)\n```", (ROOT / "README.md").read_text())[1]


@pytest.mark.faults
@pytest.mark.parametrize("home", ["/proc/none", "/dev/null", None])
def test_it_needs_no_home(tmp_path, home, tried):
    clone = copy_of_the_code(tmp_path / "a clone")
    command = COMMAND.rpartition("&& ")[2].replace(".venv/bin/snakemake", f"{sys.executable} -m snakemake")
    environment = {name: value for name, value in os.environ.items() if name not in ("HOME", "XDG_CACHE_HOME")}
    environment |= {"HOME": home} if home else {}
    done = subprocess.run(f"{command} -n", shell=True, cwd=clone, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    if home == "/proc/none":
        tried("the README's first command with a home that cannot be written to", "runs; its cache lies in the clone")
