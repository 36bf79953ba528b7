"""Pages of features in a real browser, opened from disk. Needs Chromium, and `pip install '.[browser]'`:

python -m pytest -m browser
"""

import re

import visits
from browser_site import LONG, OTHER, TINY
from visits import press, serious

from monosem.pages.browser.shards import PAGE_BYTES

pytestmark = visits.MARKS


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


def test_a_dead_feature_says_so(visit):
    page = visit(f"#/{TINY}/7")
    assert "never active" in page.inner_text(".why") and "None: it fires on too few" in page.inner_text(".examples")


def test_two_features_stand_side_by_side(visit):
    page = visit(f"#/{TINY}/1")
    press(page, "c")
    assert f"Kept {TINY} 1" in page.inner_text("#said")
    page.evaluate(f"location.hash = '#/{OTHER}/2'")
    visits.wait_for(page, f"{OTHER} 2")
    press(page, "c")
    visits.wait_for(page, f"{TINY} 1 beside {OTHER} 2")
    assert page.locator("h1").all_text_contents() == ["Feature 1", "Feature 2"]
    page.locator("article").nth(1).get_by_label("next in the table").click()
    visits.wait_for(page, f"{TINY} 1 beside {OTHER} 3")
    page.go_back()
    visits.wait_for(page, f"{TINY} 1 beside {OTHER} 2")
    page.goto(page.url.split("#")[0] + f"#/{TINY}/0")
    visits.wait_for(page, f"{TINY} 0")
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
