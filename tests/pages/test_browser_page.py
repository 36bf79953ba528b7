"""The feature browser in a real browser, opened from disk: its overview, tables, keys and shades. Needs Chromium, and
`pip install '.[browser]'`:

python -m pytest -m browser
"""

import functools
import http.server
import threading

import pytest
import visits
from browser_site import OTHER, TINY, WIDE, WIDER
from visits import PHONE, ground, press, serious

pytestmark = visits.MARKS
PAGES = ["#/", f"#/{TINY}", f"#/{TINY}/0", "#/A/mlp_post/neurons/1", f"#/{TINY}/0/beside/{OTHER}/1"]
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


def rows(page) -> list[str]:
    return page.locator(".grid-body [role=row] .cell.feature").all_text_contents()


def test_all_dictionaries_are_listed_and_lead_to_their_tables(visit):
    page = visit()
    assert page.locator(".card").count() == 4
    page.click(".card >> text=Neurons of A")
    visits.wait_for(page, "A/mlp_post/neurons")
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


def test_keys(visit):
    page = visit(f"#/{TINY}")
    press(page, "ArrowDown j ArrowUp Enter")
    visits.wait_for(page, f"{TINY} 1")
    press(page, "n")
    visits.wait_for(page, f"{TINY} 2")
    press(page, "p p p")
    visits.wait_for(page, f"{TINY} 7")
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


def test_light_and_dark_as_the_system_has_it_until_the_reader_chooses(visit):
    for scheme, other in (("light", "Dark"), ("dark", "Light")):
        page = visit(f"#/{TINY}/0", color_scheme=scheme)
        assert (min(ground(page)) > 200) == (scheme == "light") and (max(ground(page)) < 60) == (scheme == "dark")
        page.click(f"#theme >> text={other}")
        assert (min(ground(page)) > 200) == (scheme == "dark")
        page.reload()
        page.wait_for_selector("body[data-ready]")
        assert (min(ground(page)) > 200) == (scheme == "dark")
        page.click("#theme")
        assert (min(ground(page)) > 200) == (scheme == "light")


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
    assert not serious(page)


def test_from_a_web_server_too(browser, site):
    handler = functools.partial(QuietHandler, directory=str(site))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{server.server_port}/index.html#/{TINY}/0")
        page.wait_for_selector(".example bdi.centre")
        page.close()
        server.shutdown()
