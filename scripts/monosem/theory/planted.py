"""Planted truth: vectors that are sums of a few known directions, and autoencoders of the project trained on them.

Shape suffixes: T vectors, N dimensions, F true features, G features that were found.
"""

import argparse
import tempfile
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
import zarr
from torch import Tensor

from monosem.acts.store import COLUMNS, Store, StoreWriter, row_dtype, rows_of
from monosem.ground.checkpoints import Stoppable
from monosem.sae.autoencoder import SparseAutoencoder, unit_rows
from monosem.sae.recipe import Products, Recipe
from monosem.sae.training import train_sae

RECOVERED = 0.9  # cosine above which a true feature counts as found
SHARED = ("architecture", "n_features", "seed")  # fields of a recipe that are not flags of `recipe_flags`


class Planted(NamedTuple):
    code_TF: Tensor
    x_TN: Tensor


def plant(dictionary_FN: Tensor, n_vectors: int, on: float, rng: torch.Generator, *, together: float = 0.0) -> Planted:
    """Each feature is on in a share `on` of the vectors, with an even strength of 0.5 to 1.5.

    Whether features 0 and 1, 2 and 3, ... are on correlates by `together`: in that share of the vectors the second is
    on where the first is. All others are on independently.
    """
    shape = (n_vectors, len(dictionary_FN))
    strength_TF = 0.5 + torch.rand(shape, generator=rng)
    on_TF = torch.rand(shape, generator=rng) < on
    if together:
        n_pairs = len(dictionary_FN) // 2
        follows_TP = torch.rand(n_vectors, n_pairs, generator=rng) < together
        first_TP, second_TP = on_TF[:, 0 : 2 * n_pairs : 2], on_TF[:, 1::2]
        on_TF[:, 1::2] = torch.where(follows_TP, first_TP, second_TP)
    code_TF = strength_TF * on_TF
    return Planted(code_TF, code_TF @ dictionary_FN)


def best_cosines(true_FN: Tensor, found_GN: Tensor) -> Tensor:
    """[F]: of each true feature with the found one that is nearest; their mean is the MMCS."""
    return (unit_rows(true_FN) @ unit_rows(found_GN).T).max(dim=1).values


def share_found(cosine_F: Tensor) -> dict[str, float]:
    """Of best cosines: their mean, and the share of true features that count as found."""
    return {"mmcs": float(cosine_F.mean()), "recovered": float((cosine_F > RECOVERED).float().mean())}


def recipe_flags(parser: argparse.ArgumentParser) -> None:
    """The settings of config `sae`, under the same names."""
    for item in fields(Recipe):
        if item.name not in SHARED:
            several = item.type == tuple[float, ...]
            parser.add_argument(
                f"--{item.name.replace('_', '-')}",
                type=int if item.type is int else float,
                nargs="*" if several else None,
                required=item.name != "grad_clip",
                help="of the autoencoder, as in train_sae.py",
            )


def recipe_settings(args: argparse.Namespace) -> dict[str, object]:
    given = {item.name: getattr(args, item.name) for item in fields(Recipe) if item.name not in SHARED}
    return given | {"resample_at": tuple(args.resample_at)}


def trained(x_TN: Tensor, recipe: Recipe) -> SparseAutoencoder:
    """An autoencoder for these vectors, unscaled, by the same code as those of a language model."""
    with tempfile.TemporaryDirectory() as folder:
        store = stored(x_TN.numpy(), Path(folder) / "acts.zarr")
        device = torch.device("cpu")
        sae, _ = train_sae(store, recipe, device, Products.of("float32", device), Stoppable())
    return sae.folded(store.scale)


def stored(x_TN: np.ndarray, path: Path) -> Store:
    writer = StoreWriter(path, len(x_TN), row_dtype(x_TN.shape[1], "float32"))
    writer.write(rows_of(x_TN, dict.fromkeys(COLUMNS, np.zeros(len(x_TN))), "float32"))
    scale = x_TN.shape[1] ** 0.5 * len(x_TN) / float(writer.norm)
    return Store(path, {"scale": scale, "n_vectors": len(x_TN)}, zarr.open_array(path / "acts", mode="r"))
