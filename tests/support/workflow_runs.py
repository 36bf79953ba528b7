"""The workflow as a user runs it, with the smoke config: whole runs, dry runs, and copies of the code to edit."""

import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile

from forking import Forks
from places import CACHE, ROOT, SMOKE

Done = subprocess.CompletedProcess


def snakemake(
    folder: Path, *words: object, more: tuple[Path, ...] = (), root: Path = ROOT
) -> subprocess.CompletedProcess:
    """Runs with the smoke config and `more`; what it prints, on either stream, is in `stdout`."""
    words = [*words, "--snakefile", root / "Snakefile", "--directory", folder, "--cores", "2"]
    return started([*words, "--configfile", SMOKE, folder / "cache.yaml", *more])


def started(words: Sequence[object], folder: Path | None = None) -> Done:
    """Snakemake in a folder, to its end: in a process of its own where it runs jobs, and forked where it plans them."""
    argv = list(map(str, words))
    if "-n" not in argv:
        output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        return subprocess.run([sys.executable, "-m", "snakemake", *argv], cwd=folder, check=False, **output)
    with NamedTemporaryFile("r") as log:
        planners().start(["snakemake", *argv], Path(log.name), module=True, folder=folder)
        return Done(argv, planners().wait(), log.read())


@cache
def planners() -> Forks:
    """What Snakemake imports before it reads a workflow, imported once; it ends with the tests."""
    return Forks(("snakemake.cli", "snakemake.utils", "snakemake.report", "jsonschema", "pandas", "requests"))


def jobs(folder: Path, *, more: tuple[Path, ...] = (), root: Path = ROOT) -> dict[str, int]:
    """Rules that would run, and how many jobs of each, by a dry run."""
    done = snakemake(folder, "-n", more=more, root=root)
    assert done.returncode == 0, done.stdout[-3000:]
    table = re.search(r"^job +count\n-+ +-+\n(.*?)\n\n", done.stdout, re.S | re.M)
    found = re.findall(r"^(\w+) +(\d+)$", table[1], re.M) if table else []
    return {name: int(count) for name, count in found if name != "total"}


def new_folder(folder: Path) -> Path:
    folder.mkdir()
    (folder / "cache.yaml").write_text(f"corpus: {{cache: '{CACHE}'}}\n")
    return folder


def copy_of_the_code(to: Path) -> Path:
    for name in ("config", "scripts", "workflow"):
        shutil.copytree(ROOT / name, to / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", to)
    return to
