"""Claims on what a machine has few of: each process takes one for itself, and has it until it ends.

A claim is a lock of the operating system on a small file in the temporary folder, so it ends with its process however
that ends, and processes of different runs and users see each other's.
"""

import atexit
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import BinaryIO

from monosem.ground.locks import lock

POLL_S = 0.2


def claim(names: Sequence[str], folder: Path | None = None) -> int:
    """Position of a name that no other process holds; waits until there is one."""
    folder = folder or Path(tempfile.gettempdir())
    told = False
    while True:
        for position, name in enumerate(names):
            if file := locked(folder / f"monosem-{name}.lock"):
                atexit.register(file.close)  # not before: closing a file ends its lock
                return position
        if not told:
            print(f"waiting: {', '.join(names)} all in use by other processes", file=sys.stderr, flush=True)
            told = True
        time.sleep(POLL_S)


def locked(path: Path) -> BinaryIO | None:
    """The open file, locked, or None while another process has its lock."""
    if not path.exists():
        path.touch()  # what another user has made can be read, and so locked, but not touched
    file = path.open("rb")
    if lock(file) is False:
        file.close()
        return None
    return file
