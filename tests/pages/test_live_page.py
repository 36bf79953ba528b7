"""The page of the live server in a real browser. Needs Chromium, and `pip install '.[browser]'`:

python -m pytest -m browser
"""

import re

import pytest
import visits
from live_server import CONTEXT, DEAD, RUN, SAID
from visits import PHONE, ground, serious

pytestmark = visits.MARKS
HOSTILE = "<script>alert(1)</script> &amp; \u202eABC\u200b عرب"


@pytest.fixture
def visit(browser, served):
    """Opens the page. What is logged and asked for is looked at last; refusals that a test `expects` may be logged."""
    contexts, logged, asked, expected = [], [], [], []

    def open_page(expects=None, **options):
        contexts.append(browser.new_context(**options))
        expected.append(expects)
        page = contexts[-1].new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("dialog", lambda dialog: logged.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{served.port}/")
        page.wait_for_selector("body[data-ready]")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not [text for text in logged if not any(expects and f"status of {expects}" in text for expects in expected)]
    assert all(url.startswith((f"http://127.0.0.1:{served.port}/", "data:")) for url in asked)


def tokens(page) -> list[str]:
    return page.locator("[role=option]").all_text_contents()


def type_text(page, text: str) -> None:
    page.fill("#text", text)
    shown = text.replace(" ", "·")
    page.wait_for_function("shown => document.getElementById('tokens').textContent === shown", arg=shown)


def choose(page, feature: object) -> None:
    page.fill("#feature", str(feature))
    page.press("#feature", "Enter")
    page.wait_for_function(
        "text => document.getElementById('said').innerText.includes(text)", arg=f"feature {feature} has"
    )


def written(page, which: str) -> str:
    return page.inner_text(f"#{which}")


def test_it_opens_with_a_text_shaded_by_a_feature_and_written_on(visit, served):
    page = visit()
    assert tokens(page)[0] and page.locator("[role=option].on").count() > 0
    assert page.locator("#top li").count() > 0 and page.locator("#top [aria-pressed=true]").count() == 1
    page.wait_for_function("() => document.getElementById('steered').textContent")
    assert page.inner_text("#room").endswith(f"of {CONTEXT - 1} tokens that the model can read at once")
    links = page.locator("#links a").evaluate_all("links => links.map((link) => link.getAttribute('href'))")
    assert links == [f"/report/browser/index.html#/{RUN}", "/report/index.html"]


def test_typed_text_is_read_and_shaded_by_any_feature(visit, served):
    page = visit()
    type_text(page, "the cat sat")
    choose(page, 7)
    found = served.answer("/api/read", text="the cat sat", feature=7)
    shaded = page.locator("[role=option]").evaluate_all("all => all.map((one) => one.dataset.activation ?? '0')")
    assert [float(value) for value in shaded] == pytest.approx(found["activations"], rel=0.01, abs=0.001)
    assert '"token 7" 9' in page.inner_text("#explanation") and page.inner_text(".scale").startswith("0")
    page.click("#none")
    page.wait_for_function("() => !document.querySelector('[role=option].on')")
    page.wait_for_function("() => document.getElementById('note').textContent === 'Choose a feature first.'")
    assert page.input_value("#feature") == "" and not page.inner_text("#steered")


def test_a_token_tells_its_features_by_pointer_by_keys_and_by_touch(visit, served):
    page = visit()
    type_text(page, "the cat sat")
    found = served.answer("/api/read", text="the cat sat")

    def listed():
        return [int(text) for text in page.locator("#top button").all_text_contents()]

    def expected(k):
        return [feature for feature, _ in found["top"][k]]

    page.locator("[role=option]").nth(2).hover()
    assert listed() == expected(2)
    page.mouse.move(2, 2)
    page.focus("#tokens")
    page.keyboard.press("Home")
    assert listed() == expected(0) and page.get_attribute("#tokens", "aria-activedescendant") == "token-0"
    page.keyboard.press("ArrowRight")
    assert listed() == expected(1) and page.locator("#token-1[aria-selected=true]").count() == 1
    page.keyboard.press("End")
    assert listed() == expected(len(found["tokens"]) - 1)
    page.keyboard.press("Tab")
    page.focus("#top button >> nth=0")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.querySelector('#top button').getAttribute('aria-pressed') === 'true'")
    best = expected(len(found["tokens"]) - 1)[0]
    assert page.input_value("#feature") == str(best) and page.evaluate("document.activeElement.textContent") == str(
        best
    )
    assert page.locator("#top a").first.get_attribute("href") == f"/report/browser/index.html#/{RUN}/{best}"
    page.locator("[role=option]").nth(0).click()
    assert listed() == expected(0)


def test_the_slider_steers(visit, served):
    page = visit()
    type_text(page, "the cat sat")
    choose(page, 7)

    def steered(multiple):
        body = {"text": "the cat sat", "feature": 7, "multiple": multiple, "n_tokens": 32, "seed": 0, "temperature": 1}
        found = served.answer("/api/steer", **body)
        shown = ["".join(part) if isinstance(part, list) else part for part in (found["unsteered"], found["steered"])]
        for which, text in zip(("unsteered", "steered"), shown, strict=True):
            page.wait_for_function(
                "([id, text]) => document.getElementById(id).textContent === text", arg=[which, text]
            )
        return shown

    alone, pinned = steered(1)
    page.focus("#multiple")
    for _ in range(16):
        page.keyboard.press("ArrowRight")
    assert steered(5) != [alone, pinned] and "5 \u00d7 highest" in page.inner_text("#told")
    page.evaluate("document.getElementById('multiple').value = 0")
    page.dispatch_event("#multiple", "input")
    steered(0)
    assert page.inner_text("#pinned-title") == "With the feature taken away"
    page.uncheck("#on")
    assert steered(None) == [alone, alone] and page.inner_text("#told") == "off"
    page.click("#again")
    page.wait_for_function("text => document.getElementById('unsteered').textContent !== text", arg=alone)
    assert page.input_value("#seed") == "1"


def test_hostile_text_is_shown_as_text_and_never_run(visit):
    page = visit()
    page.fill("#text", HOSTILE)
    page.wait_for_function("() => document.getElementById('tokens').textContent.startsWith('<script>')")
    choose(page, SAID)
    shown = page.inner_text("main")
    assert "<img src=x onerror=alert(1)> U+202EevilU+200B" in shown
    assert page.locator("main script, main img").count() == 0
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f]", "".join(tokens(page)))
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize(
    ("do", "status", "message"),
    [
        (lambda page: page.fill("#text", "z" * CONTEXT), 413, "160 tokens, 159 at most fit the model's context"),
        (lambda page: choose_any(page, 99), 404, "feature 99: not one of the 24"),
        (lambda page: choose_any(page, DEAD), 422, "feature 5: never active on held-out text"),
        (lambda page: page.fill("#temperature", "9"), 422, "temperature 9: a number from 0.1 to 2 expected"),
    ],
)
def test_errors_are_said_in_words_and_taken_back(visit, do, status, message):
    page = visit(expects=status)
    do(page)
    page.wait_for_function("text => document.getElementById('warning').innerText.includes(text)", arg=message)
    page.fill("#temperature", "1")
    page.fill("#text", "the cat")
    choose(page, 7)
    page.wait_for_function("() => !document.getElementById('warning').innerText")


def choose_any(page, feature: int) -> None:
    page.fill("#feature", str(feature))
    page.press("#feature", "Enter")


def test_a_choice_made_while_typing_is_kept(visit):
    page = visit()
    page.fill("#text", "the cat")
    choose_any(page, 7)
    page.wait_for_function("() => document.getElementById('tokens').textContent === 'the·cat'")
    page.wait_for_timeout(600)  # longer than it waits for more to be typed
    assert page.input_value("#feature") == "7" and "feature 7 has" in page.inner_text("#said")


def test_without_a_text_or_room_the_page_says_so(visit):
    page = visit()
    page.fill("#text", "")
    page.wait_for_function("() => document.getElementById('note').textContent === 'Type some text first.'")
    assert page.inner_text("#said") == "Type some text." and not tokens(page)
    page.fill("#text", "z" * (CONTEXT - 1))
    page.wait_for_function("() => document.getElementById('note').textContent.includes('shorten it')")
    page.fill("#text", "z" * (CONTEXT - 4))
    page.wait_for_function("() => document.getElementById('note').textContent.startsWith('3 tokens after your text')")


def test_a_server_that_is_gone_is_said(visit):
    page = visit()
    page.evaluate("() => { window.fetch = () => Promise.reject(new TypeError('Failed to fetch')); }")
    page.fill("#text", "the")
    page.wait_for_function("() => document.getElementById('warning').innerText.includes('Is it still running?')")


def test_light_and_dark(visit):
    shades = {}
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        shades[scheme] = ground(page)
        page.click("#theme")
        assert (min(ground(page)) > 200) == (scheme == "dark")
    assert min(shades["light"]) > 200 and max(shades["dark"]) < 60


def test_a_phone_needs_no_sideways_scrolling(visit):
    page = visit(viewport=PHONE, has_touch=True)
    page.wait_for_function("() => document.getElementById('steered').textContent")
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.locator("[role=option]").nth(1).tap()
    assert page.locator("#token-1[aria-selected=true]").count() == 1


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(visit, scheme):
    page = visit(color_scheme=scheme)
    page.wait_for_function("() => document.getElementById('steered').textContent")
    assert not serious(page)
