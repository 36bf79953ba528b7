"""Work in progress beside what it is to become: removed in the end, after a kill too; a full disk is named."""

import errno
import glob
import os
import platform
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors import SafetensorError

from monosem.ground.locks import lock

LEASE = ".lease"


@contextmanager
def scratch(path: Path) -> Iterator[Path]:
    """Yields a path for work in progress, and removes what is there in the end, on SIGTERM too.

    It is in a folder of its own beside `path`, because libraries write files of their own next to it. What a killed
    process, of this machine or another, left behind for the same path is removed too. Whatever a library raises when
    the disk is full becomes an OSError that names `path`.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for stale in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        if is_abandoned(stale, path.name):
            with suppress(FileNotFoundError, PermissionError):  # another process does the same; another user's stays
                remove(stale)
    folder = path.with_name(f".{path.name}.{platform.node()}-{os.getpid()}.tmp")
    with naming_a_full_disk(path), unwound_by_sigterm():
        try:
            folder.mkdir()
            with leased(folder):
                yield folder / path.name
        finally:
            remove(folder)


@contextmanager
def naming_a_full_disk(path: Path) -> Iterator[None]:
    """Whatever a library raises when there is no room for `path` becomes an OSError that says so."""
    try:
        yield
    except (OSError, RuntimeError, SafetensorError) as error:
        free = shutil.disk_usage(path.parent).free
        if not is_for_want_of_room(error, free):
            raise
        told = f"{path}: disk full, the {free / 2**20:.1f} MiB free there are too few; make room and run the same again"
        raise OSError(errno.ENOSPC, told) from error


def is_for_want_of_room(error: Exception, free: int) -> bool:
    """Some libraries say so by number, some by text, and torch and numpy not at all."""
    if getattr(error, "errno", None) in (errno.ENOSPC, errno.EDQUOT) or os.strerror(errno.ENOSPC) in str(error):
        return True
    return free < 1 << 20


@contextmanager
def unwound_by_sigterm() -> Iterator[None]:
    """SIGTERM, where nobody handles it, ends the process as an exception does: what is begun is cleaned up."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


@contextmanager
def leased(folder: Path) -> Iterator[None]:
    """A file in the folder that is locked for as long as this process works on it, and is there only locked."""
    with (folder / f"{LEASE}.new").open("w") as file:
        if lock(file):
            (folder / f"{LEASE}.new").rename(folder / LEASE)
        yield


def is_abandoned(folder: Path, name: str) -> bool:
    """Whether who made it for the path `name` has ended: by its lock, or, where there are none, by its number here.

    What cannot be known is left alone.
    """
    try:
        with (folder / LEASE).open("r+") as file:
            locked = lock(file)
    except FileNotFoundError:
        locked = None
    except PermissionError:  # another user's
        return False
    if locked is not None:
        return locked
    owner = re.fullmatch(rf"\.{re.escape(name)}\.{re.escape(platform.node())}-(\d+)\.tmp", folder.name)
    return owner is not None and (int(owner[1]) == os.getpid() or not is_running(int(owner[1])))


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
