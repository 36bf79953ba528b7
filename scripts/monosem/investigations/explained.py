"""How much of the MLP is explained: the loss recovered by dictionaries and by ways that need none, side by side.

Every way is a set of edits of one model, and all are measured by `losses.block_losses` on the same tokens: one
definition of loss recovered. Shape suffixes: R vectors to replace, N neurons.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import log
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from monosem.ground.summary import or_none
from monosem.lm.sites import Edit, Site
from monosem.lm.transformer import LanguageModel
from monosem.measures.losses import block_losses
from monosem.measures.metrics import ReconstructionSums, loss_recovered

COLUMNS = ["method", "size", "l0", "loss", "loss_recovered", "difference_se", "explained_variance"]
GROUP = 8  # contexts whose losses are summed, for the standard error
SMALL_MLP = "small_mlp"
DICTIONARY = "dictionary"
Rebuild = Callable[[Tensor], tuple[Tensor, int]]  # vectors [R, N] to what replaces them, and the active units in all


@dataclass
class Way:
    """One way to replace the activations of a site, and what it used and missed on the vectors it was given."""

    method: str
    size: int  # features of a dictionary, units of a small MLP, else numbers kept of each vector
    site: Site
    rebuild: Rebuild
    others: Mapping[Site, Edit] = field(default_factory=dict)  # edits that go with it
    n_active: int = 0
    sums: ReconstructionSums = field(default_factory=ReconstructionSums)

    def __call__(self, x_RN: Tensor) -> Tensor:
        rebuilt_RN, n_active = self.rebuild(x_RN)
        self.n_active += n_active
        self.sums.add(x_RN, rebuilt_RN)
        return rebuilt_RN

    @property
    def edits(self) -> dict[Site, Edit]:
        return {**self.others, self.site: self}


def measure(
    model: LanguageModel, tokens_SL: np.ndarray, bos: int, ways: Mapping[str, Way], ablated: Site | None = None
) -> pd.DataFrame:
    """Losses summed over groups of contexts, a column a way; with `ablated`, clean and with that site at 0 as well."""
    bare = {"clean": {}, "zero": {ablated: torch.zeros_like}} if ablated else {}
    with torch.no_grad():
        return block_losses(model, tokens_SL, bos, {**bare, **{name: way.edits for name, way in ways.items()}}, GROUP)


def way_table(ways: Mapping[str, Way], sums: pd.DataFrame, headline: str) -> tuple[pd.DataFrame, dict[str, float]]:
    """A row a way, by its name, and the losses clean and zero-ablated, with the number of predictions.

    difference_se is the standard error of the share recovered less that of `headline`, over groups of contexts; NaN
    where there is one group. Raises ValueError when zero-ablation does not raise the loss: nothing to recover.
    """
    n_tokens = int(sums["n"].sum(skipna=False))
    means = sums.sum(skipna=False) / n_tokens
    clean, zero = float(means["clean"]), float(means["zero"])
    if loss_recovered(clean, clean, zero) is None:
        raise ValueError(f"loss {clean:.4f} as it is, {zero:.4f} zero-ablated: nothing to recover; train longer")
    rows = {}
    for name, way in ways.items():
        loss = float(means[name])
        error = standard_error(sums[name] - sums[headline], sums["n"]) / (zero - clean)
        shares = (loss_recovered(clean, loss, zero), error, way.sums.explained_variance)
        rows[name] = (way.method, way.size, way.n_active / way.sums.n, loss, *shares)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=COLUMNS)
    return table, {"loss_clean": clean, "loss_zero": zero, "n_tokens": n_tokens}


def standard_error(sum_G: pd.Series, n_G: pd.Series) -> float:
    """Of the mean, from its sums over groups of contexts, which are independent as tokens of one text are not."""
    n_groups = len(n_G)
    if n_groups < 2:
        return float("nan")
    deviation_G = sum_G - n_G * sum_G.sum(skipna=False) / n_G.sum(skipna=False)
    return float((n_groups / (n_groups - 1) * deviation_G.pow(2).sum(skipna=False)) ** 0.5 / n_G.sum(skipna=False))


def at_equal_l0(table: pd.DataFrame, k: int, l0: float) -> dict[str, dict[str, Any]]:
    """By method, the row that keeps `k` numbers; of small MLPs the one whose active units are nearest to `l0`."""
    chosen = table[(table["size"] == k) & ~table["method"].isin([SMALL_MLP, DICTIONARY])]
    small = table[(table["method"] == SMALL_MLP) & (table["l0"] > 0)]
    if len(small) and l0 > 0:
        nearest = (small["l0"].map(log) - log(l0)).abs().idxmin(skipna=False)
        chosen = pd.concat([chosen, small.loc[[nearest]]])
    return {row["method"]: as_record(row) for row in chosen.to_dict("records")}


def as_record(row: Mapping[str, Any]) -> dict[str, Any]:
    """Without the method, which names it; no standard error of one group."""
    kept = {name: value for name, value in row.items() if name != "method"}
    return {**kept, "difference_se": or_none(row["difference_se"])}
