"""The scoreboard by its script, and the criteria in it."""

import csv

import pandas as pd
import pytest
import synthetic_runs
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import HEADLINE, eval_record, findings_flags

import compile_findings
from monosem.findings.comparing import Comparison, decide, describe, four_digits
from monosem.findings.criteria import PUBLISHED
from monosem.findings.scoreboard import to_tsv


@given(st.floats(1e-9, 1e9))
def test_four_digits_round_to_a_relative_error_under_one_in_two_thousand(number):
    shown = four_digits(number)
    assert float(shown) == pytest.approx(number, rel=5.1e-4)
    assert len(shown.split("e")[0].replace(".", "").lstrip("0")) >= 4


def test_a_criterion_reads_as_it_decides():
    criterion = (Comparison("L0", "<", 20), Comparison("features", ">", "neurons"))
    assert describe(criterion) == "L0 < 20, features > neurons"
    assert decide(criterion, {"L0": 19.9, "features": 2, "neurons": 1}) is True
    assert decide(criterion, {"L0": 20, "features": 2, "neurons": 1}) is False
    assert decide(criterion, {"L0": 1, "features": 1, "neurons": 1}) is False


@pytest.mark.parametrize(
    ("interval", "verdict"), [((0.7, 0.9), True), ((0.3, 0.5), False), ((0.5, 0.9), None), ((0.6, 0.9), True)]
)
def test_an_interval_decides_unless_the_limit_is_in_it(interval, verdict):
    criterion, share = (Comparison("share", ">=", 0.6),), sum(interval) / 2
    assert decide(criterion, {"share": share}, {"share": interval}) is verdict
    contradicted = (*criterion, Comparison("share", "<", "other"))
    assert decide(contradicted, {"share": share, "other": 0.1}, {"share": interval}) is False


def test_of_two_numbers_the_interval_of_the_difference_decides():
    """1 and 0, each give or take 0.6: the difference is 1, give or take 0.85; give or take 0.8 it is 1.13."""
    criterion, numbers = (Comparison("features", ">", "neurons"),), {"features": 1.0, "neurons": 0.0}
    for half, verdict in ((0.6, True), (0.8, None)):
        ends = {name: (number - half, number + half) for name, number in numbers.items()}
        assert decide(criterion, numbers, ends) is verdict
    assert decide(criterion, numbers, {"neurons": (-1, 1.1)}) is None
    assert decide(criterion, {"features": -9.0, "neurons": 0.0}, {"features": (-10, -8)}) is False


def test_the_script_writes_equal_bytes_for_equal_runs_anywhere(tmp_path):
    texts = []
    for place in ("here", "elsewhere"):
        results = synthetic_runs.write_all(tmp_path / place)
        output = results / "findings.tsv"
        compile_findings.main([*findings_flags(results), "--output", str(output)])
        texts.append(output.read_bytes())
    assert texts[0] == texts[1]
    rows = list(csv.DictReader(texts[0].decode().splitlines(), delimiter="\t"))
    assert [row["id"] for row in rows] == [finding.id for finding in PUBLISHED]
    assert {row["verdict"] for row in rows if row["id"].startswith("sparse")} == {"reproduced"}
    assert to_tsv(rows).encode() == texts[0]


def test_a_row_names_the_records_that_it_was_measured_from(tmp_path):
    results = synthetic_runs.write_all(tmp_path / "r")
    compile_findings.main([*findings_flags(results), "--output", str(results / "findings.tsv")])
    rows = pd.read_csv(results / "findings.tsv", sep="\t", keep_default_na=False).set_index("id")
    named = {id: records.split() for id, records in rows["records"].items()}
    folder = f"A/mlp_post/{HEADLINE}"
    assert named["few-dead"] == [f"{folder}/eval.json"]
    assert named["features-beat-neurons"] == [
        *(f"A/mlp_post/{name}/autointerp/scores.json" for name in (HEADLINE, "neurons")),
        "autointerp/differences.tsv",
        *(f"A/mlp_post/{name}/eval.json" for name in (HEADLINE, "neurons")),
    ]
    assert all((results / path).is_file() for records in named.values() for path in records)
    assert all(named[id] for id in rows.index[rows["verdict"] != "not run"])


def test_the_script_accepts_that_nothing_was_run(tmp_path):
    output = tmp_path / "findings.tsv"
    empty = [word for word in findings_flags(synthetic_runs.write_all(tmp_path / "r")) if not word.startswith("/")]
    empty.remove("--differences")
    compile_findings.main([*empty, "--output", str(output)])
    assert set(pd.read_csv(output, sep="\t")["verdict"]) == {"not run"}


def test_a_run_given_twice_is_refused(tmp_path):
    path = str(synthetic_runs.write_json(tmp_path / "eval.json", eval_record("A", "relu-w64")))
    words = findings_flags(synthetic_runs.write_all(tmp_path / "r"))
    words[words.index("--eval") + 1] = path
    words[words.index("--eval") + 2] = path
    with pytest.raises(ValueError, match="a second record of A/mlp_post/relu-w64; give each run once"):
        compile_findings.main([*words, "--output", str(tmp_path / "x.tsv")])
    assert not (tmp_path / "x.tsv").exists()
