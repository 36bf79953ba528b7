"""A dictionary on held-out tokens: its codes, and what they reconstruct.

Counted positions only (see `tokens`). Shape suffixes: S contexts, L position, T counted tokens, D documents, R counted
positions of a block, N site width, F features, V vocabulary.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from safetensors.torch import save_file
from scipy.sparse import csr_array, vstack
from torch import Tensor

from monosem.ground.artefacts import replacing, write_table
from monosem.ground.finite import check_finite
from monosem.ground.progress import progress
from monosem.lm.sites import Edit, Site
from monosem.lm.transformer import LanguageModel
from monosem.measures.codes import Codes, write_codes
from monosem.measures.losses import CONTEXTS
from monosem.measures.metrics import ReconstructionSums
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.kernels import Csr, Screen
from monosem.text.tokens import counted


def held_out_activations(model: LanguageModel, tokens_SL: np.ndarray, bos: int, site: Site) -> Iterator[Tensor]:
    """Blocks [R, N] of a site's activations at the counted positions, context by context."""
    device = next(model.parameters()).device
    for start in progress(range(0, len(tokens_SL), CONTEXTS), desc="encode held-out tokens", unit="block"):
        part_SL = torch.from_numpy(tokens_SL[start : start + CONTEXTS].astype(np.int64)).to(device)
        yield model.activations(part_SL, site)[counted(part_SL, bos)]


def encode_held_out(sae: SparseAutoencoder | None, blocks: Iterator[Tensor]) -> tuple[Codes, ReconstructionSums]:
    """Codes of every block, in float32, and the sums of the reconstruction. None stands for the neurons themselves."""
    sums, parts = ReconstructionSums(), []
    for x_RN in blocks:
        if sae is None:
            parts.append(csr_array(x_RN.cpu().numpy()))
            sums.add(x_RN, x_RN)
            continue
        codes = sae.encode_sparse(x_RN, Screen.exact(x_RN.device))
        sums.add(x_RN, sae.decode_sparse(codes), sae.b_dec_N)
        columns = (codes.value_Z, codes.column_Z, codes.start_B1)
        parts.append(csr_array(tuple(part.cpu().numpy() for part in columns), shape=(len(x_RN), sae.n_features)))
    matrix = csr_array(vstack(parts, format="csr"))
    matrix.eliminate_zeros()
    return Codes(matrix), sums


class DictionaryTables(NamedTuple):
    codes: Codes
    logit_weights_FV: Tensor
    features: pd.DataFrame
    documents: pd.DataFrame


def reconstruction_of(sae: SparseAutoencoder, codes: Codes, factor: float = 1.0) -> Edit:
    """The reconstruction of tokens encoded before, as an edit for one pass over them, or their first, in their order;
    with their codes times a factor.

    Encoded again they would take as long as the model's attention and MLP in all four losses.
    """
    done = 0

    def edit(x_RN: Tensor) -> Tensor:
        nonlocal done
        rows = codes.matrix[done : done + len(x_RN)]
        assert rows.shape[0] == len(x_RN), "more tokens than were encoded"
        done += len(x_RN)
        parts = (
            torch.from_numpy(part).to(x_RN.device)
            for part in (rows.indptr, rows.indices, rows.data * np.float32(factor))
        )
        return sae.decode_sparse(Csr(*parts, codes.n_features))

    return edit


def document_table(codes: Codes, document_T: np.ndarray) -> pd.DataFrame:
    """One row a document, by its number: its `tokens` that were encoded, and the activations above zero on them."""
    number_D, place_T = np.unique(document_T, return_inverse=True)
    active_D = np.bincount(place_T, np.diff(codes.matrix.indptr)).astype(np.int64)
    return pd.DataFrame({"tokens": np.bincount(place_T), "active": active_D}, index=pd.Index(number_D, name="document"))


def with_losses(documents: pd.DataFrame, without: pd.DataFrame, with_sae: pd.DataFrame) -> pd.DataFrame:
    """Of each document also the sums of its losses, over the `predictions` that were measured, none of some of them."""
    sums = without[["n", "clean", "zero"]].join(with_sae.drop(columns="n")).rename(columns={"n": "predictions"})
    return documents.join(sums.reindex(documents.index, fill_value=0))


def feature_table(codes: Codes, sae: SparseAutoencoder | None, ultralow_density: float) -> pd.DataFrame:
    """One row a feature: how often and how strongly it fires, whether it is alive, and where its directions point.

    dead: never active on these tokens; ultralow: active, with a density below `ultralow_density`.
    """
    by_feature = codes.by_feature()
    n_active_F = np.diff(by_feature.indptr)
    total_F = np.asarray(by_feature.sum(axis=0)).ravel()
    density_F = n_active_F / codes.n_tokens
    status_F = np.select([n_active_F == 0, density_F < ultralow_density], ["dead", "ultralow"], "alive")
    table = pd.DataFrame(
        {
            "feature": np.arange(codes.n_features, dtype=np.int32),
            "density": density_F,
            "n_active": n_active_F,
            "max_act": by_feature.max(axis=0).toarray().ravel(),
            "mean_act": total_F / np.maximum(n_active_F, 1),
            "status": status_F,
        }
    )
    if sae is None:
        return table
    strength_F, neuron_F = sae.W_dec_FN.abs().max(dim=1)
    return table.assign(
        b_enc=sae.b_enc_F.cpu().numpy(),
        enc_dec_cosine=torch.cosine_similarity(sae.W_enc_FN, sae.W_dec_FN, dim=1).cpu().numpy(),
        dec_top_neuron=neuron_F.cpu().numpy().astype(np.int32),
        dec_top_weight=strength_F.cpu().numpy(),
    )


def status_counts(features: pd.DataFrame, n_tokens: int, ultralow_density: float) -> dict[str, int | None]:
    """n_alive, n_ultralow, n_dead of a feature table; no ultralow where one activation is already too many: it is not
    to be told from dead then."""
    counts = {f"n_{status}": int((features["status"] == status).sum()) for status in ("alive", "ultralow", "dead")}
    return counts if ultralow_density * n_tokens >= 1 else {**counts, "n_ultralow": None}


def write_tables(folder: Path, tables: DictionaryTables) -> None:
    """codes.safetensors, logits.safetensors (float16), features.parquet and documents.parquet."""
    write_codes(folder / "codes.safetensors", tables.codes)
    with replacing(folder / "logits.safetensors") as tmp:
        narrow_FV = tables.logit_weights_FV.half().cpu()
        check_finite(narrow_FV, "logit weights as float16", "the model's or the dictionary's weights are too large")
        save_file({"logit_weights": narrow_FV}, tmp)
    write_table(folder / "features.parquet", tables.features)
    write_table(folder / "documents.parquet", tables.documents.reset_index())
