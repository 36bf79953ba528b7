"""What a model loses on held-out text when the activations of a site are left as they are, or replaced.

Counted positions only (see `tokens`): BOS keeps its own activations in every ablation, and predictions made from BOS
are left out. Shape suffixes: S contexts, L position, R counted positions of a block, P of all of them, N
site width.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from monosem.ground.artefacts import read_json
from monosem.ground.progress import progress
from monosem.ground.records import read_table, value_of
from monosem.lm.sites import Edit, Site
from monosem.lm.transformer import LanguageModel, token_losses
from monosem.measures.metrics import loss_recovered
from monosem.text.tokens import counted

CONTEXTS = 64  # a forward pass
FIELDS = ("loss_clean", "loss_zero", "loss_mean", "loss_tokens", "n_contexts")  # of a record
ABLATIONS = ("clean", "zero", "mean")
COUNT = "n"  # the column of sums of losses that says of how many predictions


class SiteLosses(NamedTuple):
    """Mean next-token losses in nats over the `n_tokens` predictions of `n_contexts`: of the model as it is, and with a
    site's activations set to zero, or to their mean. What a dictionary keeps is measured between the first two."""

    clean: float
    zero: float
    mean: float
    n_tokens: int
    n_contexts: int

    @classmethod
    def of(cls, sums: pd.DataFrame, n_contexts: int) -> "SiteLosses":
        """From the sums of `ablated_losses`."""
        total = sums.sum(skipna=False)
        means = (float(total[name] / total[COUNT]) for name in ABLATIONS)
        return cls(*means, int(total[COUNT]), n_contexts)

    def record(self) -> dict[str, float]:
        return dict(zip(FIELDS, self, strict=True))

    def with_reconstruction(self, loss: float, rescaled: float | None = None) -> dict[str, float | None]:
        """Fields of an evaluation's record, with this loss of the reconstruction, and of that with codes rescaled."""
        fields: dict[str, float | None] = self.record()
        del fields["n_contexts"]
        for name, value in (("", loss), ("_rescaled", rescaled)):
            if value is not None:
                fields[f"loss_sae{name}"] = float(value)
                fields[f"loss_recovered{name}"] = loss_recovered(self.clean, float(value), self.zero)
        return fields


def ablated_losses(
    model: LanguageModel, tokens_SL: np.ndarray, document_SL: np.ndarray, bos: int, site: Site, mean_N: Tensor
) -> pd.DataFrame:
    """Sums of losses with a site's activations as they are, zero, and at their mean; see `document_losses`."""
    replaced: tuple[dict[Site, Edit], ...] = ({}, {site: torch.zeros_like}, {site: lambda x_RN: mean_N.expand_as(x_RN)})
    return document_losses(model, tokens_SL, document_SL, bos, dict(zip(ABLATIONS, replaced, strict=True)))


def read_losses(path: Path, expected: Mapping[str, Any], n_contexts: int) -> SiteLosses:
    """From the record of `measure_losses`.

    Raises ValueError when that is of another model, site or text than `expected` says, or of more than the first
    `n_contexts`, which a dictionary is evaluated on.
    """
    record = read_json(path)
    for name, value in expected.items():
        if (found := value_of(record, name, path)) != value:
            raise ValueError(f"{path}: {name} {found}, {value} expected; rerun measure_losses")
    found = SiteLosses(*(value_of(record, name, path) for name in FIELDS))
    if found.n_contexts > n_contexts:
        raise ValueError(
            f"{path}: losses on {found.n_contexts} contexts, evaluated on {n_contexts}; raise evaluation.n_tokens or "
            "lower evaluation.loss_tokens"
        )
    return found


def read_sums(path: Path) -> pd.DataFrame:
    """Sums of losses by document, from beside the record at `path`."""
    return read_table(path.with_suffix(".parquet"), ["document", COUNT, *ABLATIONS]).set_index("document")


def block_losses(
    model: LanguageModel,
    tokens_SL: np.ndarray,
    bos: int,
    edits: Mapping[str, Mapping[Site, Edit]],
    contexts: int | None = None,
) -> pd.DataFrame:
    """Next-token losses in nats, summed over each block of `contexts`, under each of several sets of edits.

    One row a block; `n` counts its predictions. An edit is given a site's activations at the counted positions, [R, N].
    """
    rows = []
    for of_edits in prediction_losses(model, tokens_SL, bos, edits, contexts or CONTEXTS):
        sums = {name: losses_R.sum().item() for name, losses_R in of_edits.items()}
        rows.append({COUNT: len(next(iter(of_edits.values()))), **sums})
    return pd.DataFrame(rows)


def document_losses(
    model: LanguageModel,
    tokens_SL: np.ndarray,
    document_SL: np.ndarray,
    bos: int,
    edits: Mapping[str, Mapping[Site, Edit]],
) -> pd.DataFrame:
    """The same, summed over the predictions from each document's tokens: one row a document, by its number. There may
    be documents of further contexts."""
    document_SL = document_SL[: len(tokens_SL)]
    blocks = list(prediction_losses(model, tokens_SL, bos, edits, CONTEXTS))
    number_P, place_P = np.unique(document_SL[:, :-1][counted(tokens_SL[:, :-1], bos)], return_inverse=True)
    losses = {name: torch.cat([block[name] for block in blocks]).cpu().numpy() for name in edits}
    sums = {name: np.bincount(place_P, losses_P) for name, losses_P in losses.items()}
    return pd.DataFrame({COUNT: np.bincount(place_P), **sums}, index=pd.Index(number_P, name="document"))


def prediction_losses(
    model: LanguageModel,
    tokens_SL: np.ndarray,
    bos: int,
    edits: Mapping[str, Mapping[Site, Edit]],
    contexts: int,
) -> Iterator[dict[str, Tensor]]:
    """Of each block of contexts the losses, float64 [R], of its predictions in order, under each set of edits."""
    device = next(model.parameters()).device
    clean_SL = torch.from_numpy(tokens_SL.astype(np.int64)).to(device)
    for part_SL in progress(clean_SL.split(contexts), desc="losses", unit="block"):
        mask_SL = counted(part_SL, bos)
        found = {}
        for name, of_sites in edits.items():
            here = {site: at_counted(mask_SL, replacement) for site, replacement in of_sites.items()}
            found[name] = token_losses(model, part_SL, here)[mask_SL[:, :-1]].double()
        yield found


def at_counted(mask_SL: Tensor, replacement: Edit) -> Edit:
    def edit(x_SLN: Tensor) -> Tensor:
        x_SLN = x_SLN.clone()
        x_SLN[mask_SL] = replacement(x_SLN[mask_SL])
        return x_SLN

    return edit
