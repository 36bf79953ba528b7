"""Pages in a real Chromium, opened from disk as a reader does; for the tests marked `browser`."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api", reason="pip install '.[browser]' to test in a browser")
axe = pytest.importorskip(
    "axe_playwright_python.sync_playwright", reason="pip install '.[browser]' to test in a browser"
)
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
MARKS = [pytest.mark.browser, pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH")]
PHONE = {"width": 390, "height": 844}


@contextmanager
def running():
    """The browser itself."""
    with playwright.sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@contextmanager
def visits(browser, folder: Path) -> Iterator[Callable]:
    """Opens addresses of a folder's index.html. What pages log and what they ask for is looked at last."""
    contexts, logged, asked = [], [], []

    def visit(address="", *, ready="body", **options):
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.on("console", lambda message: logged.append(message.text))
        page.on("pageerror", lambda error: logged.append(str(error)))
        page.on("dialog", lambda dialog: logged.append(f"dialog {dialog.message}"))
        page.on("request", lambda request: asked.append(request.url))
        page.goto((folder / "index.html").as_uri() + address)
        page.wait_for_selector(ready)
        page.asked = asked
        return page

    yield visit
    for context in contexts:
        context.close()
    assert not logged
    assert all(url.startswith((folder.as_uri(), "data:")) for url in asked)


def wait_for(page, title: str) -> None:
    page.wait_for_function("title => document.title.startsWith(title)", arg=title)


def press(page, keys: str) -> None:
    for key in keys.split():
        page.keyboard.press(key)


def ground(page) -> list[int]:
    """The colour behind the text."""
    return page.evaluate("getComputedStyle(document.body).backgroundColor.match(/[0-9]+/g).map(Number)")


def serious(page) -> list[str]:
    """What axe finds wrong for readers who use a keyboard, a screen reader, or see little."""
    found = axe.Axe().run(page, options={"preload": False}).response["violations"]
    return [f"{rule['id']}: {rule['nodes'][0]['html']}" for rule in found if rule["impact"] in ("serious", "critical")]
