"""What is dear to find out and is kept in a file of JSON, which may be deleted at any time. Standard library only."""

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any


def recalled(memory: Path) -> dict[str, Any]:
    try:
        known = json.loads(memory.read_text())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def keep(memory: Path, known: Mapping[str, Any]) -> None:
    """Beside what other processes have found meanwhile; whole or not at all, and not at all where none may write."""
    before = recalled(memory)
    if before == (both := {**before, **known}):
        return
    with suppress(OSError):
        memory.parent.mkdir(exist_ok=True)
        unfinished = memory.with_suffix(f".{os.getpid()}.tmp")
        unfinished.write_text(json.dumps(both))
        unfinished.replace(memory)
