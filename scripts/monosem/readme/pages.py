"""The pages of the project that hold generated tables, and how a table is set in those that hold its markers."""

from pathlib import Path

from monosem.ground.artefacts import replacing

PAGES = (
    "README.md",
    "config/README.md",
    "workflow/README.md",
    "workflow/report/FINDINGS.md",
    "scripts/monosem/autointerp/README.md",
    "tests/README.md",
    "tests/benchmarks/README.md",
)


def set_tables(project: Path, tables: dict[str, str]) -> None:
    for path, text in changed_pages(project, tables).items():
        with replacing(path) as tmp:
            tmp.write_text(text, encoding="utf-8")


def changed_pages(project: Path, tables: dict[str, str]) -> dict[Path, str]:
    """The pages of which a table is out of date, as they would be. Raises ValueError for a table that no page holds."""
    before = {project / page: (project / page).read_text(encoding="utf-8") for page in PAGES}
    after = dict(before)
    for name, content in tables.items():
        start, end = f"<!-- table:{name} -->", f"<!-- /table:{name} -->"
        holders = [path for path, text in before.items() if start in text]
        if not holders:
            raise ValueError(f"{project}: no page holds {start}; add it and {end} to one of {', '.join(PAGES)}")
        for path in holders:
            after[path] = replaced(after[path], start, content, end, path)
    return {path: text for path, text in after.items() if text != before[path]}


def replaced(text: str, start: str, content: str, end: str, page: Path) -> str:
    above, _, rest = text.partition(start)
    _, found, below = rest.partition(end)
    if not found:
        raise ValueError(f"{page}: {start} without {end} below it; add that line where the table ends")
    return f"{above}{start}\n{content}\n{end}{below}"
