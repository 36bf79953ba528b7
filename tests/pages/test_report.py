"""The report as a reader of its HTML finds it; tests/test_report_page.py opens it in a browser."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
import pytest
import report_page
import synthetic_runs
from places import ROOT
from report_page import HEADINGS, HOSTILE, RUN, arguments, build
from synthetic_runs import HEADLINE

import build_report
from monosem.findings.criteria import PUBLISHED
from monosem.findings.finding import SCORE_TABLE
from monosem.ground.configs import config_of
from monosem.pages.report.facts import differences
from monosem.pages.report.story import read_story
from monosem.planning.planned import planned_jobs

FORBIDDEN = {"b", "iframe", "object", "link", "base", "embed"}


class Reader(HTMLParser):
    """What a browser would make of a page: elements, attributes and the text between."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.text += " " if tag in ("dd", "td", "th", "li") else ""
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    return report_page.write_results(tmp_path_factory.mktemp("results"))


def rows_of(results: Path) -> pd.DataFrame:
    return pd.read_csv(results / "findings.tsv", sep="\t", dtype=str, keep_default_na=False)


def text_of(page: str) -> str:
    return " ".join(Reader(page).text.split())


def test_hostile_text_is_shown_as_text_everywhere(results, tmp_path):
    page = build(results, explanations=report_page.hostile_explanations(results, tmp_path / "e.parquet"))
    reader = Reader(page)
    assert not FORBIDDEN & set(reader.tags)
    assert reader.tags.count("script") == 2 and page.count("sha256-") == 2  # its own, and no other may run
    assert not [name for _, name, _ in reader.attributes if name.startswith("on")]
    assert reader.text.count(HOSTILE) > 10  # headings, captions, config, explanations, tokens
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x00]", page)
    assert "U+202E" in reader.text and "U+200B" in reader.text and "U+0000" in reader.text


def test_the_page_loads_nothing_and_every_link_leads_to_the_paper_or_to_a_place_or_file_that_exists(results):
    page = build(results)
    reader = Reader(page)
    ids = [value for _, name, value in reader.attributes if name == "id"]
    links = [(tag, name, value) for tag, name, value in reader.attributes if name in ("src", "href", "srcset", "data")]
    assert len(ids) == len(set(ids)) and len(links) > 50
    for tag, name, value in links:
        if tag == "a" and value.startswith("https://transformer-circuits.pub/"):
            continue
        if name == "src":
            assert value.startswith("data:image/svg+xml;base64,")
        elif value.startswith("#"):
            assert value[1:].partition("?")[0] in ids
        else:
            assert not re.match("[a-z]+:|/", value)
            assert (results / "report" / unquote(value)).is_file(), value
    assert "@import" not in page and "url(" not in page


def test_every_finding_stands_on_the_page_with_its_verdict(results):
    page, rows = build(results), rows_of(results)
    text = text_of(page)
    for row in rows.itertuples():
        assert row.statement in text and row.criterion in text and row.paper in text
        assert all(value in text for value in row.measured.split(", "))
    counts = rows["verdict"].value_counts()
    tallied = {verdict: sum(map(int, re.findall(rf">(\d+) {verdict}</a>", page))) for verdict in counts.index}
    assert tallied == dict(counts)
    assert set(re.findall('class="verdict ([a-z-]+)"', page)) == {v.replace(" ", "-") for v in counts.index}


def test_a_finding_leads_to_the_figure_that_shows_it_and_to_its_records_and_back(results):
    page = build(results)
    by_id = dict(re.findall(r'<tr id="finding-([^"]+)"(.*?)</tr>', page, re.DOTALL))
    for row in rows_of(results).itertuples():
        anchor = SCORE_TABLE if row.figure == SCORE_TABLE else f"figure-{row.figure}"
        shown = row.figure in HEADINGS or row.figure == SCORE_TABLE
        assert (f'href="#{anchor}"' in by_id[row.id]) == shown
        assert all(f'href="../{record}"' in by_id[row.id] for record in row.records.split())
        assert row.verdict == "not run" or row.records
        assert page.count(f'href="#finding-{row.id}"') == (row.figure in HEADINGS)


def test_each_figure_has_a_caption_links_to_itself_and_to_its_numbers_and_stands_in_its_section(results):
    page = build(results)
    for number, (name, heading) in enumerate(HEADINGS.items(), 1):
        section = page[page.index(f'<section id="story-{name}">') :].partition("</section>")[0]
        text = text_of(section)
        assert text.startswith(f"{heading} What comes next. Figure {number}. A caption of {name} with {HOSTILE} of two")
        assert f'href="../figures/{name}.svg"' in section and f'href="../figures/{name}.tsv"' in section


def test_what_a_caption_names_is_linked_if_it_is_there(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("figures/map.svg", "map/index.html"):
        path = Path("results") / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    words = ["Heading", "What comes.", "results/figures/map.svg", "See results/map/index.html, not results/none.tsv."]
    ((figure,),) = [section.figures for section in read_story([words], Path("results/report/index.html"))]
    assert [link.text for link in figure.links] == ["figures/map.svg", "figures/map.tsv", "map/index.html"]


def test_every_finding_names_a_figure_with_a_caption_that_the_default_run_draws_or_leaves_to_theory():
    (report,) = [job for job in planned_jobs([], cores=1, gpus=1) if job.rule == "build_report"]
    drawn = {Path(path).stem for path in report.inputs if path.endswith(".svg")}
    theory = config_of()["theory"]
    captioned = {path.stem for path in (ROOT / "workflow/report").glob("*.rst")}
    asked = {finding.figure for finding in PUBLISHED} - {"", SCORE_TABLE}
    assert len(drawn) > 20 and asked | drawn <= captioned
    assert asked - drawn <= set(theory) - set(theory["report"])


def test_tokens_of_any_script_are_isolated_from_their_neighbours(results):
    page = build(results)
    places = [match.start() for match in re.finditer("عرب", page)]
    assert places
    for place in places:
        assert page.rfind("<bdi", 0, place) > page.rfind("</bdi>", 0, place)


def test_scores_stand_on_the_page_with_their_intervals(results):
    text = text_of(build(results))
    table = pd.read_csv(results / "autointerp/estimates.tsv", sep="\t").set_index(
        ["model", "dictionary", "stratum", "measure"]
    )
    row = table.loc[("A", HEADLINE, "all", "spearman_weighted")]
    assert f"{row['value']:.3f} ({row['low']:.3f} to {row['high']:.3f})" in text
    assert f"features of A A/mlp_post/{HEADLINE} 126 of 128 0 " in text
    assert "features of A less neurons of A +0." in text and "less random directions of A +0." in text
    assert re.search(r"less features of control -0\.\d{3} \(-0\.\d{3} to [+-]0\.\d{3}\)\.", text)


def test_what_has_no_score_is_undefined_on_the_page_and_not_a_number(results, tmp_path):
    folder = results / RUN / "autointerp"
    counts = {"ok": 0, "undefined_constant_prediction": 3, "dead": 125}
    record = json.loads((folder / "scores.json").read_text()) | {"status_counts": counts}
    table = pd.read_csv(results / "autointerp/estimates.tsv", sep="\t")
    paths = {"summaries": synthetic_runs.write_json(tmp_path / "scores.json", record)}
    paths["estimates"] = synthetic_runs.write_frame(tmp_path / "e.tsv", table[table["dictionary"] != HEADLINE])
    text = text_of(build(results, **paths))
    assert f"A/mlp_post/{HEADLINE} 0 of 128 3 undefined undefined undefined undefined" in text


def test_the_page_is_the_same_when_built_twice(results):
    assert build(results) == build(results, output=results / "other" / "index.html")


def test_a_run_in_which_nothing_was_scored_still_makes_a_page(results, tmp_path):
    folder = results / RUN / "autointerp"
    scores = pd.read_parquet(folder / "scores.parquet").assign(status="too_few_examples", spearman=np.nan)
    path = synthetic_runs.write_frame(tmp_path / "scores.parquet", scores)
    text = Reader(build(results, scores=path)).text
    assert "None in this run." in text
    assert text.count("no score: too few examples") == 12


def test_no_features_at_all_still_makes_a_page(results, tmp_path):
    table = pd.read_parquet(results / RUN / "features.parquet").assign(density=0.0)
    scores = pd.read_parquet(results / RUN / "autointerp/scores.parquet").assign(status="dead")
    changes = {"features": tmp_path / "f.parquet", "scores": tmp_path / "s.parquet"}
    synthetic_runs.write_frame(changes["features"], table)
    synthetic_runs.write_frame(changes["scores"], scores)
    assert Reader(build(results, **changes)).text.count("None in this run.") == 2


def test_facts_name_code_versions_seeds_and_machines(results, tmp_path):
    machine = {"processor": "Abacus 9", "cpus": 4, "memory_mib": 8192, "gpus": ["H1"], "system": "Linux"}
    record = {"script": "train_sae.py", "flags": {"l1": 3}, "versions": {"torch": "2.13"}, "inputs": {"a.zarr": "ff"}}
    record |= {"code": "abc", "written": "2026-01-02T03:04:05+00:00", "machine": machine}
    path = synthetic_runs.write_json(tmp_path / "sae.json", record)
    text = text_of(build(results, records=path))
    assert "l1 3" in text and "torch 2.13" in text and "a.zarr ff" in text and "lm.seed 7" in text
    assert "machines Abacus 9, 4 cores, 8 GiB of memory, H1, Linux" in text
    assert "written 2026-01-02 03:04:05 UTC" in text


def test_facts_say_what_differs_from_the_default_and_what_the_run_took(results):
    text = text_of(build(results))
    assert f"What differs from the default Here Default name {HOSTILE} A The whole" in text
    assert (
        "1 jobs took 2 min, one after the other, and 2 min by the clock; the largest, of train_lm, needed 512" in text
    )
    same = text_of(build(results, config=json.dumps({"name": "A", "lm": {"seed": 7}})))
    assert "The default configuration." in same and "What differs" not in same


def test_settings_differ_by_value_and_by_being_there():
    changed = differences({"a": {"b": [1, 2], "c": {}}, "d": None}, {"a": {"b": [1], "c": {}}, "e": True})
    assert changed == [("a.b", "[1, 2]", "[1]"), ("d", "null", "not there"), ("e", "not there", "true")]


def test_a_figure_without_a_caption_and_one_given_twice_are_refused(results):
    words = arguments(results)
    figure = str(results / "figures/pareto.svg")
    with pytest.raises(ValueError, match="section `More`: an introduction, and a caption for each figure, expected"):
        build_report.main([*words, "--section", "More", "Of it", figure])
    with pytest.raises(ValueError, match="section `More`: a second figure named pareto; give each one once"):
        build_report.main([*words, "--section", "More", "Of it", figure, "What to see"])
