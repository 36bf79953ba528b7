"""Dictionaries of several widths, of models with one layer and more: what carries the ideal features in each.

Numbers are summed up for each depth by itself, over the dictionaries that hold the ideal feature. (The first run took
medians over all depths and dictionaries: they hid that depths differ, and counted features of dictionaries that lack
what is asked for.)

Shape suffixes: S contexts, L position, P places, V tokens, K features of a set.
"""

import argparse
import math
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.sae.recipe import Recipe
from monosem.theory.carriers import Carriers, Seen, activations, carriers, seen
from monosem.theory.ideal_features import divergence
from monosem.theory.passages import BOS, DESCRIPTORS, VOCABULARY, Contexts, World, ids
from monosem.theory.planted import recipe_settings, trained
from monosem.theory.small_models import small_model

FEATURES = {"binary": None, "continuous": None, "ratios": DESCRIPTORS}  # tokens that the divergence is among; None: all
BINS = 15  # of the temperature


class Trial(NamedTuple):
    """One dictionary, and what carries each ideal feature in it."""

    n_layers: int
    start: int
    width: int
    l0: float
    sae: SparseAutoencoder
    seen: dict[str, Seen]
    found: dict[str, Carriers]


def trials(args: argparse.Namespace) -> Iterator[tuple[Trial, Contexts]]:
    world = World(args.length, args.n_words, args.noise, args.seed)
    learnt, held = world.contexts(args.contexts, 0), world.contexts(args.held_contexts, 1)
    for n_layers in sorted(args.layers):
        for start in range(args.starts):
            of = {"n_layers": n_layers, "vocab_size": len(VOCABULARY), "bos": BOS, "seed": args.seed + start}
            model = small_model(args.lm, learnt.tokens_SL, held.tokens_SL, **of)
            acts_TN = activations(model, learnt.tokens_SL[: args.acts_contexts])
            held_TN = activations(model, held.tokens_SL)
            binary, continuous = (seen(model, held.tokens_SL, at) for at in (held.binary, held.continuous))
            at = {"binary": binary, "continuous": continuous, "ratios": continuous}
            for width in args.widths:
                recipe = Recipe(Relu(args.l1), n_features=width, seed=args.seed, **recipe_settings(args))
                sae = trained(acts_TN, recipe)
                found = {name: carriers(at[name], sae, args.restored, among) for name, among in FEATURES.items()}
                l0 = float((sae.encode(held_TN) > 0).sum(dim=1).float().mean())
                yield Trial(n_layers, start, width, l0, sae, at, found), held


def summary_rows(trial: Trial) -> list[dict[str, Any]]:
    """One row an ideal feature."""
    common = {"n_layers": trial.n_layers, "start": trial.start, "width": trial.width, "l0": trial.l0}
    return [
        common
        | {
            "what": "count",
            "ideal": name,
            "held": of.held,
            "n_put_back": len(of.features),
            "n_features": len(of.features) if of.held else math.nan,
            "together": of.together,
            **{f"kl_{kind}": kl for kind, kl in of.kl.items()},
        }
        for name, of in trial.found.items()
    ]


def distance_from_truth(at: Seen, words: tuple[str, ...], truth_PV: np.ndarray) -> float:
    """KL, nats, of the model's shares of three tokens from what the text before foretells."""
    log_model_PV = at.log_probabilities(at.resid_PD, ids(words).tolist())
    return float(divergence(truth_PV, log_model_PV.detach().double().numpy()).mean())


def curves(trial: Trial, held: Contexts) -> list[dict[str, Any]]:
    """Means in bins of the temperature: activations of the carriers of the ratios, the share of places at which several
    of them fire, and shares of the words."""
    latent_P, of = held.continuous.latent_P, trial.found["ratios"]
    edges = np.quantile(latent_P, np.linspace(0, 1, BINS + 1))
    bin_P = np.clip(np.searchsorted(edges, latent_P, side="right") - 1, 0, BINS - 1)
    series = {("activation", str(feature)): of.code_PK[:, k] for k, feature in enumerate(of.features)}
    series["together", "several"] = (of.code_PK > 0).sum(axis=1) > 1
    for what, log_PV in (("model", of.log_full_PV), ("carriers", of.log_carried_PV)):
        series |= {(what, word): np.exp(log_PV[:, v]) for v, word in enumerate(DESCRIPTORS)}
    common = {"n_layers": trial.n_layers, "start": trial.start, "width": trial.width, "ideal": "ratios"}
    x_B = [float(latent_P[bin_P == place].mean()) for place in range(BINS)]
    return [
        common | {"what": what, "of": name, "x": x, "y": float(value_P[bin_P == place].mean())}
        for (what, name), value_P in series.items()
        for place, x in enumerate(x_B)
    ]


def directions(trial: Trial, held: Contexts) -> list[dict[str, Any]]:
    """Logit weights of all carriers on the three tokens of their ideal feature, over these tokens' mean."""
    common = {"what": "logit weight", "n_layers": trial.n_layers, "start": trial.start, "width": trial.width}
    rows = []
    for name, of in trial.found.items():
        at, words = trial.seen[name], held.binary.words if name == "binary" else DESCRIPTORS
        weight_KV = at.model.logit_weights(trial.sae.W_dec_FN[of.features], at.site)[:, ids(words)].numpy()
        for feature, weight_V in zip(of.features, weight_KV, strict=True):
            for word, weight in zip(words, weight_V, strict=True):
                rows.append(common | {"ideal": name, "of": str(feature), "word": word, "y": float(weight)})
    return rows


def record_fields(counts: pd.DataFrame) -> dict[str, Any]:
    """Of each ideal feature, for the shallowest and the deepest models."""
    ends = {"shallowest": counts["n_layers"].min(skipna=False), "deepest": counts["n_layers"].max(skipna=False)}
    return {
        name: {end: of_depth(rows[rows["n_layers"] == n_layers]) for end, n_layers in ends.items()}
        for name, rows in counts.groupby("ideal")
    }


def of_depth(rows: pd.DataFrame) -> dict[str, Any]:
    """Null where no dictionary holds the ideal feature."""
    held = rows[rows["held"]]
    n_features = held["n_features"]
    numbers = {"median": n_features.median(skipna=False), "mean": n_features.mean(skipna=False)}
    numbers |= {"fewest": n_features.min(skipna=False), "most": n_features.max(skipna=False)}
    numbers |= {name: held[name].median(skipna=False) for name in ("together", "kl_ablated")}
    known = {name: None if held.empty else float(value) for name, value in numbers.items()}
    return {"n_layers": int(rows["n_layers"].iloc[0]), "dictionaries": len(rows), "held": len(held)} | known


def held_by(fields: dict[str, Any]) -> str:
    """How many dictionaries hold each ideal feature, of the shallowest and of the deepest models."""
    return ", ".join(
        " ".join([name, *(f"{of['held']}/{of['dictionaries']}" for of in fields[name].values())]) for name in FEATURES
    )
