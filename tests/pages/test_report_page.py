"""The report in a real browser, opened from disk. Needs Chromium, and `pip install '.[browser]'`:

python -m pytest -m browser
"""

import csv
from collections import Counter
from pathlib import Path

import pytest
import report_page
import visits
from report_page import HOSTILE
from visits import PHONE, ground, press, serious

pytestmark = visits.MARKS
SHOWN = "#findings tbody tr:visible"


@pytest.fixture(scope="module")
def results(tmp_path_factory) -> Path:
    root = report_page.write_results(tmp_path_factory.mktemp("results"))
    explanations = report_page.hostile_explanations(root, root / "hostile.parquet")
    report_page.build(root, explanations=explanations, n_best=4, n_random=4)
    return root


@pytest.fixture(scope="module")
def findings(results) -> list[dict[str, str]]:
    with (results / "findings.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture
def visit(browser, results):
    with visits.visits(browser, results / "report") as open_page:
        yield open_page


def shown(page) -> set[str]:
    return set(page.locator(SHOWN).evaluate_all("rows => rows.map((row) => row.id.replace('finding-', ''))"))


def ids(findings, **wanted: str) -> set[str]:
    return {row["id"] for row in findings if all(row[name] == value for name, value in wanted.items())}


def test_all_findings_are_shown_with_and_without_scripts(visit, findings):
    assert shown(visit()) == ids(findings)
    plain = visit(java_script_enabled=False)
    assert plain.locator(SHOWN).count() == len(findings)
    assert not plain.locator("#filters").is_visible() and not plain.locator("#theme").is_visible()


def test_findings_are_filtered_by_verdict_part_section_and_words(visit, findings):
    page = visit()
    for verdict in Counter(row["verdict"] for row in findings):
        page.select_option("[name=verdict]", verdict)
        assert shown(page) == ids(findings, verdict=verdict)
    page.select_option("[name=verdict]", "")
    page.select_option("[name=part]", "discussion")
    assert shown(page) == ids(findings, section="discussion")
    page.select_option("[name=part]", "paper")
    assert shown(page) == ids(findings) - ids(findings, section="discussion")
    page.select_option("[name=part]", "phenomenology universality")
    assert shown(page) == ids(findings, section="#phenomenology-universality")
    page.click("text=Clear")
    page.fill("[name=find]", "NEURONS  universal")
    assert "features-more-universal" in shown(page)
    assert page.inner_text("output") == f"{len(shown(page))} of {len(findings)} findings"
    page.fill("[name=find]", "no such words")
    assert shown(page) == set() and page.inner_text("output") == f"0 of {len(findings)} findings"


def test_the_address_keeps_the_filters_and_a_tally_sets_them(visit, findings):
    page = visit("#findings?verdict=not+run&find=wider")
    narrowed = shown(page)
    assert narrowed and narrowed < ids(findings, verdict="not run")
    page.select_option("[name=verdict]", "reproduced")
    assert page.url.endswith("#findings?verdict=reproduced&find=wider")
    page.reload()
    assert shown(page) and shown(page) < ids(findings, verdict="reproduced")
    page.click(".tally a >> nth=0")
    assert shown(page) == ids(findings, verdict="reproduced") - ids(findings, section="discussion")
    page.click("text=Clear")
    assert page.url.endswith("#findings") and shown(page) == ids(findings)
    assert shown(visit("#findings?verdict=nonsense&part=%3Cb%3E&more=1")) == ids(findings)


def test_a_finding_and_its_figure_lead_to_each_other_whatever_the_filters(visit):
    page = visit("#findings?find=sparsity")
    page.locator("#finding-wider-recovers-more >> text=Figure 1").click()
    assert page.url.endswith("#figure-pareto") and "sparsity" in page.input_value("[name=find]")
    page.locator("#figure-pareto li a[href='#finding-widest-recovers']").click()
    page.wait_for_function("() => location.hash === '#finding-widest-recovers'")
    row = page.locator("#finding-widest-recovers")
    row.wait_for(state="visible")
    assert page.input_value("[name=find]") == "" or "sparsity" in row.inner_text()
    page.goto(page.url.partition("#")[0] + "#findings?find=automata+loop")
    page.wait_for_function("() => document.querySelector('[name=find]').value === 'automata loop'")
    assert not page.locator("#finding-few-dead").is_visible()
    page.evaluate("location.hash = '#finding-few-dead'")
    page.locator("#finding-few-dead").wait_for(state="visible")
    assert page.locator("#finding-few-dead").evaluate("row => row.getBoundingClientRect().top < innerHeight")


def test_keys(visit, findings):
    page = visit()
    press(page, "Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the findings"
    press(page, "/")
    assert page.evaluate("document.activeElement.name") == "find"
    page.keyboard.type("a/b neurons")
    assert page.input_value("[name=find]") == "a/b neurons"
    press(page, "Escape")
    assert shown(page) == ids(findings)
    press(page, "Tab")
    page.keyboard.type("not run")
    assert page.evaluate("document.activeElement.value") == "not run" and shown(page) == ids(
        findings, verdict="not run"
    )


def test_hostile_text_is_shown_and_never_run(visit):
    page = visit()
    for details in page.locator("details").all():
        details.evaluate("node => { node.open = true; }")
    text = page.inner_text("main")
    assert text.count(HOSTILE) > 10 and "U+202E" in text  # headings, captions, config, explanations, tokens
    assert page.locator("main script, main b, main img[onerror]").count() == 0


def test_light_and_dark_as_the_system_has_it_until_the_reader_chooses(visit):
    for scheme, other in (("light", "Dark"), ("dark", "Light")):
        page = visit(color_scheme=scheme)
        inverted = "getComputedStyle(document.querySelector('figure img')).filter !== 'none'"
        assert (min(ground(page)) > 200) == (scheme == "light") and page.evaluate(inverted) == (scheme == "dark")
        page.click(f"#theme >> text={other}")
        assert (max(ground(page)) < 60) == (scheme == "light") and page.evaluate(inverted) == (scheme == "light")
        page.reload()
        assert (max(ground(page)) < 60) == (scheme == "light")


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_phone_needs_no_sideways_scrolling(visit, scripts):
    page = visit(viewport=PHONE, has_touch=True, java_script_enabled=scripts)
    assert page.locator("html").bounding_box()["width"] <= PHONE["width"]
    for selector in ("#findings td", "#filters", "figure", ".card", "#facts"):
        boxes = [box.bounding_box() for box in page.locator(selector).all()]
        assert all(box["x"] >= 0 and box["x"] + box["width"] <= PHONE["width"] for box in boxes if box)
    if scripts:
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1400, 390])
def test_axe_finds_nothing_serious(visit, width, scheme):
    page = visit(viewport={"width": width, "height": 900}, color_scheme=scheme)
    assert not serious(page)
