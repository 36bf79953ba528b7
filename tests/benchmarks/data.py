"""The activations and untrained weights of a benchmark, kept in its folder under a name that follows from the store."""

import argparse
import sys
from hashlib import sha256
from pathlib import Path

from trainers import HERE, run_script

HELDOUT = 20_000  # vectors


def prepared(args: argparse.Namespace) -> Path:
    """The folder that `prepare.py` has filled."""
    record = args.acts.with_suffix(".json")
    if not record.exists():
        raise ValueError(f"--acts {args.acts}: no activation store there; run the workflow first, or name another")
    folder = args.folder / f"data-{sha256(record.read_bytes()).hexdigest()[:12]}-{args.rows}"
    given = {"--acts": args.acts, "--rows": args.rows, "--heldout": HELDOUT, "--folder": folder}
    flags = [str(part) for pair in given.items() for part in pair]
    run_script(sys.executable, HERE / "prepare.py", [*flags, "--width", *map(str, args.width)], args.threads)
    return folder
