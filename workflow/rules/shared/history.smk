"""What Snakemake knows of each file (flags, code, digests of inputs) lies in results/, so that a copy of results/ has it.

Without that only times are left to tell what is out of date, and a copy's are new. Snakemake looks in its own hidden
folder, where a link stands instead.
"""

import os
import shutil
from contextlib import suppress
from pathlib import Path

KNOWN, HISTORY = Path(".snakemake/metadata"), Path("results/history")


def keep_history():
    """Put the link there, and what was known before behind it; where links cannot be, all stays as it was."""
    HISTORY.mkdir(parents=True, exist_ok=True)
    if KNOWN.is_symlink():
        return
    KNOWN.with_name("incomplete").mkdir(parents=True, exist_ok=True)  # else Snakemake takes it for an old version's
    link = KNOWN.with_name("metadata.link")
    with suppress(OSError):
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(HISTORY, KNOWN.parent))
        for file in (path for path in KNOWN.rglob("*") if path.is_file()):
            kept = HISTORY / file.relative_to(KNOWN)
            if not kept.exists():  # what came with results/ is theirs
                kept.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(file, kept)
        shutil.rmtree(KNOWN, ignore_errors=True)
        link.replace(KNOWN)


# Here of a copy or where results/ were deleted, also before a dry run; else when the first job starts.
if not IMPORTED and workflow.is_main_process and (HISTORY.is_dir() or KNOWN.is_symlink()):
    keep_history()
