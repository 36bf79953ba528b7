"""A project that has nothing but the pages with tables."""

from pathlib import Path

from monosem.readme.pages import PAGES


def write(folder: Path, texts: dict[str, str]) -> Path:
    """Each page with its text, or empty. Returns the first that has one."""
    for page in PAGES:
        (folder / page).parent.mkdir(parents=True, exist_ok=True)
        (folder / page).write_text(texts.get(page, ""))
    return folder / next(iter(texts))
