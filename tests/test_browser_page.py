"""The feature browser in a real browser, opened from disk. Needs Chromium, and `pip install '.[browser]'`:

python -m pytest -m browser
"""

import functools
import http.server
import re
import shutil
import threading
from pathlib import Path

import browser_site
import pytest
from browser_site import LONG, WIDE

from monosem.browser.shards import PAGE_BYTES

playwright = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]' to test in a browser")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="pip install '.[browser]' to test in a browser"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
pytestmark = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]
TINY, OTHER, WIDER = "A/mlp_post/tiny", "B/mlp_post/tiny", "A/mlp_post/wide"
PAGES = ["#/", f"#/{TINY}", f"#/{TINY}/0", "#/A/mlp_post/neurons/1", f"#/{TINY}/0/beside/{OTHER}/1"]
PHONE = {"width": 390, "height": 844}
# From the click to the laid-out table, thrice for each column, because other programs may take the machine meanwhile
TIMED_SORTS = """() => {
  const buttons = [...document.querySelectorAll('[role=columnheader] button')];
  const grid = document.querySelector('[role=grid]');
  return buttons.map((button) => [0, 1, 2].map(() => {
    const start = performance.now();
    button.click();
    grid.getBoundingClientRect();
    return performance.now() - start;
  }));
}"""


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    return browser_site.build(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture
def visit(browser, site):
    """Opens an address of the site as a reader does, from disk. What is logged and asked for is looked at last."""
    contexts, logged, asked = [], [], []

    def open_page(address="#/", **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("dialog", lambda dialog: logged.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((site / "index.html").as_uri() + address)
        page.wait_for_selector("body[data-ready]")
        page.asked = asked
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not logged
    assert all(url.startswith(site.as_uri()) for url in asked)


def press(page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def rows(page) -> list[str]:
    return page.locator(".grid-body [role=row] .cell.feature").all_text_contents()


def wait_for(page, title: str) -> None:
    page.wait_for_function("title => document.title.startsWith(title)", arg=title)


def test_all_dictionaries_are_listed_and_lead_to_their_tables(visit):
    page = visit()
    assert page.locator(".card").count() == 4
    page.click(".card >> text=Neurons of A")
    wait_for(page, "A/mlp_post/neurons")
    assert page.locator("output").first.inner_text() == "6 of 6 neurons"


def test_a_feature_is_found_by_its_explanation_and_by_its_tokens(visit):
    page = visit(f"#/{TINY}")
    page.fill("#find", "CATHEDRAL max>8")
    page.wait_for_function("() => document.querySelectorAll('.grid-body [role=row]').length === 1")
    assert rows(page) == ["0"] and "cathedral" in page.inner_text(".grid-body .cell.explanation")
    page.fill("#find", "no such words")
    page.wait_for_function("() => document.querySelectorAll('.grid-body [role=row]').length === 0")
    page.wait_for_function("() => location.hash.includes('find=no+such+words')")


def test_limits_and_the_status_filter(visit):
    page = visit(f"#/{WIDER}?find=score%3E0.5+density%3C0.001")
    shown = int(page.locator("output").inner_text().split(" of ")[0].replace(",", ""))
    count = "({columns}) => columns.score.filter((s, k) => s > 0.5 && columns.density[k] < 0.001).length"
    assert shown == page.evaluate(f"monosem.dictionary.open('{WIDER}').then({count})")
    page.goto(page.url.split("?")[0] + "?find=weight%3E1")
    page.wait_for_function("() => document.querySelector('output').textContent.startsWith('no column weight')")
    page = visit(f"#/{TINY}")
    page.select_option("select[aria-label='status of the score']", "dead")
    assert rows(page) == ["7"]


def test_131072_rows_are_sorted_in_a_fifth_of_a_second_and_few_of_them_are_elements(visit):
    page = visit(f"#/{WIDER}")
    page.wait_for_selector(".grid-body [role=row]")
    assert page.get_attribute("[role=grid]", "aria-rowcount") == str(WIDE + 1)
    took = page.evaluate(TIMED_SORTS)
    print(f"sorting {WIDE} rows, by each column: " + ", ".join(f"{min(ms):.0f} to {max(ms):.0f} ms" for ms in took))
    assert len(took) == 5 and all(min(ms) < 200 for ms in took)
    assert len(rows(page)) < 100


def test_rows_are_in_the_order_of_the_column_with_missing_values_last(visit):
    page = visit(f"#/{WIDER}?sort=-score")
    scores = page.evaluate(
        f"monosem.dictionary.open('{WIDER}').then(({{columns, shown}}) => [...shown].map((k) => columns.score[k]))"
    )
    known = [score for score in scores if score == score]
    assert len(scores) == WIDE and known == sorted(known, reverse=True) and scores[: len(known)] == known
    page.click("[data-column=score] button")
    assert page.get_attribute("[data-column=score]", "aria-sort") == "ascending"
    page.wait_for_function("() => location.hash.endsWith('sort=score')")
    press(page, "End")
    page.wait_for_function(f"() => document.querySelector('[aria-rowindex=\"{WIDE + 1}\"]')")
    assert page.locator("[aria-selected=true] .cell.score").inner_text() == "\u2013"


def test_a_feature_page_shows_examples_with_their_activations_and_more_of_the_text(visit):
    page = visit(f"#/{TINY}/0")
    assert page.inner_text("h1") == "Feature 0"
    first = page.locator(".example").first
    centre = first.locator("bdi.centre")
    assert centre.inner_text() == "cathedral" and centre.get_attribute("title") == "activation 9"
    centre.hover()
    assert page.inner_text(".readout") == "cathedral: activation 9"
    few = first.locator("bdi").count()
    first.locator("button").click()
    page.wait_for_function("few => document.querySelector('.example').querySelectorAll('bdi').length > few", arg=few)
    assert first.locator("button").get_attribute("aria-expanded") == "true"
    assert first.locator("bdi.centre").inner_text() == "cathedral"
    headings = page.locator(".examples h4").all_text_contents()
    assert headings[0].startswith("Strongest") and any(
        "Interval 1 of 5 (activation 0 to 1.8)" in text for text in headings
    )
    assert page.locator(".logits li").count() == 20 and "Match in B" in page.inner_text(".rest")
    assert page.locator(".histogram rect").count() == 40


def test_opening_a_feature_reads_no_more_than_is_stated(visit, site):
    page = visit(f"#/{TINY}/0")
    read = {site / url.removeprefix(site.as_uri() + "/").split("#")[0] for url in page.asked}
    assert sum(path.stat().st_size for path in read) <= PAGE_BYTES
    assert not [path for path in read if path.name.startswith("contexts")]


def test_a_dead_feature_says_so(visit):
    page = visit(f"#/{TINY}/7")
    assert "never active" in page.inner_text(".why") and "None: it fires on too few" in page.inner_text(".examples")


def test_keys(visit):
    page = visit(f"#/{TINY}")
    press(page, "ArrowDown j ArrowUp Enter")
    wait_for(page, f"{TINY} 1")
    press(page, "n")
    wait_for(page, f"{TINY} 2")
    press(page, "p p p")
    wait_for(page, f"{TINY} 7")
    press(page, "t")
    page.wait_for_selector("[role=grid]")
    press(page, "/")
    assert page.evaluate("document.activeElement.id") == "find"
    page.keyboard.type("t1 r")
    assert page.input_value("#find") == "t1 r"
    press(page, "Escape ?")
    assert "random feature" in page.inner_text("dialog")
    press(page, "Escape o")
    page.wait_for_selector(".cards")
    page.evaluate(f"location.hash = '#/{TINY}'")
    page.wait_for_selector("[role=grid]")
    press(page, "r")
    page.wait_for_selector("article.feature")


def test_two_features_stand_side_by_side(visit):
    page = visit(f"#/{TINY}/1")
    press(page, "c")
    assert f"Kept {TINY} 1" in page.inner_text("#said")
    page.evaluate(f"location.hash = '#/{OTHER}/2'")
    wait_for(page, f"{OTHER} 2")
    press(page, "c")
    wait_for(page, f"{TINY} 1 beside {OTHER} 2")
    assert page.locator("h1").all_text_contents() == ["Feature 1", "Feature 2"]
    page.locator("article").nth(1).get_by_label("next in the table").click()
    wait_for(page, f"{TINY} 1 beside {OTHER} 3")
    page.go_back()
    wait_for(page, f"{TINY} 1 beside {OTHER} 2")
    page.goto(page.url.split("#")[0] + f"#/{TINY}/0")
    wait_for(page, f"{TINY} 0")
    page.locator(".beside").first.click()
    page.wait_for_selector(".compare")


def test_hostile_text_is_shown_as_text_and_never_run(visit):
    seen = ""
    for address in (f"#/{TINY}", *(f"#/{TINY}/{feature}" for feature in range(8))):
        page = visit(address)
        press(page, "m")
        page.wait_for_function("() => !document.querySelector('.more[aria-expanded=false]')")
        page.wait_for_timeout(50)
        seen += page.inner_text("main")
        assert page.locator("main script, main img, main b >> text=alert").count() == 0
        assert (
            page.evaluate(
                "Math.max(0, ...[...document.querySelectorAll('bdi')].map((token) => token.textContent.length))"
            )
            < 500
        )
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert "<script>alert(1)</script>" in seen and "&amp;" in seen and '"><b>' in seen
    assert "U+202E" in seen and "U+200B" in seen and f"… {len(LONG):,} characters" in seen
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", seen)


def test_links_lead_to_dictionaries_of_the_site_and_others_are_only_named(visit):
    page = visit(f"#/{OTHER}/0")
    linked = page.locator(".related a:not(.beside)").evaluate_all("links => links.map((link) => link.hash)")
    assert linked and all(
        re.match("#/(A/mlp_post/(tiny|neurons)|B/mlp_post/tiny)/[0-9]+$", address) for address in linked
    )
    assert "B neurons" in page.inner_text(".rest")


def test_what_is_not_there_is_said(visit):
    for address, message in {
        f"#/{TINY}/99": "has no feature 99; they are numbered from 0 to 7",
        f"#/{TINY}/x": "has no feature NaN",
        "#/A/mlp_post/none": "There is no dictionary A/mlp_post/none here",
    }.items():
        assert message in visit(address).inner_text("#warning")


def test_light_and_dark(visit):
    shades = {}
    for scheme in ("light", "dark"):
        page = visit(f"#/{TINY}/0", color_scheme=scheme)
        shades[scheme] = page.evaluate("getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")
    assert min(shades["light"]) > 200 and max(shades["dark"]) < 60


@pytest.mark.parametrize("address", PAGES)
def test_a_phone_needs_no_sideways_scrolling(visit, address):
    page = visit(address, viewport=PHONE, has_touch=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    if address == f"#/{TINY}":
        grid = page.locator("[role=grid]")
        assert grid.evaluate("grid => grid.scrollWidth <= grid.clientWidth")
        assert grid.locator(".cell.explanation").nth(1).is_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", PAGES)
def test_axe_finds_nothing_serious(visit, address, scheme):
    page = visit(address, color_scheme=scheme)
    page.wait_for_function("() => ![...document.querySelectorAll('.cell')].some((cell) => cell.textContent === '…')")
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    serious = [
        f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in ("serious", "critical")
    ]
    assert not serious


def test_from_a_web_server_too(browser, site):
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html#/{TINY}/0")
        page.wait_for_selector(".example bdi.centre")
        page.close()
        server.shutdown()
