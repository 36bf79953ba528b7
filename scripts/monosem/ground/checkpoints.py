"""Checkpoints of long work: what a killed job leaves behind and its successor goes on from.

A checkpoint lies beside the output but is not declared to Snakemake, which deletes the declared outputs of a failed
job. It carries a key over flags, inputs and code; one with another key is ignored, with a message. A lease keeps two
jobs off the same output.
"""

import argparse
import hashlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from importlib import metadata
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Self

from monosem.ground.artefacts import code_digest, digest, holds_paths, replacing, sha256
from monosem.ground.locks import lock

SEAL_BYTES = hashlib.sha256().digest_size


def run_key(args: argparse.Namespace, inputs: Iterable[Path]) -> str:
    """16 hex digits over everything that decides a run's result: flags (paths aside), input contents, code."""
    flags = {name: value for name, value in vars(args).items() if not holds_paths(value) and name != "checkpoint_s"}
    parts = [flags, [digest(path) for path in inputs], code_digest(), metadata.version("torch")]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()[:16]


class Stoppable:
    """A context manager around work in steps that a signal ends between two of them; it keeps nothing.

    On SIGTERM (a scheduler's time limit or `scancel`) and SIGINT (Ctrl-C) the next `due()` is true and the `save` that
    follows exits with status 128 + signal: 143, 130. A second SIGINT ends the process at once.
    """

    signalled: signal.Signals | None = None
    stopped_by: signal.Signals | None = None  # set between two steps only

    @property
    def told(self) -> bool:
        """Whether this process was told to stop."""
        return self.signalled is not None

    def __enter__(self) -> Self:
        self.handlers = {number: signal.signal(number, self.stop) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def stop(self, number: int, frame: FrameType | None) -> None:
        if self.signalled == number == signal.SIGINT:
            raise KeyboardInterrupt
        self.signalled = signal.Signals(number)

    def load(self) -> dict[str, Any] | None:
        """The state to go on from, or None to start afresh."""
        return None

    def due(self, told: bool | None = None) -> bool:
        """`told`: whether any of the processes that stop together was told to; None: this one works alone."""
        if self.told if told is None else told:
            self.stopped_by = self.signalled or signal.SIGTERM
        return self.stopped_by is not None

    def save(self, state: dict[str, Any]) -> None:
        """A state says after which `step` it is."""
        if self.stopped_by is not None:
            raise SystemExit(128 + self.stopped_by)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self.handlers.items():
            signal.signal(number, handler)


class Checkpoint(Stoppable):
    """Keeps a state on disk: `due()` asks each step, `save` keeps, leaving without error removes.

    Raises ValueError when another live process works on the same output.
    """

    def __init__(self, output: Path, key: str, *, every_s: float) -> None:
        self.path = output.with_name(f".{output.name}.checkpoint")
        self.lease = output.with_name(f".{output.name}.lease")
        self.key, self.every_s = key, every_s
        self.saved_at = time.monotonic()

    def __enter__(self) -> Self:
        self.lease.parent.mkdir(parents=True, exist_ok=True)
        try:
            self.lease_file = self.lease.open("a+")
        except PermissionError:
            raise ValueError(
                f"{self.lease}: another user's, who works on the same output or has left this; ask for it to be removed"
            ) from None
        if lock(self.lease_file) is False:
            self.lease_file.seek(0)
            holder = self.lease_file.read().strip()
            self.lease_file.close()
            raise ValueError(f"{self.lease}: {holder} is at work on the same output; wait for it or end it")
        self.lease_file.truncate(0)
        self.lease_file.write(f"process {os.getpid()} of {os.uname().nodename}")
        self.lease_file.flush()
        return super().__enter__()

    def load(self) -> dict[str, Any] | None:
        if not self.path.exists():
            return None
        if not is_sealed(self.path):
            say(f"ignoring checkpoint {self.path}: damaged")
            return None
        import torch  # here, because the shortest jobs that could leave a checkpoint need it for nothing else

        kept = torch.load(self.path, map_location="cpu", weights_only=True)
        if kept["key"] != self.key:
            say(f"ignoring checkpoint {self.path}: made with other flags, inputs or code")
            return None
        say(f"resuming from {self.path}, after step {kept['state']['step']}")
        return kept["state"]

    def due(self, told: bool | None = None) -> bool:
        return super().due(told) or time.monotonic() - self.saved_at >= self.every_s

    def save(self, state: dict[str, Any]) -> None:
        import torch

        with replacing(self.path) as tmp:
            torch.save({"key": self.key, "state": state}, tmp)
            seal(tmp)
        self.saved_at = time.monotonic()
        if self.stopped_by is not None:
            say(f"stopped by {self.stopped_by.name} after step {state['step']}; run the same command again to go on")
        super().save(state)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        if kind is None:
            self.path.unlink(missing_ok=True)
            self.lease.unlink(missing_ok=True)
        self.lease_file.close()


def seal(path: Path) -> None:
    """Append the SHA-256 of the file, because torch notices a cut file but not a changed byte."""
    digest = bytes.fromhex(sha256(path))
    with path.open("ab") as file:
        file.write(digest)


def is_sealed(path: Path) -> bool:
    """Whether the file is as it was when it was sealed."""
    left, seen = path.stat().st_size - SEAL_BYTES, hashlib.sha256()
    with path.open("rb") as file:
        while left > 0:
            block = file.read(min(left, 1 << 20))
            seen.update(block)
            left -= len(block)
        return file.read() == seen.digest()


def say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)
