"""What the feature browser shows of a language model's explanations, in a real browser; see test_browser_page.py."""

import functools

import browser_site
import pytest
import visits
from browser_site import TINY
from visits import press, serious

pytestmark = visits.MARKS


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    return browser_site.build(tmp_path_factory.mktemp("browser"))


@pytest.fixture(scope="module")
def browser():
    with visits.running() as found:
        yield found


@pytest.fixture
def visit(browser, site):
    with visits.visits(browser, site) as open_page:
        yield functools.partial(open_page, ready="body[data-ready]")


def test_every_test_of_an_explanation_is_shown_with_what_was_answered(visit):
    page = visit(f"#/{TINY}/0")
    judged = page.locator(".explained").first
    assert "cathedrals & cats" in judged.inner_text()
    assert "Spearman 0.25, Pearson 0.25" in judged.inner_text() and "accuracy of always no 0.75" in judged.inner_text()
    assert judged.locator("dt").all_inner_texts() == ["Simulation", "Promoted tokens", "Detection", "Fuzzing"]
    for summary in judged.locator("summary").all():
        summary.focus()
        press(page, "Enter")
    true, predicted = (judged.locator(".simulated").first.locator(".tokens").nth(k).locator("bdi") for k in (0, 1))
    assert true.first.get_attribute("data-activation") is None and true.nth(1).get_attribute("data-activation") == "9"
    assert predicted.first.get_attribute("data-activation") == "9" and predicted.first.inner_text() == "U+200B"
    items = judged.locator(".answered").all_inner_texts()
    assert items[0].split("\n") == ['"<script>alert(1)</script>"', "yes; said 4 of 9: wrong"] and len(items) == 6
    assert not serious(page)


def test_tests_without_an_answer_say_why(visit):
    page = visit(f"#/{TINY}/1")
    page.click("summary")
    text = page.inner_text(".explained >> nth=0")
    assert "U+202Ebad" in text and "no score: took too long" in text and "yes; no answer" in text
    assert "Fuzzing\nno score: not asked" in text
