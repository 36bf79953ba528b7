"""What Snakemake knows of each file (flags, code, digests of inputs) lies in results/, so that a copy of results/ has it.

Without that only times are left to tell what is out of date, and a copy's are new. Snakemake looks in its own hidden
folder, where a link stands instead.
"""

import json
import os
import shutil
from contextlib import suppress
from pathlib import Path

KNOWN, HISTORY = Path(".snakemake/metadata"), Path("results/history")


def keep_history():
    """Put the link there, and what was known before behind it; where links cannot be, all stays as it was."""
    with suppress(OSError):
        HISTORY.mkdir(parents=True, exist_ok=True)
        if KNOWN.is_symlink():
            return
        KNOWN.with_name("incomplete").mkdir(parents=True, exist_ok=True)  # else Snakemake takes it for an old version's
        link = KNOWN.with_name("metadata.link")
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(HISTORY.absolute(), KNOWN.parent.resolve()))
        for file in (path for path in KNOWN.rglob("*") if path.is_file()):
            kept = HISTORY / file.relative_to(KNOWN)
            if started_at(kept) < started_at(file):  # results/ may have come with a history, or have been made since
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, kept)
        shutil.rmtree(KNOWN, ignore_errors=True)
        link.replace(KNOWN)


def started_at(file):
    """When the job began that a file of Snakemake's tells of, in seconds; -1 where there is none."""
    try:
        return json.loads(file.read_text())["starttime"] or 0
    except (OSError, ValueError, LookupError, TypeError):
        return -1


# Here of a copy or where results/ were deleted, also before a dry run; else when the first job starts. Without the
# folder that a link leads to, Snakemake stops.
if workflow.is_main_process and (KNOWN.is_symlink() or HISTORY.is_dir() and not IMPORTED):
    keep_history()
