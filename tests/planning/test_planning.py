"""Estimates: jobs as Snakemake plans them, a schedule worked by hand, a comparison whose numbers are known."""

import os
import re

import project_pages
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from snakemake.utils import update_config
from synthetic_runs import BENCHMARK

import estimate
from monosem.costs import Job, seconds
from monosem.costs.jobs import BYTES_PER_TOKEN
from monosem.ground.configs import config_of, merged
from monosem.planning.measured import elapsed_seconds
from monosem.planning.planned import Planned, planned_jobs
from monosem.planning.schedule import BETWEEN_S, wall_seconds

DEFAULT = config_of()


def planned(name, *, needs="", threads=1, priority=0, gpus=0):
    return Planned("rule", {}, needs.split(), [name], f"{name}.tsv", threads, priority, gpus)


@pytest.mark.parametrize("name", ["gpu", "paper"])
def test_large_configs_are_planned_and_hold_together(name):
    path = ROOT / f"config/{name}.yaml"
    config = config_of(path)
    jobs = planned_jobs([path], cores=16, gpus=4)
    widths = {Job(job.rule, job.wildcards, config).features for job in jobs if job.rule == "train_sae"}
    assert min(widths) == 512 and max(widths) == (131_072 if name == "paper" else 32_768)
    assert all(job.gpus >= 1 for job in jobs if job.rule in ("train_lm", "collect_acts", "train_sae"))
    assert all(seconds(Job(job.rule, job.wildcards, config)) > 0 for job in jobs)

    corpus, tokens, acts = config["corpus"], config["tokens"], config["acts"]
    text = corpus["max_mb"] * 1e6 / BYTES_PER_TOKEN
    assert text * (1 - corpus["val_fraction"]) > tokens["train"] and text * corpus["val_fraction"] > tokens["val"]
    store = Job("store_acts", {"model": "A", "site": "mlp_post"}, config)
    assert store.store_bytes < acts["disk_gib"] * 2**30
    drawn = tokens["train"] // tokens["context_length"] // 2 * min(acts["per_context"], tokens["context_length"] - 1)
    assert drawn > acts["n_vectors"], "each of A and B has half of the contexts"
    assert config["evaluation"]["n_tokens"] <= tokens["val"] >= config["lm"]["val_tokens"]


def test_the_paper_is_planned_at_its_sizes():
    config = config_of(ROOT / "config/paper.yaml")
    assert config["lm"]["tokens"] == config["tokens"]["train"] == 100e9
    assert (config["sae"]["vectors"], config["sae"]["batch"]) == (1_000_000 * 8192, 8192)
    assert [config["lm"][key] for key in ("n_layers", "d_model", "d_mlp")] == [1, 128, 512]
    assert [share * 1_000_000 for share in config["sae"]["resample_at"]] == [25_000, 50_000, 75_000, 100_000]


def test_a_wrong_config_is_told_in_snakemakes_words(tmp_path):
    (tmp_path / "wrong.yaml").write_text("lm: {widht: 8}\n")
    with pytest.raises(ValueError, match="widht"):
        planned_jobs([tmp_path / "wrong.yaml"], cores=1, gpus=1)
    with pytest.raises(ValueError, match=r"gone\.yaml: no such file"):
        config_of(tmp_path / "gone.yaml")


@pytest.mark.parametrize(
    ("cores", "gpus", "jobs", "lengths", "expected"),
    [
        (2, 1, [planned("a"), planned("b", needs="a"), planned("c", needs="a b")], [1, 2, 3], 6),
        (2, 1, [planned("a"), planned("b"), planned("c")], [3, 3, 4], 7),
        (2, 1, [planned("a"), planned("b"), planned("c", priority=1)], [3, 3, 4], 6),
        (4, 1, [planned("a", threads=4), planned("b", threads=2), planned("c", threads=2)], [1, 5, 5], 6),
        (2, 1, [planned("a", threads=8), planned("b")], [1, 1], 2),
        (4, 2, [planned(name, gpus=1) for name in "abc"], [2, 2, 2], 4),
        (4, 1, [planned("a", gpus=8), planned("b")], [2, 2], 2),
        (1, 0, [], [], 0),
    ],
)
def test_a_schedule_worked_by_hand(monkeypatch, cores, gpus, jobs, lengths, expected):
    monkeypatch.setattr("monosem.planning.schedule.BETWEEN_S", 0.0)
    assert wall_seconds(jobs, lengths, cores, gpus) == expected


@given(st.lists(st.tuples(st.floats(0, 100), st.integers(1, 4), st.integers(0, 3)), min_size=1, max_size=12))
def test_no_schedule_beats_the_cores_or_the_longest_chain(drawn):
    jobs = [planned(str(i), needs=str(i - back) if back else "", threads=n) for i, (_, n, back) in enumerate(drawn)]
    lengths = [length for length, _, _ in drawn]
    ends: list[float] = []
    for i, (length, _, back) in enumerate(drawn):
        ends.append(length + BETWEEN_S + (ends[i - back] if 0 < back <= i else 0))
    wall = wall_seconds(jobs, lengths, cores=4, gpus=0)
    assert max(ends) <= wall + 1e-6 and wall <= sum(lengths) + BETWEEN_S * len(jobs) + 1e-6
    assert sum((length + BETWEEN_S) * job.threads for length, job in zip(lengths, jobs, strict=True)) <= 4 * wall + 1e-6


@pytest.mark.parametrize(
    "own",
    [
        {"lm": {"d_model": 64}},
        {"sites": ["mlp_out"]},
        {"dictionaries": {"relu-w512": None, "new": {"width": 8}}},
        {"corpus": {"packages": ["certifi"]}},
        {},
    ],
)
def test_configs_are_merged_as_snakemake_merges_them(own):
    theirs = config_of()
    update_config(theirs, own)
    assert merged(DEFAULT, own) == theirs
    assert config_of() == DEFAULT


def test_a_training_that_can_never_start_is_not_estimated():
    with pytest.raises(ValueError, match=r"--gpus 2: lm\.processes x lm\.nodes is 4; give as many"):
        estimate.main(["--config", str(ROOT / "config/paper.yaml"), "--gpus", "2"])


@pytest.fixture
def measured(tmp_path):
    """Benchmarks of the default config, each job a quarter longer than expected, one after the other."""
    ended = 1_000_000.0
    for job in planned_jobs([], cores=2, gpus=1):
        took = 1.25 * seconds(Job(job.rule, job.wildcards, DEFAULT))
        path = tmp_path / job.benchmark
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{BENCHMARK}{took}\t0:00:00\t100.0\t1\t1\t1\t1\t1\t90\t{took}\n")
        ended += took
        os.utime(path, (ended, ended))
    return tmp_path


def test_a_finished_run_is_set_beside_the_estimate(measured, capsys):
    page = project_pages.write(measured, {"workflow/README.md": "<!-- table:estimate -->\n<!-- /table:estimate -->\n"})
    flags = ["--cores", "2", "--benchmarks", str(measured / "results/benchmarks"), "--project", str(measured)]
    estimate.main(flags)
    printed = capsys.readouterr().out
    assert "`machine: {core: 0.80}`" in printed
    rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in page.read_text().splitlines()[3:-1]]
    assert rows[-2][0] == "all jobs" and all(row[4] == "-20%" for row in rows[:-1])
    wall = rows[-1]
    assert wall[0] == "wall clock" and wall[3] == rows[-2][3], "one after the other: the sum of all jobs"
    assert re.fullmatch(r"\d+ min", wall[2]) and int(wall[2].split()[0]) < int(wall[3].split()[0])


def test_a_run_that_is_not_whole_is_refused(measured):
    (measured / "results/benchmarks/build_report/report.tsv").unlink()
    with pytest.raises(ValueError, match="not of a finished run of this config"):
        estimate.main(["--benchmarks", str(measured / "results/benchmarks")])


def test_breaks_of_a_run_do_not_count_and_jobs_side_by_side_count_once(tmp_path):
    spans = {"a": (0, 100), "b": (40, 60), "c": (130, 140), "later": (5000, 5030)}  # start and end, seconds
    for name, (start, end) in spans.items():
        path = tmp_path / f"{name}.tsv"
        path.write_text(f"{BENCHMARK}{end - start}\t0:00:00\t100.0\t1\t1\t1\t1\t1\t90\t1\n")
        os.utime(path, (1_000_000 + end, 1_000_000 + end))
    assert elapsed_seconds(tmp_path.glob("*.tsv")) == pytest.approx(140 + 30)
