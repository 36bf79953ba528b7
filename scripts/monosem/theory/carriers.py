"""How many features of a dictionary carry an ideal feature: found by ablating all, and putting back as few as will do.

Where the ideal feature is on, features of a site of the last layer are one edit of the last residual stream each (see
`investigations.ablation`). With all of them ablated, what is foretold differs from what the model foretells by a
divergence; the carriers are a set whose presence restores a share of it. Features are put back one by one, each time
the one that leaves the least divergence, and then taken out again while enough stays restored, each time the one that
is missed least. That is greedy: a set of one is found wherever there is one, but larger sets may not be the smallest.
What the dictionary does not reconstruct stays in place meanwhile, so all features together restore everything, however
bad the dictionary is. One whose reconstruction alone does not restore that share does not hold the ideal feature, and
its features are not counted.

Shape suffixes: T tokens, P places, N neurons, F features, D residual width, V tokens, K features put back.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from monosem.investigations.ablation import written_to_residual
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel
from monosem.measures.evaluation import held_out_activations
from monosem.sae.autoencoder import SparseAutoencoder
from monosem.theory.ideal_features import divergence
from monosem.theory.passages import BOS, Places, ids


class Carriers(NamedTuple):
    features: list[int]  # in the order in which they were put back
    kl: dict[str, float]  # mean, nats: all ablated, carriers put back, the best of them alone, the reconstruction
    code_PK: np.ndarray
    log_full_PV: np.ndarray  # what the model foretells, and what with none but the carriers, of the tokens looked at
    log_carried_PV: np.ndarray
    held: bool  # by the dictionary: its reconstruction restores as much as the carriers must

    @property
    def together(self) -> float:
        """Of the places at which any of them fires, the share at which several do."""
        firing_P = (self.code_PK > 0).sum(axis=1)
        return float((firing_P > 1).sum() / max(1, (firing_P > 0).sum()))


class Seen(NamedTuple):
    """A model at the places of an ideal feature."""

    model: LanguageModel
    site: Site
    acts_PN: Tensor
    resid_PD: Tensor

    def log_probabilities(self, resid_PD: Tensor, among: list[int] | None) -> Tensor:
        """Of all tokens, or among some."""
        logits_PV = self.model.ln_final(resid_PD) @ self.model.W_U_DV
        return (logits_PV if among is None else logits_PV[..., among]).log_softmax(dim=-1)


@torch.no_grad()
def seen(model: LanguageModel, tokens_SL: np.ndarray, places: Places) -> Seen:
    last = model.config.n_layers - 1
    site, tokens = Site("mlp_post", last), torch.from_numpy(tokens_SL)
    at = (torch.from_numpy(places.context_P), torch.from_numpy(places.position_P))
    acts, resid = (model.activations(tokens, read)[at] for read in (site, Site("resid_post", last)))
    return Seen(model, site, acts, resid)


def activations(model: LanguageModel, tokens_SL: np.ndarray) -> Tensor:
    """Of the last MLP's neurons at all counted positions, [T, N]."""
    site = Site("mlp_post", model.config.n_layers - 1)
    return torch.cat([*held_out_activations(model, tokens_SL, BOS, site)])


@torch.no_grad()
def carriers(of: Seen, sae: SparseAutoencoder, restored: float, among: tuple[str, ...] | None) -> Carriers:
    """The divergence is over all tokens, or of the shares `among` some."""
    chosen = None if among is None else ids(among).tolist()
    code_PF, out_FD = sae.encode(of.acts_PN), written_to_residual(of.model, sae.W_dec_FN, of.site)
    full_PV = of.log_probabilities(of.resid_PD, chosen)
    share_PV = full_PV.exp().numpy()

    def left(resid_PD: Tensor) -> float:
        return float(divergence(share_PV, of.log_probabilities(resid_PD, chosen).numpy()).mean())

    none_PD = of.resid_PD - code_PF @ out_FD

    def with_only(features: list[int]) -> Tensor:
        return none_PD + code_PF[:, features] @ out_FD[features]

    firing = torch.nonzero((code_PF > 0).any(dim=0))[:, 0].tolist()
    features, single = greedy_set(lambda features: left(with_only(features)), firing, 1 - restored)
    carried_PD = with_only(features)
    error_PD = written_to_residual(of.model, of.acts_PN - sae.decode(code_PF), of.site)
    resids = {"ablated": none_PD, "carried": carried_PD, "reconstruction": of.resid_PD - error_PD}
    kl = {"best_single": single} | {kind: left(resid_PD) for kind, resid_PD in resids.items()}
    carried_PV = of.log_probabilities(carried_PD, chosen)
    held = kl["reconstruction"] <= (1 - restored) * kl["ablated"]
    return Carriers(features, kl, code_PF[:, features].numpy(), full_PV.numpy(), carried_PV.numpy(), held)


def greedy_set(left: Callable[[list[int]], float], members: list[int], share: float) -> tuple[list[int], float]:
    """Members that leave no more than a share of what is left without any, and what the best of them alone leaves.

    They are put in one by one, and then taken out again, as above.
    """

    def best(sets: list[list[int]]) -> tuple[float, list[int]]:
        return min((left(members), members) for members in sets)

    now, chosen = left([]), []
    enough, single = share * now, now
    while now > enough and len(chosen) < len(members):
        now, chosen = best([[*chosen, member] for member in members if member not in chosen])
        single = now if len(chosen) == 1 else single
    while len(chosen) > 1:
        without, fewer = best([[one for one in chosen if one != member] for member in chosen])
        if without > enough:
            break
        chosen = fewer
    return chosen, single
