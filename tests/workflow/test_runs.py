"""The workflow as a user runs it: the smoke config from nothing, then what reruns after which edit."""

import csv
import json
import re
import shutil
from pathlib import Path

import pytest
from places import ROOT, SMOKE
from workflow_runs import copy_of_the_code, jobs, new_folder, snakemake, started

from monosem.costs import Job, needed_mib
from monosem.findings.finding import SCORE_TABLE
from monosem.ground.configs import config_of
from monosem.planning.measured import read_cost
from monosem.planning.planned import parse_jobs


def downstream(folder: Path, rule: str) -> set[str]:
    """The rule, and all that use what it makes, by Snakemake's graph of rules."""
    drawn = snakemake(folder, "--rulegraph", "mermaid-js").stdout
    names = dict(re.findall(r"(id\d+)\[(\w+)\]", drawn))
    edges = [(names[maker], names[user]) for maker, user in re.findall(r"(id\d+) --> (id\d+)", drawn)]
    found: set[str] = set()
    new = {rule}
    while new:
        found |= new
        new = {user for maker, user in edges if maker in new} - found
    return found


@pytest.fixture(scope="module")
def finished(tmp_path_factory) -> Path:
    """A folder in which the smoke config was run from nothing; its path, and that of the code, are unusual ones."""
    folder = new_folder(tmp_path_factory.mktemp("workflow") / "smoke run é")
    done = snakemake(folder, root=copy_of_the_code(tmp_path_factory.mktemp("code") / "a clone, naïve & 'quoted'"))
    assert done.returncode == 0, done.stdout[-6000:]
    return folder


@pytest.fixture
def clone(tmp_path) -> Path:
    """A copy of the code, to edit."""
    return copy_of_the_code(tmp_path / "clone")


def test_the_smoke_config_makes_the_report(finished):
    page = (finished / "results/report/index.html").read_text()
    assert page.count("<svg") + page.count("data:image/svg+xml") >= 6
    findings = (finished / "results/findings.tsv").read_text().splitlines()
    assert len(findings) >= 15 and all(line.count("\t") == findings[0].count("\t") for line in findings)
    for row in csv.DictReader(findings, delimiter="\t"):
        assert row["verdict"] == "not run" or f'id="figure-{row["figure"]}"' in page or row["figure"] == SCORE_TABLE
        assert all((finished / "results" / record).is_file() for record in row["records"].split())
    assert "What differs from the default" in page and "by the clock; the largest, of " in page
    left = [path for path in finished.rglob(".*") if re.search(r"\.(tmp|checkpoint|lease)$", path.name)]
    assert not left, "work files were left behind"


@pytest.mark.faults
def test_paths_with_spaces_quotes_and_letters_outside_ascii(finished, tried):
    assert (finished / "results/report/index.html").exists()
    tried("spaces, quotes and `é` in the paths of clone and results", "the whole workflow runs")


def test_a_second_run_does_nothing(finished):
    assert "Nothing to be done" in snakemake(finished).stdout


def test_no_job_used_more_memory_than_its_formula_says(finished):
    config = config_of(SMOKE)
    planned = parse_jobs(snakemake(finished, "-n", "--forceall").stdout)
    assert len(planned) > 40
    for job in planned:
        used = read_cost([finished / job.benchmark]).peak_mib
        assert used <= needed_mib(Job(job.rule, job.wildcards, config)), job.benchmark


def test_a_clone_that_moved_reruns_nothing(finished, clone):
    assert jobs(finished, root=clone) == {}


@pytest.mark.parametrize(
    "last", ["A/mlp_post/relu-w256/features.parquet", pytest.param("findings.tsv", marks=pytest.mark.reruns)]
)
def test_two_runs_give_the_same_bytes(finished, tmp_path_factory, last):
    again = new_folder(tmp_path_factory.mktemp("again") / "run")
    done = snakemake(again, f"results/{last}")
    assert done.returncode == 0, done.stdout[-6000:]
    for file in ("A/lm/weights.safetensors", "A/mlp_post/relu-w256/train.tsv", last):
        assert (again / "results" / file).read_bytes() == (finished / "results" / file).read_bytes(), file


@pytest.mark.parametrize(
    ("file", "old", "new", "first", "spared"),
    [
        ("sae/autoencoder.py", "max_steps: int = 200", "max_steps: int = 300", "train_sae", {"train_lm", "store_acts"}),
        ("sae/kernels/support.py", "TILE = (2048, ", "TILE = (1024, ", "train_sae", {"train_lm", "store_acts"}),
        ("sae/resampling.py", "ENCODER_NORM = 0.2", "ENCODER_NORM = 0.3", "train_sae", {"train_lm", "store_acts"}),
        ("measures/universality.py", "import numpy as np", "import math\n\nimport numpy as np", "match_features",
         {"train_lm", "store_acts", "train_sae", "score_features"}),
    ],
)  # fmt: skip
def test_an_edit_reruns_what_uses_it(finished, clone, file, old, new, first, spared):
    path = clone / "scripts/monosem" / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    planned = jobs(finished, root=clone)
    assert first in planned and "build_report" in planned
    assert not spared & set(planned)
    if first == "train_sae":
        untrained = {"draw_directions"}  # shares the saved form of what is trained
        assert set(planned) - untrained == downstream(finished, "train_sae")


def test_an_edited_plot_reruns_that_plot_and_the_report(finished, clone):
    path = clone / "scripts/plot/pareto.py"
    path.write_text(path.read_text().replace("def main(", "def unused() -> None:\n    return\n\n\ndef main("))
    assert jobs(finished, root=clone) == {"plot_pareto": 1, "build_report": 1, "all": 1}


def test_a_comment_or_docstring_reruns_nothing(finished, clone):
    for file in ("monosem/lm/transformer.py", "train_sae.py"):
        path = clone / "scripts" / file
        text = re.sub('"""', '"""Edited. ', path.read_text(), count=1)
        path.write_text(text + "\n# a comment\n")
    assert jobs(finished, root=clone) == {}


def test_another_width_adds_that_width_only(finished, tmp_path):
    extra = tmp_path / "extra.yaml"
    extra.write_text("dictionaries: {relu-w192: {width: 192, l1: 2.75}}\n")
    planned = jobs(finished, more=(extra,))
    assert planned["train_sae"] == planned["evaluate_dictionary"] == 2  # of A and of B
    assert planned["match_features"] == 1
    assert planned["sample_examples"] == planned["score_features"] == 1  # of A
    assert not {"train_lm", "store_acts"} & set(planned)


def test_people_rate_on_a_page_and_the_findings_count_what_they_say(finished, tmp_path):
    done = snakemake(finished, "results/rating/index.html")
    assert done.returncode == 0, done.stdout[-3000:]
    key = json.loads((finished / "results/rating/key.json").read_text())
    assert {item["dictionary"] for item in key["items"]} == {"relu-w256", "neurons"}
    rows = ["page,rater,item,confidence,activations,logits,separation,specificity,interpretation"]
    for number, item in enumerate(key["items"], start=1):
        points = "0,0,0,0,0" if item["dictionary"] == "neurons" else "3,5,3,,1"
        rows.append(f"{key['page']},ada,{number},{points},")
    (tmp_path / "ada.csv").write_text("\n".join(rows))
    extra = tmp_path / "extra.yaml"
    extra.write_text(f"rating: {{files: ['{tmp_path / 'ada.csv'}']}}\n")
    assert set(jobs(finished, more=(extra,))) == {"collect_ratings", "compile_findings", "build_report", "all"}
    done = snakemake(finished, "results/rating/ratings.json", more=(extra,))
    assert done.returncode == 0, done.stdout[-3000:]
    runs = json.loads((finished / "results/rating/ratings.json").read_text())["runs"]
    medians = {run.removeprefix("A/mlp_post/"): found["median"] for run, found in runs.items()}
    assert medians == {"relu-w256": 12, "neurons": 0, "control/mlp_post/relu-w256": 12}


@pytest.mark.parametrize("words", [["--rulegraph", "mermaid-js"], ["--list-rules"], ["--unlock"]], ids=" ".join)
def test_commands_that_run_nothing_need_no_cores(tmp_path, words):
    done = started(["--snakefile", ROOT / "Snakefile", "--directory", tmp_path, *words])
    assert done.returncode == 0, done.stdout[-2000:]


def test_an_edited_text_file_of_ones_own_is_noticed(tmp_path):
    texts = tmp_path / "texts"
    texts.mkdir()
    (texts / "a.txt").write_text("one")
    own = tmp_path / "own.yaml"
    own.write_text(f"corpus: {{source: ['{texts}/*.txt'], packages: null}}\n")
    folder = new_folder(tmp_path / "run")
    assert f"{texts}/a.txt" in snakemake(folder, "results/corpus/corpus.json", "-n", more=(own,)).stdout


def test_a_failing_script_fails_its_job(finished, tmp_path):
    folder = new_folder(tmp_path / "run")
    for made in ("results/corpus", "results/tokens", ".snakemake/metadata"):
        shutil.copytree(finished / made, folder / made)
    small = tmp_path / "small.yaml"
    small.write_text("tokens: {val: 100000000}\n")
    done = snakemake(folder, "results/tokens/val.json", more=(small,))
    assert done.returncode != 0 and "split val holds" in done.stdout
    assert "1 of 1 steps" not in done.stdout and "MissingOutputException" not in done.stdout


def test_snakemakes_own_report_works(finished):
    done = snakemake(finished, "--report", finished / "own.html")
    assert done.returncode == 0, done.stdout[-3000:]
    assert "universality" in (finished / "own.html").read_text()


def test_snakemake_lint_finds_only_the_missing_containers(tmp_path):
    done = snakemake(new_folder(tmp_path / "run"), "--lint")
    found = set(re.findall(r"^    \* (.*):$", done.stdout, re.M))
    assert found <= {"Specify a conda environment or container for each rule."}
