"""What a feature gives to the next token: its contribution taken away where it fires, beside what its weights foretell.

A site of the last layer reaches the logits of its own position only. Ablating feature i at every position (paper,
"Feature ablations") is therefore, wherever it fires, one edit r - f_i o_i of the last residual stream r, with o_i what
the feature writes there; after it come the final LayerNorm and the softmax. For each pair of a feature and a token it
fires on, in nats of the log-likelihood p of the token that follows:

  effect       log p - log p with the feature ablated: what it gave (the paper records the negative)
  attribution  f_i v_i, with v_i its logit weight on that token, shifted to median 0 (paper)
  divided      attribution over LayerNorm's divisor at that token
  gradient     f_i o_i . gradient of log p at r: LayerNorm and softmax, to first order
  frozen       as effect, but LayerNorm keeps the divisor that it had before the ablation

Shape suffixes: S contexts, L position, P positions in a row, Z pairs, F features, D residual width, V vocabulary.
"""

from typing import NamedTuple

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from monosem.ground.progress import progress
from monosem.lm.sites import Site
from monosem.lm.transformer import TILE, LanguageModel, cross_entropies
from monosem.measures.codes import Codes
from monosem.text.packed import Packed

CONTEXTS = 64  # a forward pass
LAYER_NORM_EPS = 1e-5  # of torch
MEASURES = ("attribution", "divided", "gradient", "frozen")  # what is held against `effect`


class Pairs(NamedTuple):
    """Features and tokens they fire on, in the order of the tokens."""

    feature_Z: np.ndarray
    act_Z: np.ndarray
    context_Z: np.ndarray
    position_Z: np.ndarray
    next_Z: np.ndarray  # the token that follows


def draw_pairs(codes: Codes, held_out: Packed, n_each: int, seed: int) -> Pairs:
    """At most `n_each` tokens of every feature, at random among those that have a token after them in their context."""
    by_feature, rng = codes.by_feature(), np.random.default_rng(seed)
    followed_Z = held_out.position_T[by_feature.indices] < held_out.tokens_SL.shape[1] - 1
    chosen = []
    for first, last in zip(by_feature.indptr[:-1], by_feature.indptr[1:], strict=True):
        places = first + np.flatnonzero(followed_Z[first:last])
        chosen.append(rng.choice(places, n_each, replace=False) if places.size > n_each else places)
    place_Z = np.concatenate(chosen).astype(np.int64)
    place_Z = place_Z[np.argsort(by_feature.indices[place_Z], kind="stable")]
    token_Z = by_feature.indices[place_Z]
    feature_Z = np.searchsorted(by_feature.indptr, place_Z, side="right") - 1
    context_Z, position_Z = held_out.context_T[token_Z], held_out.position_T[token_Z]
    next_Z = held_out.tokens_SL[context_Z, position_Z + 1].astype(np.int64)
    return Pairs(feature_Z, by_feature.data[place_Z], context_Z, position_Z, next_Z)


@torch.no_grad()
def written_to_residual(model: LanguageModel, directions_FN: Tensor, site: Site) -> Tensor:
    """What a unit of each direction adds to the last residual stream, [F, D].

    Raises ValueError when the site is not in the last layer: what comes after would answer to an ablation too.
    """
    n_layers = model.config.n_layers
    if site.layer != n_layers - 1:
        raise ValueError(
            f"site {site.name}-l{site.layer}: ablations are of the last of {n_layers} layers only; choose one there"
        )
    return model.to_residual(directions_FN, site)


def measure_pairs(model: LanguageModel, tokens_SL: np.ndarray, pairs: Pairs, out_FD: Tensor) -> pd.DataFrame:
    """One row a pair: its feature, `size` (norm of the edit over that of the residual stream, means removed), and
    the numbers above but for `attribution` and `divided`, with `divisor` in their place."""
    device = next(model.parameters()).device
    last = Site("resid_post", model.config.n_layers - 1)
    frames = []
    for start in progress(range(0, len(tokens_SL), CONTEXTS), desc="ablate", unit="block"):
        first, end = np.searchsorted(pairs.context_Z, [start, start + CONTEXTS])
        if first == end:
            continue
        block = Pairs(*(part[first:end] for part in pairs))
        part_SL = torch.from_numpy(tokens_SL[start : start + CONTEXTS].astype(np.int64)).to(device)
        resid_PD = model.activations(part_SL, last).flatten(0, 1)
        place_Z = (block.context_Z - start) * part_SL.shape[1] + block.position_Z
        place_P, at_Z = np.unique(place_Z, return_inverse=True)
        next_P = part_SL.flatten()[place_P + 1]
        edit_ZD = torch.from_numpy(block.act_Z).to(device)[:, None] * out_FD[block.feature_Z]
        columns = ablate(model, resid_PD[place_P], next_P, torch.from_numpy(at_Z).to(device), edit_ZD)
        frames.append(pd.DataFrame({name: column_Z.cpu().numpy() for name, column_Z in columns.items()}))
    measured = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["effect", "divisor", "size"])
    return pd.DataFrame({"feature": pairs.feature_Z, "act": pairs.act_Z, "next": pairs.next_Z}).join(measured)


@torch.no_grad()
def ablate(model: LanguageModel, x_PD: Tensor, next_P: Tensor, at_Z: Tensor, edit_ZD: Tensor) -> dict[str, Tensor]:
    """Edits of the residual streams `x_PD[at_Z]`, each by itself: what they take from the tokens that follow."""
    clean_P, grad_PD = log_likelihood_and_gradient(model, x_PD, next_P)
    centred_PD, centred_ZD = centred(x_PD), centred(edit_ZD)
    divisor_P = layer_norm_divisor(centred_PD)
    frozen_ZD = model.ln_final.after_division((centred_PD[at_Z] - centred_ZD) / divisor_P[at_Z, None])
    ablated_ZD = model.ln_final(x_PD[at_Z] - edit_ZD)
    return {
        "effect": clean_P[at_Z] - log_likelihood(model, ablated_ZD, next_P[at_Z]),
        "frozen": clean_P[at_Z] - log_likelihood(model, frozen_ZD, next_P[at_Z]),
        "gradient": (edit_ZD * grad_PD[at_Z]).sum(dim=1),
        "divisor": divisor_P[at_Z],
        "size": centred_ZD.norm(dim=1) / centred_PD[at_Z].norm(dim=1),
    }


def centred(x_PD: Tensor) -> Tensor:
    return x_PD - x_PD.mean(dim=1, keepdim=True)


def layer_norm_divisor(centred_PD: Tensor) -> Tensor:
    """What LayerNorm divides rows by, their means removed."""
    return (centred_PD.square().mean(dim=1) + LAYER_NORM_EPS).sqrt()


def log_likelihood(model: LanguageModel, normal_PD: Tensor, next_P: Tensor) -> Tensor:
    """Of the next tokens, nats, from normalised residual streams."""
    return -cross_entropies(normal_PD, model.W_U_DV, next_P)


@torch.enable_grad()
def log_likelihood_and_gradient(model: LanguageModel, x_PD: Tensor, next_P: Tensor) -> tuple[Tensor, Tensor]:
    """From residual streams before the final LayerNorm, [P] and [P, D]."""
    values, gradients = [], []
    for x_BD, next_B in zip(x_PD.split(TILE), next_P.split(TILE), strict=True):
        x_BD = x_BD.detach().requires_grad_()
        value_B = log_likelihood(model, model.ln_final(x_BD), next_B)
        gradients += torch.autograd.grad(value_B.sum(), x_BD)
        values.append(value_B.detach())
    return torch.cat(values), torch.cat(gradients)
