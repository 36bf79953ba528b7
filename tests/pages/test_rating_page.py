"""The page to rate on, in a real browser, by its keys. Needs Chromium, and `pip install '.[browser]'`:

python -m pytest -m browser
"""

import csv
import json
from pathlib import Path

import pytest
import visits
from rating_page import build

import collect_ratings
from monosem.pages.rating.rubric import PARTS

pytestmark = visits.MARKS
NAMES = [part.name for part in PARTS]


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return build(tmp_path_factory.mktemp("rating"))


@pytest.fixture
def page(browser, built):
    """The page as a rater opens it, from disk. Whatever it logs and whatever it asks for is looked at in the end."""
    context = browser.new_context(accept_downloads=True)
    opened, logged, asked = context.new_page(), [], []
    opened.on("console", lambda message: logged.append(message.text))
    opened.on("pageerror", lambda error: logged.append(str(error)))
    opened.on("request", lambda request: asked.append(request.url))
    opened.goto((built / "index.html").as_uri())
    yield opened
    context.close()
    assert not logged
    assert {url for url in asked if not url.startswith("blob:")} == {(built / "index.html").as_uri()}


def press(page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def points(page) -> dict[str, int | None]:
    """Of the item that is shown, as its buttons tell."""
    pressed = {}
    for name in NAMES:
        found = page.locator(f"fieldset[data-part={name}] button[aria-pressed=true]").all_text_contents()
        pressed[name] = int(found[0]) if found else None
    return pressed


def framed(page) -> str:
    return page.locator("fieldset.now").get_attribute("data-part")


def save(page, path: Path) -> list[dict[str, str]]:
    with page.expect_download() as download:
        page.keyboard.press("s")
    download.value.save_as(path)
    assert download.value.suggested_filename.endswith(".csv")
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def name_rater(page, name: str) -> None:
    page.fill("#rater", name)
    page.keyboard.press("Escape")


def test_an_item_is_rated_by_digits_alone(page):
    press(page, "3 4 2 1 2")
    assert points(page) == {"confidence": 3, "activations": 4, "logits": 2, "separation": 1, "specificity": 2}
    assert page.inner_text("#total") == "12" and "1 rated" in page.inner_text("#status")
    press(page, "Enter")
    assert page.inner_text("#place").startswith("Item 2 of") and set(points(page).values()) == {None}


def test_the_bonus_is_open_only_where_the_promoted_tokens_do_not_all_agree(page):
    press(page, "3 5 3")
    assert framed(page) == "specificity" and page.locator("fieldset[data-part=separation] button").first.is_disabled()
    press(page, "3")
    assert page.inner_text("#total") == "14"
    press(page, "ArrowUp 2 1")
    assert points(page)["separation"] == 1
    press(page, "ArrowUp ArrowUp 3")
    assert points(page)["logits"] == 3 and points(page)["separation"] is None


def test_without_an_interpretation_all_is_zero(page):
    press(page, "0")
    assert points(page) == dict.fromkeys(NAMES, 0) and "1 rated" in page.inner_text("#status")


def test_keys_that_give_nothing_do_nothing(page):
    press(page, "9 5 x Control+3")
    assert set(points(page).values()) == {None} and framed(page) == "confidence"
    press(page, "2 ArrowUp Backspace")
    assert points(page)["confidence"] is None
    press(page, "ArrowLeft")
    assert page.inner_text("#place").startswith("Item 1 of")


def test_typing_an_interpretation_rates_nothing(page, tmp_path):
    press(page, "i")
    page.keyboard.type('3 "quotes", commas\n5 s')
    press(page, "Escape 1")
    assert page.input_value("#interpretation") == '3 "quotes", commas\n5 s'
    assert points(page)["confidence"] == 1
    name_rater(page, "ada")
    assert save(page, tmp_path / "a.csv")[0]["interpretation"].replace("\r", "") == '3 "quotes", commas\n5 s'


def test_ratings_survive_a_reload(page):
    press(page, "3 5 3 3 Enter 1 i")
    page.keyboard.type("half done")
    press(page, "Escape")
    name_rater(page, "ada")
    page.reload()
    assert page.inner_text("#place").startswith("Item 2 of") and "1 rated" in page.inner_text("#status")
    assert points(page)["confidence"] == 1 and page.input_value("#interpretation") == "half done"
    assert page.input_value("#rater") == "ada"
    press(page, "ArrowLeft")
    assert list(points(page).values()) == [3, 5, 3, None, 3]


def test_enter_goes_round_to_what_is_unfinished(page):
    n_items = int(page.get_attribute("#progress", "max"))
    press(page, "ArrowRight")
    for _ in range(n_items - 1):
        press(page, "0 Enter")
    assert page.inner_text("#place").startswith("Item 1 of")
    press(page, "0 Enter")
    assert page.inner_text("#status") == "All items are rated. Save them as CSV."


def test_buttons_do_what_keys_do(page):
    page.click("fieldset[data-part=activations] button >> text=4")
    assert points(page)["activations"] == 4 and framed(page) == "logits"
    page.click("#next")
    assert page.inner_text("#place").startswith("Item 2 of")


def test_a_file_needs_a_rater(page):
    press(page, "0 s")
    assert "Write your name or initials first" in page.inner_text("#warning")
    assert page.evaluate("document.activeElement.id") == "rater"


def test_what_is_saved_is_read_back(page, built, tmp_path):
    name_rater(page, "Ada, jr")
    press(page, "3 5 3 3 Enter 2 3 1 1 0 Enter 1")
    path = tmp_path / "ada.csv"
    rows = save(page, path)
    assert [row["item"] for row in rows] == ["1", "2", "3"]
    record = tmp_path / "ratings.json"
    words = ["--key", str(built / "key.json"), "--ratings", str(path)]
    collect_ratings.main([*words, "--output", str(tmp_path / "ratings.tsv"), "--output-record", str(record)])
    fields = json.loads(record.read_text())
    assert fields["n_complete"] == {"Ada, jr": 2} and fields["n_incomplete"] == 1
    key = json.loads((built / "key.json").read_text())
    with (tmp_path / "ratings.tsv").open() as file:
        back = list(csv.DictReader(file, delimiter="\t"))
    assert [row["total"] for row in back] == ["14", "7", ""]
    for row, item in zip(back, key["items"], strict=False):
        assert row["dictionary"] == item["dictionary"] and int(row["feature"]) == item["feature"]


def test_a_browser_that_keeps_nothing_says_so(browser, built):
    context = browser.new_context()
    page = context.new_page()
    page.add_init_script("Object.defineProperty(window, 'localStorage', { get() { throw new Error('blocked'); } })")
    page.goto((built / "index.html").as_uri())
    assert "This browser keeps nothing" in page.inner_text("#warning")
    press(page, "3")
    assert points(page)["confidence"] == 3
    context.close()


def test_corpus_text_runs_nothing_and_shows_itself(page):
    shown = set()
    for _ in range(int(page.get_attribute("#progress", "max"))):
        shown |= set(page.locator("#windows bdi").all_text_contents())
        press(page, "ArrowRight")
    assert "<script>alert(1)</script>" in shown and "&amp;" in shown
    assert page.locator("#windows script").count() == 0
