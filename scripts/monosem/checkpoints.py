"""Checkpoints of long work: what a killed job leaves behind and its successor goes on from.

A checkpoint lies beside the output but is not declared to Snakemake, which deletes the declared outputs of a failed
job. It carries a key over flags, inputs and code; one with another key is ignored, with a message. A lease keeps two
jobs off the same output.
"""

import argparse
import fcntl
import hashlib
import json
import os
import pickle
import signal
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

import torch

from monosem.artefacts import code_digest, digest, holds_paths, replacing


def run_key(args: argparse.Namespace, inputs: Iterable[Path]) -> str:
    """16 hex digits over everything that decides a run's result: flags (paths aside), input contents, code."""
    flags = {name: value for name, value in vars(args).items() if not holds_paths(value) and name != "checkpoint_s"}
    parts = [flags, [digest(path) for path in inputs], code_digest(), torch.__version__]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class Checkpoint:
    """Use as a context manager around the work; `due()` asks each step, `save` keeps, leaving without error removes.

    On SIGTERM (a scheduler's time limit or `scancel`) the next `due()` is true and the `save` that follows exits with
    status 143. Raises ValueError when another live process works on the same output.
    """

    def __init__(self, output: Path, key: str, *, every_s: float) -> None:
        self.path = output.with_name(f".{output.name}.checkpoint")
        self.lease = output.with_name(f".{output.name}.lease")
        self.key, self.every_s = key, every_s
        self.saved_at, self.terminated = time.monotonic(), False

    def __enter__(self) -> Self:
        self.lease.parent.mkdir(parents=True, exist_ok=True)
        self.lease_file = self.lease.open("a+")
        try:
            fcntl.flock(self.lease_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self.lease_file.seek(0)
            holder = self.lease_file.read().strip()
            self.lease_file.close()
            raise ValueError(f"{self.lease}: {holder} is at work on the same output; wait for it or end it") from None
        self.lease_file.truncate(0)
        self.lease_file.write(f"process {os.getpid()} of {os.uname().nodename}")
        self.lease_file.flush()
        self.previous_handler = signal.signal(signal.SIGTERM, self.note_termination)
        return self

    def note_termination(self, number: int, frame: FrameType | None) -> None:
        self.terminated = True

    def load(self) -> dict[str, Any] | None:
        """The state to go on from, or None to start afresh."""
        if not self.path.exists():
            return None
        try:
            kept = torch.load(self.path, map_location="cpu", weights_only=True)
        except (RuntimeError, EOFError, pickle.UnpicklingError, OSError, KeyError, IndexError) as error:
            reason = (str(error) or type(error).__name__).splitlines()[0]
            say(f"ignoring checkpoint {self.path}: unreadable ({reason})")
            return None
        if not isinstance(kept, dict) or kept.get("key") != self.key:
            say(f"ignoring checkpoint {self.path}: made with other flags, inputs or code")
            return None
        say(f"resuming from {self.path}")
        return kept["state"]

    def due(self) -> bool:
        return self.terminated or time.monotonic() - self.saved_at >= self.every_s

    def save(self, state: dict[str, Any]) -> None:
        with replacing(self.path) as tmp:
            torch.save({"key": self.key, "state": state}, tmp)
        self.saved_at = time.monotonic()
        if self.terminated:
            say(f"terminated; run the same command again to go on from {self.path}")
            raise SystemExit(128 + signal.SIGTERM)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.signal(signal.SIGTERM, self.previous_handler)
        if kind is None:
            self.path.unlink(missing_ok=True)
            self.lease.unlink(missing_ok=True)
        self.lease_file.close()


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
