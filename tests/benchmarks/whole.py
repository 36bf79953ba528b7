"""Whole trainings from untrained weights: how long each trainer takes to the same held-out loss."""

import itertools
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
from measuring import Settings, run, score, weights_path
from trainers import OURS, Trainer

POINTS = 12  # of a curve


Curve = list[tuple[float, float]]  # (seconds, held-out loss)


def compare_trainings(peers: list[Trainer], width: int, vectors: int, settings: Settings) -> list[dict[str, Any]]:
    """Each of ours against each peer, at the worse of the two's final losses. Peers train in their narrowest type."""
    narrowest = {peer.name: peer for peer in sorted(peers, key=lambda peer: peer.precision, reverse=True)}
    own = [trainer for trainer in OURS if trainer.architecture == "relu"]
    others = [peer for peer in narrowest.values() if peer.architecture == "relu"]
    steps = vectors // settings.batch
    if steps < POINTS:
        raise ValueError(f"--whole-vectors {vectors}: at least {POINTS * settings.batch} expected at this --batch")
    points = tuple(round(steps * point / POINTS) for point in range(1, POINTS + 1))
    told = replace(settings, warmup=0, seconds=0.0, steps=steps, snapshots=points)
    curves = {trainer: training_curve(trainer, width, told) for trainer in [*own, *others]}
    pairs = itertools.product(own, others)
    return [{"width": width, **compared(ours, peer, curves[ours], curves[peer])} for ours, peer in pairs]


def training_curve(trainer: Trainer, width: int, settings: Settings) -> Curve:
    """The clock stands still while weights are saved."""
    with TemporaryDirectory() as folder:
        output = Path(folder) / trainer.name
        report = run(trainer, settings.data / f"untrained-{width}.npz", output, settings)
        return [
            (seconds, score(weights_path(output, steps), trainer.architecture, settings)["loss"])
            for steps, seconds in report["curve"]
        ]


def seconds_to(loss: float, curve: Curve) -> float:
    """When the curve first is at `loss`, straight lines between its points assumed."""
    second_P, loss_P = np.array(curve).T
    first = int(np.argmax(loss_P <= loss))
    if first == 0:
        return float(second_P[0])
    return float(np.interp(-loss, -loss_P[first - 1 : first + 1], second_P[first - 1 : first + 1]))


def compared(ours: Trainer, peer: Trainer, curve: Curve, peer_curve: Curve) -> dict[str, Any]:
    loss = max(curve[-1][1], peer_curve[-1][1])
    seconds, peer_seconds = seconds_to(loss, curve), seconds_to(loss, peer_curve)
    return {
        "trainer": ours.name,
        "architecture": ours.architecture,
        "precision": ours.precision,
        "peer": peer.name,
        "peer_precision": peer.precision,
        "loss": loss,
        "seconds": seconds,
        "peer_seconds": peer_seconds,
        "ratio": peer_seconds / seconds,
        "curve": curve,
        "peer_curve": peer_curve,
    }
