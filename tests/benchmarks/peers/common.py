"""What every timed trainer shares: the job it is given, the batches that hold the clock, and the form of its weights.

Runs in the environment of each package that is compared, so it needs nothing but numpy and torch.
Shape suffixes: T rows of the file, B vectors of a batch, N neurons, F features.
"""

import json
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

NAMES = ("W_enc_FN", "b_enc_F", "W_dec_FN", "b_dec_N")
Weights = tuple[Tensor, Tensor, Tensor, Tensor]
ENDLESS = 10**9  # steps or vectors for a schedule that is to stay constant; the batches end the training


@dataclass(frozen=True)
class Job:
    """`warmup` steps are not timed; then at least `steps` steps and `seconds` seconds are. `l1` is per vector, against
    the squared error summed over neurons. Weights are saved after each of the `snapshots` (timed steps) and at the end.
    """

    acts: str
    start: str
    output: str
    precision: str
    arch: str
    l1: float
    k: int
    lr: float
    batch: int
    threads: int
    warmup: int
    steps: int
    seconds: float
    snapshots: list[int]


def read_job() -> Job:
    """The job named on the command line; this process computes on as many threads as it says."""
    job = Job(**json.loads(Path(sys.argv[1]).read_text()))
    torch.set_num_threads(job.threads)
    return job


def start_weights(job: Job) -> Weights:
    with np.load(job.start) as file:
        W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = (torch.from_numpy(file[name]) for name in NAMES)
    return W_enc_FN, b_enc_F, W_dec_FN, b_dec_N


class Batches:
    """Endless passes over the rows, until the job's time is up.

    The clock runs from handing out a batch to being asked for the next: that is one whole step of any trainer that
    takes its data from an iterator. Reading a batch and saving weights are outside of it. Rows are read, not mapped,
    because mapped pages would count as the trainer's memory.
    """

    def __init__(self, job: Job, weights: Callable[[], Weights], shift_N: Tensor | None = None) -> None:
        self.job, self.weights, self.shift_N = job, weights, shift_N
        header = np.load(job.acts, mmap_mode="r")
        self.shape, self.offset = (job.batch, header.shape[1]), header.offset
        self.n_batches = len(header) // job.batch
        self.served, self.seconds, self.started = 0, 0.0, 0.0
        self.cpu_seconds, self.cpu_started = 0.0, 0.0
        self.curve: list[tuple[int, float]] = []
        self.memory_at_start = peak_mib()

    @property
    def steps(self) -> int:
        """Timed steps that are over."""
        return self.served - self.job.warmup

    def __iter__(self) -> Iterator[Tensor]:
        return self

    def __next__(self) -> Tensor:
        if self.steps > 0:
            self.seconds += time.perf_counter() - self.started
            self.cpu_seconds += time.process_time() - self.cpu_started
        over = self.steps >= self.job.steps and self.seconds >= self.job.seconds
        if over or (self.steps in self.job.snapshots and self.steps > 0):
            self.save()
        if over:
            raise StopIteration
        x_BN = self.read(self.served % self.n_batches)
        self.served += 1
        self.started, self.cpu_started = time.perf_counter(), time.process_time()
        return x_BN

    def read(self, number: int) -> Tensor:
        size = self.shape[0] * self.shape[1]
        rows_T = np.fromfile(self.job.acts, np.float32, size, offset=self.offset + number * size * 4)
        x_BN = torch.from_numpy(rows_T.reshape(self.shape))
        return x_BN if self.shift_N is None else x_BN - self.shift_N

    def save(self) -> None:
        arrays = {name: tensor.detach().numpy() for name, tensor in zip(NAMES, self.weights(), strict=True)}
        np.savez(f"{self.job.output}-{self.steps}.npz", **arrays)
        self.curve.append((self.steps, self.seconds))

    def report(self) -> None:
        """The last line of the trainer's output."""
        figures = {"steps": self.steps, "seconds": self.seconds, "cores": self.cpu_seconds / self.seconds}
        memory = {"start_mib": self.memory_at_start, "peak_mib": peak_mib()}
        print(json.dumps({**figures, **memory, "curve": self.curve}))


def peak_mib() -> float:
    """Not from getrusage: its figure starts from the memory of the process that started this one."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024
