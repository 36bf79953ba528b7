"""The local files that `corpus: source` names: found by one function, for what reads them, what they rerun and cost.

Standard library only, because every job parses the Snakefile again.
"""

import glob
import os
import re
import unicodedata
from collections.abc import Iterator
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

PACKAGES, STREAM = "packages", "hf:"
TEXT, LINES = ".txt", (".jsonl", ".jsonl.zst")
UNPRINTABLE = {"Cc", "Cs", "Zl", "Zp"}  # Unicode's control characters, line ends, and bytes that are not UTF-8
WILDCARD = re.compile(r"\{\s*\w+[^{}]*\}")  # of Snakemake, which has no way to escape one in the name of a file


def is_local(source: str) -> bool:
    return source != PACKAGES and not source.startswith(STREAM)


@cache
def local_files(*sources: str) -> dict[str, list[Path]]:
    """The files of each local source, sorted. A file that two paths or two sources name is read once, as of the first.

    A path that exists is meant literally. Any other is a pattern as in a shell: a leading dot has to be matched by a
    dot, folders that match are passed over, and ** is any depth of folders, those that links lead to as well.
    Raises ValueError for a source without files, and for whatever cannot be read, instead of leaving it out.
    """
    found, taken = {}, set()
    for source in filter(is_local, dict.fromkeys(sources)):
        own: dict[str, Path] = {}
        for file in sorted(files_of(source), key=lambda file: (file.is_symlink(), file)):
            own.setdefault(os.path.realpath(file), file)
        found[source] = sorted(file for real, file in own.items() if real not in taken)
        taken |= own.keys()
    return found


def files_of(source: str) -> list[Path]:
    check_name(source, source)
    if source.startswith("-"):
        raise ValueError(f"source {source}: begins like a flag; write ./{source}")
    path = Path(source)
    try:
        if path.is_dir():
            raise ValueError(f"source {source}: a folder; say which of its files, such as {path / '**' / '*.txt'}")
        files = [path] if os.path.lexists(path) else [file for file in matched(path) if not file.is_dir()]
        for file in files:
            check_name(source, str(file))
            check_file(source, file)
    except OSError as error:
        raise ValueError(
            f"source {source}: {shown(str(error.filename))} cannot be looked into ({error.strerror}); ask for access, "
            "or narrow the glob"
        ) from None
    if not files:
        raise ValueError(f"source {source}: no such file; give `packages`, hf:DATASET, or a path or quoted glob")
    return files


def matched(pattern: Path) -> list[Path]:
    """Paths that match, of files and folders; a part that exists as it is written is no pattern."""
    parts = list(pattern.relative_to(pattern.anchor).parts)
    if parts and parts[-1] == "**":
        parts.append("*")
    found = [Path(pattern.anchor)]
    for part in parts:
        if part == "**":
            found = list(dict.fromkeys(folder for start in found for folder in folders_below(start)))
        else:
            found = [path for folder in found for path in paths_in(folder, part)]
    return found


def paths_in(folder: Path, pattern: str) -> list[Path]:
    if os.path.lexists(folder / pattern):
        return [folder / pattern]
    if not glob.has_magic(pattern) or not folder.is_dir():
        return []
    names = (path.name for path in folder.iterdir())
    return [folder / name for name in names if fnmatchcase(name, pattern) and (name[0] != "." or pattern[0] == ".")]


def folders_below(start: Path) -> Iterator[Path]:
    """The folder and all below it but hidden ones, each once: by a link only where no path without one leads there."""
    seen, waiting = set(), [start]
    while waiting:
        for folder, names, _ in os.walk(waiting.pop(0), onerror=stop):
            if os.path.realpath(folder) in seen:
                names.clear()
                continue
            seen.add(os.path.realpath(folder))
            yield Path(folder)
            names[:] = sorted(name for name in names if name[0] != ".")
            waiting += [path for name in names if (path := Path(folder, name)).is_symlink()]


def stop(error: OSError) -> None:
    raise error


def check_name(source: str, name: str) -> None:
    """Paths go into records, messages and Snakemake's memory, which not every name survives."""
    if any(unicodedata.category(letter) in UNPRINTABLE for letter in name):
        raise ValueError(
            f"source {shown(source)}: {shown(name)} has bytes that are not UTF-8, or line ends or other control "
            "characters; rename it"
        )
    if WILDCARD.search(name):
        raise ValueError(f"source {source}: {name} has a word in braces, a wildcard to Snakemake; rename it")


def check_file(source: str, file: Path) -> None:
    if file.is_symlink() and not file.exists():
        aim = shown(str(file.readlink()))
        raise ValueError(f"source {source}: {file} is a link to {aim}, and nothing is there; mend or remove it")
    if not file.is_file():
        raise ValueError(f"source {source}: {file} is no regular file; write what it gives to one")
    if not os.access(file, os.R_OK):
        raise ValueError(f"source {source}: {file} may not be read by this user; ask for access, or narrow the glob")
    if not file.name.endswith((TEXT, *LINES)):
        raise ValueError(f"source {file}: expected a .txt, .jsonl or .jsonl.zst file; convert it or narrow the glob")


def shown(name: str) -> str:
    """A name in one line of printable text: other characters, and bytes that are not UTF-8, as Python escapes them."""
    return "".join(escaped(letter) if unicodedata.category(letter) in UNPRINTABLE else letter for letter in name)


def escaped(letter: str) -> str:
    is_byte = 0xDC80 <= ord(letter) <= 0xDCFF  # as Python reads names of files
    return f"\\x{ord(letter) - 0xDC00:02x}" if is_byte else letter.encode("unicode_escape").decode()
