"""The pictures of README.md, taken of small pages in a real browser; needs Chromium, as the other tests of pages do."""

import browser_site
import pytest
import report_page
import visits
from browser_site import TINY
from PIL import Image
from places import ROOT

import take_screenshots

pytestmark = visits.MARKS
MOST_BYTES = 150_000


def flags(results, site, output, **changes: str) -> list[str]:
    values = {
        "report": results / "report/index.html",
        "figure": "pareto",
        "browser": site / "index.html",
        "feature": f"{TINY}/0",
        "output": output,
    } | changes
    return [str(word) for name, value in values.items() for word in (f"--{name}", value)]


def test_four_small_pictures_are_taken_and_one_of_them_is_dark(tmp_path):
    results = report_page.write_results(tmp_path / "results")
    report_page.build(results)
    (tmp_path / "site").mkdir()
    site = browser_site.build(tmp_path / "site")
    take_screenshots.main(flags(results, site, tmp_path / "pictures"))
    pictures = {path.stem: path for path in (tmp_path / "pictures").iterdir()}
    assert set(pictures) == {"findings", "figures", "features", "feature"}
    corners = {}
    for name, path in pictures.items():
        assert path.stat().st_size <= MOST_BYTES
        with Image.open(path) as picture:
            assert picture.size == (1280, 800)
            corners[name] = sum(picture.convert("RGB").getpixel((1, 1)))
    assert corners["figures"] < 100 and all(light > 700 for name, light in corners.items() if name != "figures")


def test_a_run_without_a_report_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"report/index.html: no such file; run the workflow first"):
        take_screenshots.main(flags(tmp_path, tmp_path, tmp_path / "pictures"))


def test_the_pictures_of_the_readme_are_there_and_small():
    folder = ROOT / "workflow/report/screenshots"
    readme = (ROOT / "README.md").read_text()
    pictures = sorted(folder.glob("*.png"))
    assert pictures and all(f"workflow/report/screenshots/{path.name}" in readme for path in pictures)
    assert all(path.stat().st_size <= MOST_BYTES for path in pictures)
