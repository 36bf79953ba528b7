"""A dictionary on held-out tokens: its codes, and what they reconstruct.

Counted positions only (see `tokens`). Shape suffixes: S contexts, L position, R counted positions of a block, N site
width, F features, V vocabulary.
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

from monosem.ground.artefacts import replacing
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
        sums.add(x_RN, sae.decode_sparse(codes))
        columns = (codes.value_Z, codes.column_Z, codes.start_B1)
        parts.append(csr_array(tuple(part.cpu().numpy() for part in columns), shape=(len(x_RN), sae.n_features)))
    matrix = csr_array(vstack(parts, format="csr"))
    matrix.eliminate_zeros()
    return Codes(matrix), sums


class DictionaryTables(NamedTuple):
    codes: Codes
    logit_weights_FV: Tensor
    features: pd.DataFrame


def reconstruction_of(sae: SparseAutoencoder, codes: Codes) -> Edit:
    """The reconstruction of tokens encoded before, as an edit for one pass over them, or their first, in their order.

    Encoded again they would take as long as the model's attention and MLP in all four losses.
    """
    done = 0

    def edit(x_RN: Tensor) -> Tensor:
        nonlocal done
        rows = codes.matrix[done : done + len(x_RN)]
        assert rows.shape[0] == len(x_RN), "more tokens than were encoded"
        done += len(x_RN)
        parts = (torch.from_numpy(part).to(x_RN.device) for part in (rows.indptr, rows.indices, rows.data))
        return sae.decode_sparse(Csr(*parts, codes.n_features))

    return edit


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


def write_tables(folder: Path, tables: DictionaryTables) -> None:
    """codes.safetensors, logits.safetensors (float16) and features.parquet."""
    write_codes(folder / "codes.safetensors", tables.codes)
    with replacing(folder / "logits.safetensors") as tmp:
        narrow_FV = tables.logit_weights_FV.half().cpu()
        check_finite(narrow_FV, "logit weights as float16", "the model's or the dictionary's weights are too large")
        save_file({"logit_weights": narrow_FV}, tmp)
    with replacing(folder / "features.parquet") as tmp:
        tables.features.to_parquet(tmp, index=False)
