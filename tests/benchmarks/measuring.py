"""Runs a trainer on a job, and measures what it reached and what its steps cost.

Shape suffixes: B vectors, N neurons, F features.
"""

import json
import statistics
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from trainers import OWN, Trainer, python_of, run_script

EVALUATION_ROWS = 2048  # at a time
PRODUCTS = 7  # the encoder product is timed as often, and the median taken
STEADY_L0 = 32.0
STEADY_BATCH, STEADY_STEPS, STEADY_ROUNDS = 2048, 200, 20


@dataclass(frozen=True)
class Settings:
    """What all runs share."""

    data: Path
    environments: Path
    l1: float
    k: int
    lr: float
    batch: int
    threads: int
    seconds: float
    warmup: int = 2
    steps: int = 3
    snapshots: tuple[int, ...] = ()


def run(trainer: Trainer, start: Path, output: Path, settings: Settings) -> dict[str, Any]:
    """What the trainer reports; weights are at `weights_path(output, steps)`."""
    job = {
        **{name: getattr(settings, name) for name in ("l1", "k", "lr", "batch", "threads", "warmup", "steps")},
        "seconds": settings.seconds,
        "snapshots": settings.snapshots,
        "acts": str(settings.data / "train.npy"),
        "start": str(start),
        "output": str(output),
        "precision": trainer.precision,
        "arch": trainer.architecture,
    }
    path = output.with_suffix(".json")
    path.write_text(json.dumps(job))
    python = python_of(trainer.name, settings.environments)
    return json.loads(run_script(python, trainer.script, [str(path)], settings.threads).splitlines()[-1])


def weights_path(output: Path, steps: int) -> Path:
    return Path(f"{output}-{steps}.npz")


def score(weights: Path, architecture: str, settings: Settings) -> dict[str, float]:
    """Held-out loss, L0 and explained variance; the loss of top-k codes has no penalty."""
    with np.load(weights) as file:
        W_enc_FN, b_enc_F, W_dec_FN, b_dec_N = (
            torch.from_numpy(file[name]) for name in ("W_enc_FN", "b_enc_F", "W_dec_FN", "b_dec_N")
        )
    x_all_BN = torch.from_numpy(np.load(settings.data / "heldout.npy"))
    error, penalty, active = 0.0, 0.0, 0
    for x_BN in x_all_BN.split(EVALUATION_ROWS):
        codes_BF = torch.relu((x_BN - b_dec_N) @ W_enc_FN.T + b_enc_F)
        if architecture == "topk":
            codes_BF = largest(codes_BF, settings.k)
        else:
            penalty += settings.l1 * codes_BF.sum().item()
        error += (codes_BF @ W_dec_FN + b_dec_N - x_BN).square().sum().item()
        active += int(codes_BF.count_nonzero())
    variance = (x_all_BN - x_all_BN.mean(dim=0)).square().sum().item()
    n_rows = len(x_all_BN)
    return {"loss": (error + penalty) / n_rows, "l0": active / n_rows, "explained_variance": 1 - error / variance}


def largest(codes_BF: Tensor, k: int) -> Tensor:
    kept = codes_BF.topk(k, dim=1)
    return torch.zeros_like(codes_BF).scatter_(1, kept.indices, kept.values)


def encoder_product(settings: Settings, width: int) -> float:
    """Seconds that one batch takes through a float32 encoder, on torch's present number of threads."""
    x_BN = torch.from_numpy(np.load(settings.data / "train.npy", mmap_mode="r")[: settings.batch].copy())
    W_NF, out_BF = torch.randn(x_BN.shape[1], width), torch.empty(len(x_BN), width)
    seconds = []
    for _ in range(PRODUCTS):
        started = time.perf_counter()
        torch.mm(x_BN, W_NF, out=out_BF)
        seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)


def steady_start(width: int, settings: Settings) -> Path:
    """Weights trained, by our own trainer, until codes are as sparse as they are in most of a training."""
    path = settings.data / f"steady-{width}-{settings.l1}-{settings.lr}.npz"
    if path.exists():
        return path
    start, output = settings.data / f"untrained-{width}.npz", settings.data / f"steady-{width}-part"
    told = replace(settings, batch=STEADY_BATCH, seconds=0.0, warmup=0, steps=STEADY_STEPS)
    for _ in range(STEADY_ROUNDS):
        run(Trainer(OWN, "bfloat16"), start, output, told)
        start = weights_path(output, STEADY_STEPS)
        if score(start, "relu", settings)["l0"] <= STEADY_L0:
            return start.rename(path)
    raise ValueError(f"--l1 {settings.l1}: codes stay denser than {STEADY_L0:.0f} at width {width}; raise it")
