"""95 % intervals of what is measured on held-out text, over draws of its documents (measures/resampling.py)."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from monosem.findings.measurements import Measurements
from monosem.ground.records import Run
from monosem.measures.resampling import Interval, drawn_totals, interval_of

Draws = np.ndarray | None  # of a number, one value a draw; None where documents were not told apart


def totals_of(m: Measurements, run: Run) -> pd.DataFrame:
    """The run's sums over each draw. All runs on one text have the same documents in the same draw."""
    if run not in m.documents:
        return pd.DataFrame()
    m.use("documents", run)
    return drawn_totals(m.documents[run].set_index("document"))


def drawn_l0(m: Measurements, run: Run) -> Draws:
    totals = totals_of(m, run)
    return None if totals.empty else (totals["active"] / totals["tokens"]).to_numpy()


def drawn_loss(m: Measurements, run: Run, name: str) -> Draws:
    """Mean next-token loss in nats: `clean`, `zero` or `sae`."""
    totals = totals_of(m, run)
    return None if name not in totals else (totals[name] / totals["predictions"]).to_numpy()


def drawn_recovered(m: Measurements, run: Run) -> Draws:
    """Undefined in draws whose loss zero-ablation does not raise."""
    losses = [drawn_loss(m, run, name) for name in ("clean", "sae", "zero")]
    if any(loss is None for loss in losses):
        return None
    clean, with_sae, zero = losses
    return 1 - (with_sae - clean) / np.where(zero > clean, zero - clean, np.nan)


def intervals(drawn: Mapping[str, Draws]) -> dict[str, Interval]:
    """Of the numbers that were drawn, under their names."""
    found = {name: interval_of(values) for name, values in drawn.items() if values is not None}
    return {name: interval for name, interval in found.items() if interval}
