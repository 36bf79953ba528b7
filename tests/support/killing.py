"""Real scripts in processes of their own, to be stopped on the way."""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import waiting
from forking import Forks
from places import SCRIPTS

from monosem.ground.artefacts import digest

IMPORTS = ("build_corpus", "collect_acts", "evaluate_dictionary", "sample_examples", "score_features", "store_acts")
IMPORTS += ("train_lm", "train_sae", "torch._dynamo")  # the last one an optimizer imports when it is made


@dataclass(frozen=True)
class Job:
    """A script, its flags for an output folder, and what it declares to write there, its record last.

    What leaves checkpoints does so beside the output that it is `kept_by`, and has so many `steps`.
    `constants` are set before it runs, such as a smaller chunk: {"monosem.acts.store.CHUNK_BYTES": 256}.
    """

    script: str
    argv: Callable[[Path], list[str]]
    outputs: tuple[str, ...]
    kept_by: str = ""
    steps: int = 0
    constants: dict[str, int] = field(default_factory=dict)

    @property
    def checkpoint(self) -> str:
        return f".{self.kept_by}.checkpoint"


@dataclass(frozen=True)
class Running:
    pid: int
    forks: Forks
    log: Path

    def alive(self) -> bool:
        with suppress(ProcessLookupError):
            os.kill(self.pid, 0)
            return True
        return False

    def send(self, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def stop(self, number: signal.Signals) -> int:
        self.send(number)
        return self.wait()

    def wait(self) -> int:
        """The exit status; that of a killed process is minus the signal."""
        return self.forks.wait()

    @property
    def printed(self) -> str:
        return self.log.read_text()


class Starter:
    """Starts jobs, one after the other."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.forks = Forks(IMPORTS, path=SCRIPTS)

    def start(self, job: Job, folder: Path) -> Running:
        self.log.write_text("")  # so that nobody reads what the job before has printed
        argv = [str(SCRIPTS / job.script), *job.argv(folder)]
        return Running(self.forks.start(argv, self.log, constants=job.constants), self.forks, self.log)

    def run(self, job: Job, folder: Path) -> str:
        """To its end, which must be a success; returns what it printed."""
        running = self.start(job, folder)
        assert running.wait() == 0, running.printed
        return running.printed

    def close(self) -> None:
        self.forks.server.communicate(timeout=waiting.PATIENCE_S)


def wait_until(happened: Callable[[], bool], alive: Callable[[], bool]) -> bool:
    """Looks often enough to be there while a small file is written."""
    return waiting.wait_until(happened, alive, poll_s=0.0002)


def stamp(path: Path) -> tuple[int, int] | None:
    """Changes when a file is replaced."""
    with suppress(FileNotFoundError):
        status = path.stat()
        return status.st_ino, status.st_mtime_ns
    return None


def replaced(path: Path, times: int = 1) -> Callable[[], bool]:
    """Tells whether the file has been written so often since now."""
    seen = [stamp(path)]

    def happened() -> bool:
        now = stamp(path)
        if now not in (seen[-1], None):
            seen.append(now)
        return len(seen) > times

    return happened


def contents(folder: Path) -> dict[str, str]:
    """A digest of each file; that of a record is of all but when and where it was written."""
    files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    return {path.relative_to(folder).as_posix(): digest(path) for path in files}
