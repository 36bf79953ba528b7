"""Tables are set in the pages that hold their markers, and say what a made-up run says."""

from pathlib import Path

import project_pages
import pytest
from hypothesis import given
from hypothesis import strategies as st
from places import ROOT
from synthetic_runs import BENCHMARK

import readme_tables
from monosem.findings.criteria import PUBLISHED
from monosem.ground.markdown import table
from monosem.planning.measured import disk_use, duration
from monosem.planning.rules import Rule, parse_rules
from monosem.readme import pages
from monosem.readme.headline import HEADLINES, headline_table
from monosem.readme.workflow import listing

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
PAGES = {
    "README.md": "# Title\n\n<!-- table:headline -->\nold\n<!-- /table:headline -->\nafter\n",
    "workflow/README.md": "<!-- table:rules --><!-- /table:rules -->\nbetween "
    "<!-- table:costs --><!-- /table:costs -->\n",
    "workflow/report/FINDINGS.md": "<!-- table:findings -->\n<!-- /table:findings -->\n",
    "tests/README.md": "<!-- table:faults -->\nkept\n<!-- /table:faults -->\n",
}
FINDINGS = (
    ("id", "section", "statement", "paper", "source", "measured", "tokens", "criterion", "verdict"),
    ("x", "#universality", "A | B agree.", "0.72", "V", "0.75", "50000", "features >= 0.72", "reproduced"),
    ("y", "discussion", "It is so.", "yes", "I", "", "", "yes >= 1", "not run"),
)
SPARSE = ("sparse-and-faithful-A", "#a", "", "", "V", "L0 19.04, loss recovered 0.9046", "9", "", "reproduced")
EXPLAINED = (
    "features-beat-neurons",
    "#a",
    "",
    "",
    "V",
    "features 0.77, neurons 0.4, 95 % from 0.3",
    "9",
    "",
    "not run",
)
MATCHED = ("universal-features", "#a", "", "", "V", "features 0.6047", "9", "", "not reproduced")
UNLIKE = ("features-more-universal", "#a", "", "", "V", "", "", "", "not run")


@pytest.fixture
def project(tmp_path, monkeypatch):
    monkeypatch.setattr(readme_tables, "workflow_rules", lambda: parse_rules(RULES))
    project_pages.write(tmp_path, PAGES)
    measured = {"A": ["61.5", "0:01:01", "100.5", "60"], "B": ["2.5", "0:00:02", "NA", "NA"]}
    for name, (seconds, clock, memory, cpu) in measured.items():
        path = tmp_path / "results" / "benchmarks" / "train_lm" / f"{name}.tsv"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(BENCHMARK + "\t".join([seconds, clock, memory, *"11100", "90", cpu]) + "\n")
    for model in ("A", "B", "control"):
        (tmp_path / "results" / model / "lm").mkdir(parents=True)
        (tmp_path / "results" / model / "lm" / "weights.safetensors").write_bytes(bytes(1 << 20))
    write_findings(tmp_path, SPARSE, EXPLAINED, MATCHED, UNLIKE)
    return tmp_path


def write_findings(project, *more: tuple[str, ...]):
    rows = ["\t".join(row) for row in (*FINDINGS, *more)]
    (project / "findings.tsv").write_text("\n".join(rows) + "\n")


def flags(project, *more: str) -> list[str]:
    sources = {"project": "", "benchmarks": "results/benchmarks", "findings": "findings.tsv"}
    return [word for name, path in sources.items() for word in (f"--{name}", str(project / path))] + ["--rules", *more]


def texts(project) -> dict[str, str]:
    return {page: (project / page).read_text() for page in PAGES}


def test_each_table_is_set_in_the_page_that_holds_its_markers_and_nothing_else_changes(project):
    readme_tables.main(flags(project))
    readme, workflow, findings, tests = texts(project).values()
    assert "old" not in readme and readme.startswith("# Title\n") and readme.endswith("after\n")
    assert "| `train_lm` | `scripts/train_lm.py` | `results/{model}/lm/weights.safetensors`" in workflow
    assert "| `train_lm` | 2 | 1 min | 1 min | 100 MiB | 2.0 MiB |" in workflow  # 61.5 + 2.5 s; two of three weights
    assert "\nbetween <!-- table:costs -->" in workflow
    assert "| A \\| B agree. | 0.72 | read in the paper | 0.75 | 50,000 | features >= 0.72 | reproduced |" in findings
    assert "| It is so. | yes | follows from what the paper says |  |  | yes >= 1 | not run |" in findings
    assert "<summary>The paper: 2 reproduced, 2 not run, 1 not reproduced</summary>\n\n| finding |" in findings
    assert "<summary>The discussion around it: 1 not run</summary>" in findings
    assert tests == PAGES["tests/README.md"]
    readme_tables.main(flags(project, "--check"))


def test_the_headline_has_counts_and_five_numbers_beside_the_papers(project):
    rows = headline_table(project / "findings.tsv").splitlines()[2:]
    assert rows[0] == "| findings of the paper | 5 | 2 reproduced, 2 not run, 1 not reproduced |"
    assert rows[1] == "| findings of the discussion around it | 1 | 1 not run |"
    numbers = [row.split(" | ")[1:] for row in rows[2:]]
    assert numbers == [
        ["10-20", "19.04 |"],
        ["79 %", "0.9046 |"],
        ["features > neurons", "features 0.77, neurons 0.4 |"],
        ["0.72", "0.6047 |"],
        ["0.46", "not run |"],
    ]


def test_the_headlines_are_findings_of_the_scoreboard_in_its_own_words():
    published = {finding.id: finding for finding in PUBLISHED}
    for headline in HEADLINES:
        assert headline.paper in published[headline.finding].paper


def test_a_headline_that_the_findings_lack_is_named(project):
    write_findings(project, SPARSE)
    with pytest.raises(ValueError, match="no finding features-beat-neurons; run compile_findings"):
        headline_table(project / "findings.tsv")
    write_findings(project, (*SPARSE[:5], "L0 19.04", *SPARSE[6:]))
    with pytest.raises(ValueError, match=r"sparse-and-faithful-A has no loss recovered in 'L0 19\.04'"):
        headline_table(project / "findings.tsv")


def test_check_names_the_pages_that_are_out_of_date_and_writes_nothing(project):
    with pytest.raises(SystemExit) as stopped:
        readme_tables.main(["--project", str(project), "--rules", "--check"])
    assert str(stopped.value).startswith(f"{project / 'workflow/README.md'}: out of date")
    with pytest.raises(SystemExit) as stopped:
        readme_tables.main(flags(project, "--check"))
    assert all(str(project / page) in str(stopped.value) for page in list(PAGES)[:3])
    assert "tests/README.md" not in str(stopped.value) and texts(project) == PAGES


def test_a_table_without_a_source_stays(project):
    readme_tables.main(["--project", str(project), "--findings", str(project / "findings.tsv")])
    assert texts(project)["workflow/README.md"] == PAGES["workflow/README.md"]


def test_the_table_of_faults_is_what_the_tests_saw(project):
    (project / "faults.tsv").write_text("fault\twhat happens\n`a` killed\tit goes on\n")
    readme_tables.main(["--project", str(project), "--faults", str(project / "faults.tsv")])
    text = texts(project)["tests/README.md"]
    assert "| fault | what happens |\n| --- | --- |\n| `a` killed | it goes on |\n" in text and "kept" not in text


def test_missing_markers_are_errors_that_say_what_to_do(project):
    with pytest.raises(
        ValueError, match=r"no page holds <!-- table:x -->; add it and <!-- /table:x --> to one of READ"
    ):
        pages.changed_pages(project, {"x": "y"})
    (project / "README.md").write_text("<!-- /table:x --> <!-- table:x -->")
    with pytest.raises(ValueError, match=r"README\.md: <!-- table:x --> without <!-- /table:x --> below it; add"):
        pages.changed_pages(project, {"x": "y"})


def test_every_table_of_the_command_has_its_place_in_the_project():
    tables = {*readme_tables.FROM_FILES, "rules", "costs", "dag", "reruns", "estimate", "dag-cost", "config"}
    pages.changed_pages(ROOT, dict.fromkeys(tables, ""))


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
    page = f"{around}\n<!-- table:t -->\n<!-- /table:t -->\n{around}".replace("\r", "")
    once = pages.replaced(page, "<!-- table:t -->", content, "<!-- /table:t -->", Path("page.md"))
    assert pages.replaced(once, "<!-- table:t -->", content, "<!-- /table:t -->", Path("page.md")) == once
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
