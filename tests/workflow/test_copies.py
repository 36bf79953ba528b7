"""A run that was copied, its times lost: nothing runs again but what an edit asks for. Content decides.

Files of more than a few kilobytes are large here, so that a tiny run has some that Snakemake does not read.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest
from own_run import CONFIG, write_run
from places import ROOT
from workflow_runs import copy_of_the_code, started

from monosem.planning.planned import parse_jobs

SCORES = "results/A/mlp_post/tiny/autointerp/scores.json"
LARGE_BYTES = 6500
LINE = "a mat and the cat saw no dog\n"
ALL = {"build_corpus", "train_tokenizer", "pack_tokens", "train_lm", "collect_acts", "store_acts", "train_sae"}
ALL |= {"measure_losses", "evaluate_dictionary", "sample_examples", "score_features"}


def snakemake(folder: Path, *words: object, root: Path = ROOT) -> str:
    words = ["--snakefile", root / "Snakefile", "--configfile", "own.yaml", "--cores", 2, SCORES, *words]
    done = started([*words, "--max-checksum-file-size", LARGE_BYTES], folder)
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


def again(folder: Path, root: Path = ROOT) -> set[str]:
    """The rules that would run."""
    return {job.rule for job in parse_jobs(snakemake(folder, "-n", root=root))}


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("copies") / "run"
    write_run(folder, CONFIG.replace("96000", "6400"))
    (folder / "texts/long.txt").write_text(LINE * 40_000)
    snakemake(folder)
    assert again(folder) == set()
    return folder


def recursively(run: Path, to: Path) -> None:
    subprocess.run(["cp", "-r", run, to], check=True)


def unzipped(run: Path, to: Path) -> None:
    shutil.unpack_archive(shutil.make_archive(str(to), "zip", run), to)


def sent(run: Path, to: Path) -> None:
    """As by `scp -r` and hosts that drop hidden files in stores: files in the place of links, no times of folders."""
    unread = shutil.ignore_patterns(".snakemake_timestamp", "locks")
    shutil.copytree(run, to, symlinks=False, copy_function=shutil.copyfile, ignore=unread)


def results_alone(run: Path, to: Path) -> None:
    """Without what Snakemake keeps in .snakemake."""
    to.mkdir()
    for name in ("results", "texts", "own.yaml"):
        subprocess.run(["cp", "-r", run / name, to], check=True)


WAYS = [recursively, unzipped, sent, results_alone]


def shuffle_times(folder: Path) -> None:
    rng, now = random.Random(0), time.time()
    for path in sorted(folder.rglob("*")):
        if not path.is_symlink():
            then = now - rng.uniform(2, 20_000)
            os.utime(path, (then, then))


@pytest.fixture(params=WAYS, ids=lambda way: way.__name__)
def copy(request, finished, tmp_path) -> Path:
    request.param(finished, tmp_path / "copy")
    shuffle_times(tmp_path / "copy")
    return tmp_path / "copy"


def test_a_copy_reruns_nothing_but_what_an_edited_text_asks_for(copy):
    assert again(copy) == set()
    text = copy / "texts/7.txt"
    text.write_text(text.read_text().replace("cat", "dog"))
    assert again(copy) == ALL


def test_a_copy_with_a_clone_in_it_reruns_what_an_edit_of_the_code_asks_for(finished, tmp_path):
    clone = copy_of_the_code(tmp_path / "clone")
    for name in ("results", "texts", "own.yaml"):
        subprocess.run(["cp", "-r", finished / name, clone], check=True)
    shuffle_times(clone)
    assert again(clone, clone) == set()
    with (clone / "scripts/score_features.py").open("a") as script:
        script.write("\nEDITED = 1\n")
    assert again(clone, clone) == {"score_features"}


def test_a_long_text_is_compared_by_content_whatever_its_time(finished, tmp_path):
    copy = tmp_path / "copy"
    recursively(finished, copy)
    text = copy / "texts/long.txt"
    before = text.stat()
    os.utime(text)
    assert again(copy) == set()
    text.write_text(text.read_text().replace("mat", "rug", 1))
    os.utime(text, (before.st_atime, before.st_mtime))
    assert again(copy) == ALL


def test_work_goes_on_in_a_copy_and_a_copy_of_that_knows_it(finished, tmp_path):
    copy, config = tmp_path / "copy", CONFIG.replace("96000", "6400") + "autointerp: {shrinkage: 7}\n"
    sent(finished, copy)
    shuffle_times(copy)
    (copy / "own.yaml").write_text(config)
    assert again(copy) == {"score_features"}
    snakemake(copy)
    results_alone(copy, tmp_path / "next")
    shuffle_times(tmp_path / "next")
    assert again(tmp_path / "next") == set()
    (tmp_path / "next/own.yaml").write_text(config.replace("shrinkage: 7", "shrinkage: 8"))
    assert again(tmp_path / "next") == {"score_features"}


def test_where_nothing_is_known_of_the_files_touch_says_that_they_are_as_they_should_be(finished, tmp_path):
    copy = tmp_path / "copy"
    results_alone(finished, copy)
    shutil.rmtree(copy / "results/history")
    shuffle_times(copy)
    assert again(copy)
    snakemake(copy, "--touch", "--forceall")
    shuffle_times(copy)
    assert again(copy) == set()
    (copy / "texts/7.txt").write_text("edited")
    assert again(copy) == ALL


def test_results_deleted_and_run_again(finished, tmp_path):
    """What is left is a link to nothing, where Snakemake looks for what it knows."""
    copy = tmp_path / "copy"
    recursively(finished, copy)
    shutil.rmtree(copy / "results")
    assert again(copy) == ALL


@pytest.fixture(scope="module")
def inputs(tmp_path_factory) -> dict[str, list[dict]]:
    """By job of all targets: each input with its maker, and whether its content makes the job out of date."""
    folder = tmp_path_factory.mktemp("inputs")
    (folder / "own.yaml").write_text("autointerp: {llm: {enabled: true}}\n")
    run = "A/mlp_post/relu-w2048"
    exports = [f"results/export/{name}" for name in (f"neuronpedia/{run}", f"saelens/{run}", "huggingface/A")]
    words = [ROOT / "Snakefile", "own.yaml", "all", "theory", "results/rating/index.html", *exports]
    command = [sys.executable, ROOT / "tests/support/deciding.py", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    return {job["job"]: job["inputs"] for job in json.loads(done.stdout)}


def test_only_small_files_decide(inputs):
    deciding = {file["path"] for files in inputs.values() for file in files if file["decides"]}
    assert len(deciding) > 200
    parts = {path for path in deciding if "/acts-" in path}  # of a store; gone when it is there
    unread = [path for path in deciding - parts if not path.endswith((".json", ".tsv", "/index.html"))]
    assert not unread, "give the rule a record, or add the suffix to TOLD_BY_RECORD"
    assert "results/tokens/tokenizer.json" not in deciding


def test_beside_what_does_not_decide_is_something_of_the_same_maker_that_does(inputs):
    """Or of a job in between: else one that is interrupted after its maker ran is never run again."""
    decided_by = defaultdict(set)
    for job, files in inputs.items():
        decided_by[job] = {file["maker"] for file in files if file["decides"]}
    for job, files in inputs.items():
        found, waiting = set(), [job]
        while waiting:
            new = decided_by[waiting.pop()] - found
            found |= new
            waiting += new
        blind = {file["path"] for file in files if file["maker"] not in found}
        assert not blind, f"{job}: takes these, but no record of them"
