"""Claims on what a machine has few of: each process takes one for itself, and has it until it ends.

A claim is a lock of the operating system on a small file in the temporary folder, so it ends with its process however
that ends, and processes of different runs and users see each other's. A file that its owner keeps from others counts
as taken; where all are, a user's processes keep out of one another's way only.
"""

import atexit
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from monosem.ground.locks import lock

POLL_S = 0.2


def claim(names: Sequence[str], folder: Path | None = None) -> int:
    """Position of a name that no other process holds; waits until there is one."""
    folder = folder or Path(tempfile.gettempdir())
    paths = [folder / f"monosem-{name}.lock" for name in names]
    if not any(map(is_open_to_us, paths)):
        print(f"{paths[0]}: kept closed by another user, whose processes are not seen", file=sys.stderr, flush=True)
        paths = [path.with_suffix(f".{os.getuid()}.lock") for path in paths]
    told = False
    while True:
        for position, path in enumerate(paths):
            if file := locked(path):
                atexit.register(file.close)  # not before: closing a file ends its lock
                return position
        if not told:
            print(f"waiting: {', '.join(names)} all in use by other processes", file=sys.stderr, flush=True)
            told = True
        time.sleep(POLL_S)


def locked(path: Path) -> BinaryIO | None:
    """The open file, locked, or None while another process has its lock, or its owner keeps it closed."""
    if not is_open_to_us(path):
        return None
    file = path.open("rb")
    if lock(file) is False:
        file.close()
        return None
    return file


def is_open_to_us(path: Path) -> bool:
    """Makes the file, if it is not there, for all users to read and so to lock, whatever this one's umask."""
    with suppress(FileExistsError):
        made = os.open(path, os.O_CREAT | os.O_EXCL)
        os.fchmod(made, 0o644)
        os.close(made)
    return os.access(path, os.R_OK)
