import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic_runs import BENCHMARK

import readme_tables
from monosem.readme.dictionaries import dictionaries_table, trainers_table, whole_table
from monosem.readme.judgements import llm_table
from monosem.readme.measured import disk_use, duration
from monosem.readme.workflow import Rule, diagram, listing, parse_rules, replace_tables, table

RULES = '''"""Train."""


rule all:
    input:
        "results/a.txt",


rule train_lm:
    input:
        "results/tokens/train.zarr",
    output:
        weights="results/{model}/lm/weights.safetensors",
        record="results/{model,[AB]}/lm/lm.json",
    log:
        "results/logs/train_lm/{model}.log",
    shell:
        r"""
        python $SCRIPTS/train_lm.py \\
            --output {output.weights:q} 2>&1 | tee {log:q}
        """


rule shuffle_lm:
    output:
        "results/control/lm/weights.safetensors",
    params:
        code=fingerprint("shuffle_lm.py"),
    shell:
        "python $SCRIPTS/shuffle_lm.py --output {output:q}"
'''
README = """# Title

<!-- table:rules -->
old
<!-- /table:rules -->
between <!-- table:costs --><!-- /table:costs -->
<!-- table:findings -->
<!-- /table:findings -->
<!-- table:dag -->
<!-- /table:dag -->
after
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(readme_tables, "workflow_rules", lambda: parse_rules(RULES))
    (tmp_path / "README.md").write_text(README)
    measured = {"A": ["61.5", "0:01:01", "100.5", "60"], "B": ["2.5", "0:00:02", "NA", "NA"]}
    for name, (seconds, clock, memory, cpu) in measured.items():
        path = tmp_path / "results" / "benchmarks" / "train_lm" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BENCHMARK + "\t".join([seconds, clock, memory, *"11100", "90", cpu]) + "\n")
    for model in ("A", "B", "control"):
        (tmp_path / "results" / model / "lm").mkdir(parents=True)
        (tmp_path / "results" / model / "lm" / "weights.safetensors").write_bytes(bytes(1 << 20))
    columns = ("id", "section", "statement", "paper", "source", "measured", "tokens", "criterion", "verdict")
    rows = ["\t".join(columns), "x\t#universality\tA | B agree.\t0.72\tV\t0.75\t50000\tfeatures >= 0.72\treproduced"]
    rows.append("y\tdiscussion\tIt is so.\tyes\tI\t\t\tyes >= 1\tnot run")
    (tmp_path / "findings.tsv").write_text("\n".join(rows) + "\n")
    (tmp_path / "graph.txt").write_text("---\ntitle: DAG\n---\nflowchart TB\n\tid0[all]\n\tstyle id0 fill:#D95757\n")
    return tmp_path


def flags(project, *more: str) -> list[str]:
    sources = {"benchmarks": "results/benchmarks", "findings": "findings.tsv"}
    sources |= {"rulegraph": "graph.txt", "root": "", "readme": "README.md"}
    return [word for name, path in sources.items() for word in (f"--{name}", str(project / path))] + ["--rules", *more]


def test_all_tables_are_set_between_their_markers_and_nothing_else_changes(project):
    readme_tables.main(flags(project))
    text = (project / "README.md").read_text()
    assert "old" not in text and text.startswith("# Title\n") and text.endswith("after\n")
    assert "| `train_lm` | `scripts/train_lm.py` | `results/{model}/lm/weights.safetensors`" in text
    assert "| `train_lm` | 2 | 1 min | 1 min | 100 MiB | 2.0 MiB |" in text  # 61.5 + 2.5 s; two of three weights
    assert "| A \\| B agree. | 0.72 | read in the paper | 0.75 | 50,000 | features >= 0.72 | reproduced |" in text
    assert "| It is so. | yes | follows from what the paper says |  |  | yes >= 1 | not run |" in text
    assert "<summary>The paper: 1 reproduced</summary>\n\n| finding |" in text
    assert "<summary>The discussion around it: 1 not run</summary>" in text
    assert "```mermaid\nflowchart TB\n\tid0[all]\n```" in text
    readme_tables.main(flags(project, "--check"))


def test_check_fails_and_writes_nothing_when_a_table_is_out_of_date(project):
    with pytest.raises(SystemExit) as stopped:
        readme_tables.main(flags(project, "--check"))
    assert "out of date" in str(stopped.value)
    assert (project / "README.md").read_text() == README


def test_a_table_without_a_source_stays(project):
    readme_tables.main(["--readme", str(project / "README.md"), "--findings", str(project / "findings.tsv")])
    text = (project / "README.md").read_text()
    assert "old" in text and "A \\| B agree." in text


def test_the_table_of_faults_is_what_the_tests_saw(project):
    (project / "README.md").write_text("<!-- table:faults -->\n<!-- /table:faults -->\n")
    (project / "faults.tsv").write_text("fault\twhat happens\n`a` killed\tit goes on\n")
    readme_tables.main(["--readme", str(project / "README.md"), "--faults", str(project / "faults.tsv")])
    text = (project / "README.md").read_text()
    assert "| fault | what happens |\n| --- | --- |\n| `a` killed | it goes on |\n" in text


def test_the_rule_graph_can_come_from_standard_input(project, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO("flowchart LR\n\tid7[x]\n"))
    readme_tables.main(["--readme", str(project / "README.md"), "--rulegraph", "-"])
    assert "id7[x]" in (project / "README.md").read_text()


def test_benchmarks_need_the_root(project, capsys):
    with pytest.raises(SystemExit):
        readme_tables.main(["--readme", str(project / "README.md"), "--benchmarks", str(project)])
    assert "--root is needed" in capsys.readouterr().err


def test_a_missing_marker_and_a_missing_graph_are_errors_that_say_what_to_do():
    with pytest.raises(ValueError, match="no <!-- table:x --> followed by <!-- /table:x -->; add both"):
        replace_tables("text <!-- /table:x --> <!-- table:x -->", {"x": "y"})
    with pytest.raises(ValueError, match="snakemake --rulegraph mermaid-js"):
        diagram("digraph {}")


def test_rules_are_read_with_script_and_outputs_and_targets_are_left_out():
    first, second = parse_rules(RULES)
    assert first == Rule(
        "train_lm", "train_lm.py", ["results/{model}/lm/weights.safetensors", "results/{model,[AB]}/lm/lm.json"]
    )
    assert second == Rule("shuffle_lm", "shuffle_lm.py", ["results/control/lm/weights.safetensors"])


def test_outputs_may_begin_with_a_constant():
    rule = 'SITE = "results/site"\n\n\nrule one:\n    output:\n        f"{SITE}/{{model}}.html",\n'
    assert parse_rules(rule) == [Rule("one", "", ["results/site/{model}.html"])]


def test_each_file_is_counted_once_for_the_rule_that_names_it_closest(project):
    assert disk_use(parse_rules(RULES), project) == {"train_lm": 2 << 20, "shuffle_lm": 1 << 20}


def test_a_folder_counts_with_all_that_is_in_it(tmp_path):
    for name in ("a", "b/c"):
        (tmp_path / "x.zarr" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "x.zarr" / name).write_bytes(bytes(10))
    assert disk_use([Rule("store", "", ["{name}.zarr"])], tmp_path) == {"store": 20}


@given(st.lists(st.text("ab/", min_size=1).filter(lambda path: not path.endswith("/")), min_size=1))
def test_a_listing_names_every_output_by_its_last_part(outputs):
    shown = listing(outputs).split(", ")
    assert len(shown) == len(outputs)
    assert all(word.strip("`").endswith(path.rpartition("/")[2]) for word, path in zip(shown, outputs, strict=True))


@given(st.text(), st.text("ab\n"))
def test_setting_a_table_twice_is_setting_it_once(around, content):
    readme = f"{around}\n<!-- table:t -->\n<!-- /table:t -->\n{around}".replace("\r", "")
    once = replace_tables(readme, {"t": content})
    assert replace_tables(once, {"t": content}) == once
    assert content in once


@given(st.lists(st.text("a|b "), min_size=1))
def test_a_cell_never_splits_into_two(cells):
    row = table(["h"] * len(cells), [cells]).splitlines()[-1]
    assert row.replace("\\|", "").count("|") == len(cells) + 1


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_durations_name_the_unit_that_fits(one, other):
    short, long = sorted((one, other))
    order = ["s", "min", "h"]
    units = [next(unit for unit in ("h", "min", "s") if unit in duration(seconds).split()) for seconds in (short, long)]
    assert order.index(units[0]) <= order.index(units[1])


def test_a_row_for_each_dictionary_by_width(tmp_path):
    for name, width in (("b", 2048), ("a", 2048), ("c", 512)):
        (tmp_path / name).mkdir()
        sae = {"dictionary": name, "n_features": width, "architecture": "relu", "matmul_dtype": "float32"}
        found = {"l0": 19.876, "loss_recovered": 0.81234, "explained_variance": 0.7, "n_dead": 128}
        (tmp_path / name / "sae.json").write_text(json.dumps(sae))
        (tmp_path / name / "eval.json").write_text(json.dumps(found))
    (tmp_path / "neurons").mkdir()
    rows = dictionaries_table(tmp_path).splitlines()[2:]
    assert rows[0] == "| `c` | 512 | relu | float32 | 19.88 | 0.8123 | 0.7000 | 25.0% |"
    assert [row.split("`")[1] for row in rows] == ["c", "a", "b"]


def test_trainers_from_several_files_fastest_first(tmp_path):
    common = {"architecture": "relu", "precision": "float32", "peak_mib": 1234.5, "loss": 190.04, "l0": 20.4}
    common |= {"explained_variance": 0.7849, "x_encoder": 1.234, "spread": {"x_encoder": [1.1, 1.5]}}
    for width, speed in ((4096, 100.0), (512, 3000.4), (512, 90000.4)):
        row = {**common, "package": f"p{speed:.0f}", "width": width, "activations_per_s": speed}
        (tmp_path / f"{speed}.json").write_text(json.dumps([row]))
    rows = trainers_table(sorted(tmp_path.iterdir())).splitlines()[2:]
    assert [row.split(" | ")[1] for row in rows] == ["p90000", "p3000", "p100"]
    assert rows[0] == (
        "| 512 | p90000 | relu | float32 | 90,000 | 1.23x (1.10-1.50) | 1,234 MiB | 190.0 | 20.4 | 0.785 |"
    )


def test_whole_trainings_are_told_by_their_times_to_one_loss(tmp_path):
    row = {"width": 4096, "trainer": "monosem", "precision": "bfloat16", "peer": "other", "peer_precision": "float32"}
    measured = {"loss": 177.16, "seconds": 50.8, "peer_seconds": 210.4, "ratio": 4.13}
    (tmp_path / "whole.json").write_text(json.dumps([{**row, **measured}]))
    line = whole_table(tmp_path / "whole.json").splitlines()[2]
    assert line == "| 4,096 | monosem, bfloat16 | other, float32 | 177.2 | 51 s | 210 s | 4.1 |"


def test_judgements_give_medians_chance_and_the_reasons_for_missing_scores(tmp_path):
    counts = {"ok": 3, "unparsable": 1, "timeout": 0, "dead": 5, "not_chosen": 9}
    record = {"model": "A", "dictionary": "neurons", "n_asked": 5, "n_explained": 4, "explainer": "large"}
    record["simulation"] = {"spearman": {"median": 0.256, "n": 3}, "status_counts": counts}
    record["fuzzing"] = {"balanced_accuracy": {"median": None, "n": 0}, "status_counts": {"ok": 0, "refused": 4}}
    path = tmp_path / "scores.json"
    path.write_text(json.dumps(record))
    simulation, fuzzing = llm_table([path]).splitlines()[2:]
    assert simulation == "| `A/neurons` | 4 of 5, by large | simulation, spearman | 0.26 | 0 | 3 | 1 unparsable |"
    assert (
        fuzzing == "| `A/neurons` | 4 of 5, by large | fuzzing, balanced accuracy | undefined | 0.5 | 0 | 4 refused |"
    )
