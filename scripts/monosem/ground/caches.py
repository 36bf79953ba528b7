"""Folders that libraries keep compiled code in, where the usual ones cannot be written to."""

import atexit
import errno
import os
import shutil
import sys
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile, gettempdir, mkdtemp


def find_room_for_torch() -> None:
    """Torch stops at the first optimizer if it cannot make a folder for its compiler."""
    find_room("TORCHINDUCTOR_CACHE_DIR", "torchinductor")


def find_room_for_numba(package: str) -> None:
    """The import of what numba compiles fails where nothing can be kept; usually it is in the package itself."""
    found = find_spec(package)
    if found is None or found.origin is None or not os.access(Path(found.origin).parent, os.W_OK):
        find_room("NUMBA_CACHE_DIR", "numba")


def find_room(variable: str, name: str) -> None:
    """Sets an environment variable that names a folder, if it is not set to one that can be written to.

    It has the user's number, not what the environment calls the user, who may be another. Where that is taken by
    somebody else, who could put code there, or cannot be made, the folder is one that ends with the process.
    """
    usual = os.environ.get(variable) or f"{gettempdir()}/{name}_{os.getuid()}"
    try:
        Path(usual).mkdir(parents=True, exist_ok=True)
        if variable not in os.environ and Path(usual).stat().st_uid != os.getuid():
            raise PermissionError(errno.EACCES, "it is another user's", usual)
        with TemporaryFile(dir=usual):
            os.environ[variable] = usual
    except OSError as error:
        folder = os.environ[variable] = mkdtemp(prefix=f"{name}_")
        atexit.register(shutil.rmtree, folder, ignore_errors=True)
        print(f"compiler files go to {folder}, not to {usual}: {error}", file=sys.stderr, flush=True)
