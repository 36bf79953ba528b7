"""The ways to replace activations that are set side by side: dictionaries, baselines of few numbers, small MLPs."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monosem.ground.artefacts import read_json
from monosem.ground.records import value_of
from monosem.investigations.baselines import (
    LeastSquares,
    independent_axes,
    neuron_axes,
    principal_axes,
    rebuild,
)
from monosem.investigations.explained import DICTIONARY, SMALL_MLP, Way
from monosem.investigations.small_mlp import Substitute, mlp_pairs, train_small_mlp
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel
from monosem.sae.autoencoder import load_sae, random_rows


def dictionary_ways(
    paths: Sequence[Path], records: Sequence[Path], acts: dict[str, Any], site: Site, device: torch.device
) -> dict[str, Way]:
    """By name. Raises ValueError for a dictionary of other activations than those of the record `acts`."""
    wanted, ways = (acts["lm_digest"], acts["site"]), {}
    for path, record_path in zip(paths, records, strict=True):
        record = read_json(record_path)
        trained_on = (record["lm_digest"], record["site"])
        if trained_on != wanted:
            raise ValueError(f"{path}: trained on {' '.join(trained_on)}, not on {' '.join(wanted)}; retrain it")
        sae = load_sae(path).to(device)
        ways[value_of(record, "dictionary", record_path)] = Way(DICTIONARY, sae.n_features, site, partial(rebuild, sae))
    return ways


def baseline_ways(
    x_BN: Tensor, site: Site, n_random: int, numbers: Sequence[int], ica_steps: int, seed: int, device: torch.device
) -> tuple[dict[str, Way], int]:
    """Every baseline that keeps each of `numbers` (random directions the first), fitted on the vectors x_BN; and the
    steps that ICA took.

    Raises ValueError where no number is to be kept, or more than there are neurons.
    """
    n_neurons = x_BN.shape[1]
    if min(numbers) < 1:
        raise ValueError("--headline: never fires on these tokens, so that nothing is as sparse; lower its penalty")
    if max(numbers) > n_neurons:
        raise ValueError(f"--k: {max(numbers)} numbers of {n_neurons} neurons; keep fewer")
    principal = principal_axes(x_BN)
    independent, steps_taken = independent_axes(x_BN, principal, ica_steps, seed)
    neurons = neuron_axes(torch.zeros(n_neurons))
    rows_FN = random_rows(max(n_random, n_neurons), n_neurons, torch.Generator().manual_seed(seed)).to(device)
    random = LeastSquares(rows_FN, principal.mean_N.to(device), numbers[0])
    ways = {f"random {numbers[0]}": Way("random", numbers[0], site, random)}
    for k in numbers:
        kept = {
            "pca": principal.first(k).dictionary(),
            "pca_largest": principal.dictionary(k),
            "ica_largest": independent.dictionary(k),
            "neurons": neurons.dictionary(k),
        }
        ways |= {f"{name} {k}": Way(name, k, site, partial(rebuild, each.to(device))) for name, each in kept.items()}
    return ways, steps_taken


def small_mlp_ways(
    model: LanguageModel, tokens_SL: np.ndarray, bos: int, site: Site, units: Sequence[int], epochs: int, seed: int
) -> dict[str, Way]:
    """A small MLP of each number of units in the place of the one at `site`, trained on the contexts given."""
    in_TD, out_TD = mlp_pairs(model, tokens_SL, bos, site.layer)
    ways = {}
    for number in units:
        substitute = Substitute(train_small_mlp(in_TD, out_TD, number, epochs, seed))
        others = {Site("mlp_in", site.layer): substitute.look}
        ways[f"{SMALL_MLP} {number}"] = Way(SMALL_MLP, number, Site("mlp_out", site.layer), substitute, others)
    return ways
