"""Machines on which nothing can be compiled, or nothing kept: the work goes on, slower, and one line says why."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

import numpy as np
import pytest
from places import SCRIPTS

from monosem.ground.caches import find_room_for_torch
from monosem.investigations import feature_map

pytestmark = pytest.mark.faults

TRAIN = """
import sys
import torch
from monosem.ground.devices import compilable, use_device
device = use_device("cpu", 1)
print(compilable(device), compilable(device))
weight_N = torch.nn.Parameter(torch.ones(3))
optimizer = torch.optim.AdamW([weight_N], fused=True)
weight_N.sum().backward()
optimizer.step()
print("trained")
"""
COMPILED = """
import numba

@numba.njit(cache=True)
def twice(number):
    return 2 * number
"""
CALL = """
import os
from monosem.ground.caches import find_room_for_numba
find_room_for_numba("compiled")
from compiled import twice
print(twice(4), *(name for _, _, names in os.walk(os.environ["NUMBA_CACHE_DIR"]) for name in names))
"""


def run(code, folder, mounts=(), **variables):
    """In a file system of its own, with what is mounted there; `None` unsets a variable.

    Torch tells the processes that it starts where its compiled files are, by a variable; these must not find any.
    """
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS), "TMPDIR": str(folder), "TORCHINDUCTOR_CACHE_DIR": None}
    environment |= variables
    environment = {name: value for name, value in environment.items() if value is not None}
    command = [sys.executable, "-c", code]
    if mounts:
        if os.getuid() or not shutil.which("unshare"):
            pytest.skip("only root may mount; run the tests as root for this one")
        command = ["unshare", "-m", "bash", "-ec", f'{"; ".join(mounts)}; exec "$@"', "bash", *command]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd=folder, check=False)


@pytest.mark.parametrize(
    ("fault", "mounts", "variables", "said"),
    [
        ("no C++ compiler", (), {"CXX": "/bin/false"}, "No working C++ compiler found"),
        ("no compiler of that name", (), {"CXX": "nonesuch"}, "No working C++ compiler found"),
        ("nothing on PATH", (), {"PATH": str(Path(sys.executable).parent)}, "No working C++ compiler found"),
        ("no Python.h", ("mount -t tmpfs tmpfs {include}",), {}, "Python.h: No such file or directory"),
        ("TMPDIR mounted noexec", ("mount -t tmpfs -o noexec tmpfs {folder}",), {}, "failed to map segment"),
        ("TMPDIR of 200 kB", ("mount -t tmpfs -o size=200k tmpfs {folder}",), {}, "No space left on device"),
        (
            "TMPDIR full",
            ("mount -t tmpfs -o size=64k tmpfs {folder}", "cat /dev/zero > {folder}/filler || true"),
            {"TORCHINDUCTOR_CACHE_DIR": "{folder}/cache"},
            "No space left on device",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and "{" not in value else "",
)  # fmt: skip
def test_where_nothing_can_be_compiled_training_goes_on(tmp_path, fault, mounts, variables, said, tried):
    places = {"folder": tmp_path, "include": sysconfig.get_paths()["include"]}
    mounts = [mount.format(**places) for mount in mounts]
    variables = {name: value.format(**places) for name, value in variables.items()}
    done = run(TRAIN, tmp_path, mounts, **variables)
    assert done.stdout.split() == ["False", "False", "trained"], done.stderr
    (line,) = (line for line in done.stderr.splitlines() if "torch.compile" in line)
    assert line.startswith("torch.compile does not work here, so this runs slower: ") and said in line
    tried(f"{fault}, and `lm: {{compile: true}}`", "`train_lm.py` runs without a compiler, slower; one line says why")


@pytest.mark.parametrize("place", ["{file}", "{file}/cache", "/proc/cache", "/dev/null"])
def test_a_folder_for_the_compiler_that_cannot_be_made_is_made_elsewhere(tmp_path, place, monkeypatch, capsys):
    (tmp_path / "file").touch()
    place = place.format(file=tmp_path / "file")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", place)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    find_room_for_torch()
    (made,) = tmp_path.glob("torchinductor_*")
    assert made.is_dir() and os.environ["TORCHINDUCTOR_CACHE_DIR"] == str(made)
    assert capsys.readouterr().err.startswith(f"compiler files go to {made}, not to {place}: ")


def test_a_folder_made_elsewhere_ends_with_the_process(tmp_path, tried):
    done = run(TRAIN, tmp_path, CXX="/bin/false", TORCHINDUCTOR_CACHE_DIR="/proc/cache")
    assert done.stdout.split() == ["False", "False", "trained"], done.stderr
    assert f"compiler files go to {tmp_path}/torchinductor_" in done.stderr
    assert not list(tmp_path.glob("torchinductor_*"))
    tried("`TORCHINDUCTOR_CACHE_DIR` that cannot be written to", "a temporary folder is used; one line says so")


def test_what_is_compiled_is_kept_elsewhere_where_neither_packages_nor_home_can_be_written_to(
    tmp_path, tmp_path_factory, tried
):
    packages = tmp_path_factory.mktemp("packages")
    (packages / "compiled.py").write_text(COMPILED)
    mounts = ["mount -o remount,bind,ro /", f"mount -t tmpfs tmpfs {tmp_path}"]
    done = run(
        CALL,
        tmp_path,
        mounts,
        PYTHONPATH=f"{SCRIPTS}:{packages}",
        HOME="/proc/home",
        XDG_CACHE_HOME=None,
        NUMBA_CACHE_DIR=None,
    )
    eight, *kept = done.stdout.split() or [done.stderr]
    assert eight == "8" and any(name.startswith("compiled.twice") for name in kept), done.stderr
    tried("packages and home read-only", "what `map_features.py` compiles is kept in TMPDIR")


def test_the_map_asks_for_that_before_it_imports_what_is_compiled(monkeypatch):
    def found(package):
        raise LookupError(package)

    monkeypatch.setattr(feature_map, "find_room_for_numba", found)
    monkeypatch.setitem(sys.modules, "umap", None)  # whose import would be another error
    near = feature_map.Neighbours(np.zeros((9, 2), dtype=np.int64), np.zeros((9, 2), dtype=np.float32))
    with pytest.raises(LookupError, match="umap"):
        feature_map.place(np.eye(9, dtype=np.float32), near, n_dims=2, min_dist=0.1, seed=0)
