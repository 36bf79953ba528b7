#!/usr/bin/env python3
"""Take the pictures of README.md: the scoreboard, figures in the dark, the table of features, and one feature.

Opens the report and the feature browser of a finished run from disk, in the Chromium of this system. Needs Playwright:
pip install '.[browser]'. Pictures are PNG of few colours, so that they stay small.

Example:
  python scripts/take_screenshots.py --report results/report/index.html --figure steering \\
      --browser results/report/browser/index.html --feature A/mlp_post/relu-w2048/627 \\
      --output workflow/report/screenshots
"""

import argparse
import io
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from PIL import Image

from monosem.ground.artefacts import replacing
from monosem.ground.flags import FILE, parser_of

SIZE = {"width": 1280, "height": 800}
COLOURS = 128
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


class Shot(NamedTuple):
    address: str
    scheme: str
    ready: str  # a selector of what must be there first


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--report", **FILE, help="page of the report (index.html)")
    parser.add_argument("--figure", required=True, help="name of the figure to begin the dark picture with")
    parser.add_argument("--browser", **FILE, help="page of the feature browser (index.html)")
    parser.add_argument("--feature", required=True, help="model/site/dictionary/number of the feature to show")
    parser.add_argument("--output", **FILE, help="folder for the pictures (.png)")
    return parser.parse_args(argv)


def shots(args: argparse.Namespace) -> dict[str, Shot]:
    """By the name of the picture."""
    for page in (args.report, args.browser):
        if not page.is_file():
            raise ValueError(f"{page}: no such file; run the workflow first")
    report, browser = (page.resolve().as_uri() for page in (args.report, args.browser))
    table = args.feature.rpartition("/")[0]
    return {
        "findings": Shot(report, "light", "#filters:visible"),
        "figures": Shot(f"{report}#figure-{args.figure}", "dark", f"#figure-{args.figure}"),
        "features": Shot(f"{browser}#/{table}?sort=-score", "light", ".grid-body .cell.explanation"),
        "feature": Shot(f"{browser}#/{args.feature}", "light", ".example bdi.centre"),
    }


@contextmanager
def chromium() -> Iterator[Any]:
    """Raises ValueError where there is none, or no Playwright to drive it."""
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        raise ValueError("playwright: not installed; pip install '.[browser]'") from None
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        raise ValueError(f"{', '.join(BROWSERS)}: none on PATH; install Chromium")
    with sync_playwright() as runner:
        found = runner.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield found
        found.close()


def take(browser: Any, shot: Shot) -> Image.Image:  # noqa: ANN401
    page = browser.new_page(viewport=SIZE, color_scheme=shot.scheme)
    page.goto(shot.address)
    page.wait_for_selector(shot.ready)
    page.wait_for_timeout(500)  # rows of a table arrive in shards
    picture = Image.open(io.BytesIO(page.screenshot()))
    page.close()
    return picture.convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    wanted = shots(args)
    with chromium() as browser:
        for name, shot in wanted.items():
            with replacing(args.output / f"{name}.png") as tmp:
                take(browser, shot).save(tmp, format="PNG", optimize=True)


if __name__ == "__main__":
    main()
