"""What another user of the machine meets, in a process forked for it."""

import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest

NOBODY = 65534


def as_nobody(work: Callable[[], object], umask: int = 0o022) -> str:
    """What the work of a user without rights returns, as text, or how it fails."""
    if os.getuid():
        pytest.skip("only root can become another user; run the tests as root for this one")
    reader, writer = os.pipe()
    if child := os.fork():
        os.close(writer)
        with open(reader) as said:  # noqa: PTH123
            text = said.read()
        os.waitpid(child, 0)
        return text
    try:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
        os.umask(umask)
        said = str(work())
    except BaseException:  # or the child would go on with the tests
        said = traceback.format_exc()
    os.write(writer, said.encode())
    os._exit(0)


def open_to_all(folder: Path) -> Path:
    """As a temporary folder is, with its parents."""
    for parent in folder.parents[:3]:
        parent.chmod(0o755)
    folder.chmod(0o1777)
    return folder
