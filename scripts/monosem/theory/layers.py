"""Features of one layer that the next has too, in small transformers of the project.

A feature of layer k has a *partner* at layer k + 1 if some feature there has activations that correlate with its own
above a threshold, over held-out tokens; by the code that compares two models. By chance: the same with the tokens of
layer k + 1 shifted by half of their number, so that each feature keeps all but its place in the text. Who has more to
choose from has a better best, so beside neurons features choose from a random part of the later ones: as many.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import torch

from monosem.acts.sampling import Sample, sampled_rows
from monosem.ground.summary import defined, middle, or_none
from monosem.lm.sites import Site
from monosem.lm.training import mean_loss
from monosem.lm.transformer import LanguageModel
from monosem.measures.codes import Codes
from monosem.measures.evaluation import encode_held_out, held_out_activations
from monosem.measures.universality import match_table, side
from monosem.sae.recipe import Recipe
from monosem.text.tokens import contexts_for, map_contexts, read_contexts, read_record
from monosem.theory.planted import trained
from monosem.theory.small_models import small_model


@dataclass(frozen=True)
class Text:
    """Packed tokens: a store to train on, and held-out contexts."""

    train: Path
    val: Path
    held_out: int  # tokens

    @property
    def record(self) -> dict[str, Any]:
        return read_record(self.train)

    def val_contexts(self) -> np.ndarray:
        return read_contexts(self.val, contexts_for(self.held_out, self.val))


class Layer(NamedTuple):
    """What one layer says of the held-out tokens, by its neurons and by the features of a dictionary."""

    neurons: Codes
    features: Codes
    explained: float  # share of the activations' variance
    l0: float


def language_model(n_layers: int, settings: dict[str, Any], text: Text, seed: int) -> tuple[LanguageModel, float]:
    """Trained as the main models are, and its held-out loss."""
    tokens, val_SL = text.record, text.val_contexts()
    size = {"n_layers": n_layers, "vocab_size": tokens["vocab_size"]}
    model = small_model(settings, map_contexts(text.train), val_SL, **size, bos=tokens["bos"], seed=seed)
    return model, mean_loss(model, val_SL, tokens["bos"])


def read_layer(model: LanguageModel, site: Site, text: Text, sample: Sample, recipe: Recipe) -> Layer:
    """A dictionary for one layer, and what it and the neurons make of the held-out tokens."""
    tokens_SL, bos = map_contexts(text.train), text.record["bos"]
    share = sample.share(tokens_SL, bos)
    blocks = sampled_rows(model, tokens_SL, bos, site, share, per_context=sample.per_context, dtype="float32")
    acts_TN = np.concatenate([rows["acts"] for rows in blocks])
    order_T = np.random.default_rng(sample.seed).permutation(len(acts_TN))
    sae = trained(torch.from_numpy(acts_TN[order_T]), recipe)
    val_SL = text.val_contexts()
    neurons, _ = encode_held_out(None, held_out_activations(model, val_SL, bos, site))
    features, sums = encode_held_out(sae, held_out_activations(model, val_SL, bos, site))
    return Layer(neurons, features, sums.explained_variance, features.matrix.nnz / features.n_tokens)


def drawn(codes: Codes, like: Codes, seed: int) -> Codes:
    """As many features as fire in `like`, of those that do; all of them, where they are fewer."""
    alive_F, n_like = (np.flatnonzero(np.diff(of.by_feature().indptr)) for of in (codes, like))
    n = min(len(alive_F), len(n_like))
    chosen = np.random.default_rng(seed).choice(alive_F, n, replace=False)
    return Codes(codes.matrix[:, np.sort(chosen)])


def partners(earlier: Codes, later: Codes) -> np.ndarray:
    """Of each feature of the earlier layer, its largest correlation with one of the later; NaN if it never varies."""
    return match_table(side(earlier), side(later), 1)["correlation"].to_numpy()


def summary(table: pd.DataFrame, above: float) -> dict[str, Any]:
    """Shares with a partner, of the units that ever fire: medians over pairs of layers, and by model.

    None where none of a kind ever fires.
    """
    alive = table[table["correlation"].notna()].assign(partner=lambda rows: rows["correlation"] > above)
    share = alive.groupby(["n_layers", "layer", "what"])["partner"].mean(skipna=False).unstack()
    by_depth = [middle(of) for _, of in share["features"].groupby("n_layers")]
    return {
        "share": {what.replace(" ", "_"): middle(share[what]) for what in share},
        "smallest_lead": float(defined(share["drawn features"] - share["neurons"]).min()),
        "least": float(defined(share["features"]).min()),
        "shallow": by_depth[0],
        "deep": by_depth[-1],
        "shares": {
            f"{depth}_{layer}": {what: or_none(of) for what, of in row.items()}
            for (depth, layer), row in share.iterrows()
        },
        "above": above,
    }
