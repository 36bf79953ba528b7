"""What an edit runs again, in the table of tests/README.md and by Snakemake itself.

Nothing is computed here: `snakemake --touch` records every job of the default config as done, with its inputs, params
and code, and dry runs then tell what a change of the clone would run again.
"""

import os
import re
import shutil
from pathlib import Path

import pytest
from places import ROOT, SCRIPTS
from workflow_runs import started

import readme_tables
from monosem.planning.planned import parse_jobs, workflow_rules
from monosem.planning.reruns import SUFFIXES, reruns, rooms, shown

FILES = sorted(path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*") if path.suffix in SUFFIXES)
# From the first rule to none: code of all, of models, of what has temporary inputs, of one branch, a template, a tool.
SOME = [
    "monosem/ground/artefacts.py",
    "monosem/lm/transformer.py",
    "monosem/acts/shuffling.py",
    "store_acts.py",
    "shuffle_lm.py",
]
SOME += [
    "monosem/sae/kernels/csr.py",
    "monosem/autointerp/windows.py",
    "monosem/figures/lines.py",
    "monosem/pages/report/page.html",
    "monosem/pages/rating/page.js",
]
SOME += ["monosem/costs/seconds.py"]
OTHERS = [file for file in FILES if file not in SOME]


def snakemake(clone: Path, *words: object):
    done = started(["--snakefile", clone / "Snakefile", "--directory", clone, "--cores", "2", *words])
    assert done.returncode == 0, done.stdout[-3000:]
    return done.stdout


def again(clone: Path) -> set[str]:
    """The rules that would run."""
    return {job.rule for job in parse_jobs(snakemake(clone, "-n"))}


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> tuple[Path, dict[str, list[str]]]:
    """A clone whose results Snakemake takes for made, and what an edit of each file should run again."""
    clone = tmp_path_factory.mktemp("reruns") / "clone é"
    clone.mkdir()
    for name in ("config", "scripts", "workflow"):
        shutil.copytree(ROOT / name, clone / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", clone)
    order = [rule.name for rule in workflow_rules()]
    jobs = sorted(parse_jobs(snakemake(clone, "-n")), key=lambda job: order.index(job.rule))
    for output in (output for job in jobs for output in job.outputs):
        path = clone / output
        if path.suffix in {"", ".zarr"}:
            path.mkdir(parents=True)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.touch()
    snakemake(clone, "--touch", "--forceall")
    return clone, reruns(jobs)


@pytest.fixture
def clone(done) -> Path:
    """The clone; its scripts are put back afterwards."""
    shutil.copytree(done[0] / "scripts", done[0] / "kept")
    yield done[0]
    shutil.rmtree(done[0] / "scripts")
    (done[0] / "kept").rename(done[0] / "scripts")


def edit(path: Path) -> None:
    with path.open("a") as file:
        file.write("\nEDITED = 1\n" if path.suffix == ".py" else "\n")


def test_nothing_reruns_by_itself_nor_when_files_are_only_touched_or_moved(clone):
    assert again(clone) == set()
    for path in [clone / "Snakefile", *clone.glob("config/*"), *clone.rglob("scripts/**/*.py"), *clone.rglob("*.smk")]:
        os.utime(path)  # as `git checkout` does
    assert again(clone) == set()
    moved = clone.rename(clone.with_name("moved"))
    assert again(moved) == set()
    moved.rename(clone)


def test_comments_and_docstrings_in_every_file_rerun_nothing(clone):
    for path in clone.rglob("scripts/**/*.py"):
        text = re.sub(r'\A(#!.*\n)?"""', r'\1"""Edited. ', path.read_text())
        path.write_text(f"{text}\n# a comment\n")
    assert again(clone) == set()


@pytest.mark.parametrize("file", [*SOME, *(pytest.param(file, marks=pytest.mark.reruns) for file in OTHERS)])
def test_an_edit_reruns_exactly_what_the_table_says(clone, done, file):
    edit(clone / "scripts" / file)
    assert again(clone) == set(done[1][file])


def test_every_file_is_in_one_room_of_the_table():
    found = rooms()
    assert sorted(file for files in found.values() for file in files) == FILES
    assert {"*.py", "monosem/*.py", "monosem/sae/", "plot/"} < set(found)
    assert found["monosem/*.py"] == ["monosem/__init__.py"] and "monosem/sae/kernels/csr.py" in found["monosem/sae/"]


def test_of_many_rules_some_are_named():
    assert shown(list("abcdef")) == "`a`, `b`, `c`, `d`, `e`, `f`" and shown([]) == "none"
    assert shown(list("abcdefgh")) == "`a`, `b`, `c`, `d`, `e` and 3 more"


def test_the_tables_that_follow_from_the_code_are_up_to_date():
    """Without what needs a finished run."""
    readme_tables.main(["--rules", "--plan", "--check"])
