"""The one way to write a file: whole or not at all, and with a record of where it came from."""

import argparse
import hashlib
import json
import platform
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

from monosem.ground.finite import read_numbers, write_numbers
from monosem.ground.machine import machine
from monosem.ground.provenance import SCRIPTS, fingerprint
from monosem.ground.scratch import scratch

if TYPE_CHECKING:  # scripts without tables start without it
    import pandas as pd

VERSIONED = ("torch", "numpy", "zarr", "numcodecs", "pandas", "scipy", "tokenizers", "safetensors", "zstandard")
VERSIONED += ("scikit-learn", "umap-learn", "numba")
MANY_INPUTS = 1000  # more have one digest together: a record stays as small as what decides whether jobs rerun must be
VOLATILE = ("written", "machine")  # record fields that may differ between two equal runs


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yields a path to write a file or folder to; renames it onto `path` on success, removes it on error."""
    with scratch(path) as tmp:
        yield tmp
        if tmp.is_file():  # safetensors writes what only its user may read; whoever shares results/ reads all of it
            tmp.chmod(tmp.parent.stat().st_mode & 0o666)
        if path.is_dir() and tmp.exists():
            path.rename(tmp.with_name(f"{tmp.name}.old"))
        tmp.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    """Raises ValueError naming the file when it is missing, is not JSON, or holds a number that is not finite."""
    try:
        return read_numbers(path.read_text(encoding="utf-8"), path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run the rule that writes it") from None
    except json.JSONDecodeError as error:
        raise ValueError(f"{path} line {error.lineno}: not JSON ({error.msg}); delete it and rerun") from None


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def digest(path: Path) -> str:
    """16 hex digits of a file's content; for one of our records, of all but the fields that name time and machine."""
    if path.suffix != ".json":
        return sha256(path)[:16]
    record = read_json(path)
    stable = {key: value for key, value in record.items() if key not in VOLATILE}
    return hashlib.sha256(json.dumps(stable, sort_keys=True).encode()).hexdigest()[:16]


def write_table(path: Path, table: "pd.DataFrame", digits: int | None = 6) -> None:
    """As .parquet; or as .tsv, with so many significant digits, or all for None."""
    with replacing(path) as tmp:
        if path.suffix == ".parquet":
            table.to_parquet(tmp, index=False, compression="zstd")
        else:
            numbers = digits and f"%.{digits}g"
            table.to_csv(tmp, sep="\t", index=False, float_format=numbers, lineterminator="\n")


def write_record(
    path: Path, fields: dict[str, Any], *, args: argparse.Namespace, inputs: Iterable[Path] | None = None
) -> None:
    """Write the JSON record that marks an artefact whole; call it last.

    To `fields` it adds the script, its flags (not the paths it read or wrote), the digests of its inputs (`inputs_of`
    its arguments unless others are given), the digest of its code, library versions, time and machine.
    """
    inputs = inputs_of(args) if inputs is None else inputs
    flags = {key: value for key, value in vars(args).items() if value is not None and not holds_paths(value)}
    record = {
        **fields,
        "script": script_name(),
        "flags": flags,
        "inputs": digests(inputs),
        "code": code_digest(),
        "versions": versions(),
        "written": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }
    dumped = write_numbers(record, path, indent=1, ensure_ascii=False)
    with replacing(path) as tmp:
        tmp.write_text(dumped + "\n", encoding="utf-8")


def digests(files: Iterable[Path]) -> dict[str, str]:
    found = {file.as_posix(): digest(file) for file in files}
    if len(found) <= MANY_INPUTS:
        return found
    return {f"{len(found)} files": hashlib.sha256(json.dumps(found).encode()).hexdigest()[:16]}


def inputs_of(args: argparse.Namespace) -> list[Path]:
    """The files that arguments name, but for outputs; of a store, the record beside it."""
    named = (members(value) for name, value in vars(args).items() if not name.startswith("output"))
    paths = (path for values in named for path in values if isinstance(path, Path))
    files = dict.fromkeys(path.with_suffix(".json") if path.suffix == ".zarr" else path for path in paths)
    return [file for file in files if file.is_file()]


def holds_paths(value: object) -> bool:
    return any(isinstance(member, Path) for member in members(value))


def members(value: object) -> list[object]:
    return value if isinstance(value, list) else [value]


def script_name() -> str:
    """The running script as rules name it, `plot/purity.py`; by its name alone when it is none of the project's."""
    script = Path(sys.argv[0])
    resolved = script.resolve()
    return resolved.relative_to(SCRIPTS).as_posix() if resolved.is_relative_to(SCRIPTS) else script.name


def code_digest() -> str:
    """One digest over the running script and the project modules it reaches; "interactive" when there is none."""
    if not Path(sys.argv[0]).resolve().is_relative_to(SCRIPTS):
        return "interactive"
    joined = json.dumps(fingerprint(script_name()), sort_keys=True)
    return hashlib.sha256(joined.encode()).hexdigest()[:16]


def versions() -> dict[str, str]:
    """Versions of Python and of the installed libraries that can change a result."""
    found = {"python": platform.python_version()}
    for package in VERSIONED:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found
