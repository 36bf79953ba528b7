"""Which files are served: a dictionary, and around it what a run has beside it; pages, and what they load."""

from pathlib import Path
from typing import NamedTuple

from monosem.pages import theme
from monosem.pages.browser.assets import FOLDER as BROWSER

FOLDER = Path(__file__).with_name("assets")
# Of other pages, so that all look alike.
SHARED = (BROWSER / "style.css", BROWSER / "dom.js", BROWSER / "tokens.js", theme.SCRIPT)
KINDS = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".json": "application/json",
    ".tsv": "text/tab-separated-values; charset=utf-8",
}


class Files(NamedTuple):
    """Paths by the flags of serve_live.py that take them; None for what a run may lack and this one does."""

    dictionary: Path
    lm: Path
    tokenizer: Path
    explanations: Path | None
    llm_explanations: Path | None
    report: Path | None

    @classmethod
    def around(cls, dictionary: Path) -> "Files":
        """Where the workflow puts them, by its results/{model}/{site}/{dictionary}."""
        model = dictionary.absolute().parent.parent
        results = model.parent
        scored = dictionary / "autointerp"
        optional = (scored / "explanations.parquet", scored / "llm/explanations.parquet", results / "report")
        there = [path if path.exists() else None for path in optional]
        return cls(dictionary, model / "lm", results / "tokens/tokenizer.json", *there)


def addresses(report: Path | None) -> dict[str, Path]:
    """Every file that is served, by its address. Addresses are looked up here and never joined to a path, so that
    nothing else can be asked for; of the report it is what was there at the start, links left out."""
    found = {"/": FOLDER / "index.html"}
    found |= {f"/live/{path.name}": path for path in FOLDER.iterdir() if path.suffix in KINDS}
    found |= {f"/app/{path.name}": path for path in SHARED}
    if report is not None:
        inside = [path for path in report.rglob("*") if path.suffix in KINDS and not path.is_symlink()]
        found |= {f"/report/{path.relative_to(report).as_posix()}": path for path in inside if path.is_file()}
    return found
