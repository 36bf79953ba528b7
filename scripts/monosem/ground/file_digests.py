"""Digests of files that may be large, remembered while the file system says that nothing has touched them.

Each planning asks for those of the user's own files, and 100 GB of text take minutes to read. Standard library only,
because every job parses the Snakefile again.
"""

import hashlib
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from monosem.ground.memory import keep, recalled

MANY = 1000  # files, over which one digest stands for all of theirs
SLOW_BYTES = 1_000_000_000  # from which on a line says what takes so long
RACY_S = 2  # a file changed so lately may change once more without a sign: its times are no finer on some file systems


def digests(paths: Iterable[str], memory: Path) -> dict[str, str]:
    """16 hex digits of the SHA-256 of each file; of more than `MANY`, of all of them together.

    `memory` is a file of this machine's; it is read and written where that is possible.
    """
    known = recalled(memory)
    found = {path: digest(path, known) for path in paths}
    keep(memory, {path: known[path] for path in found if path in known})
    if len(found) <= MANY:
        return found
    return {f"{len(found)} files": hashlib.sha256(json.dumps(found, sort_keys=True).encode()).hexdigest()[:16]}


def digest(path: str, known: dict[str, list]) -> str:
    """What is known of the file as it stands, or found anew and noted in `known`."""
    before = stamp(path)
    if known.get(path, [])[:-1] == before:
        return known[path][-1]
    if before[0] > SLOW_BYTES:
        print(f"{path}: {before[0] / 1e9:.1f} GB are read, to see whether it has changed", file=sys.stderr)
    with Path(path).open("rb") as file:
        found = hashlib.file_digest(file, "sha256").hexdigest()[:16]
    known.pop(path, None)
    if stamp(path) == before and time.time() - max(before[1:3]) / 1e9 > RACY_S:
        known[path] = [*before, found]
    return found


def stamp(path: str) -> list[int]:
    """Size, times and place. A time of modification can be set back, the time of the last change of any kind cannot."""
    status = Path(path).stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]
