"""Steering: a feature pinned to one activation while the model writes (paper, "Feature steering").

At every position from the last of the prefix on, what the dictionary finds of the feature in the activations x is
replaced: x + (value - f(x)) d, with f the activation of the feature and d its direction. Texts of one seed are drawn by
the same random numbers, so that they differ by the steering alone. Shape suffixes: S texts, L position, B positions in
a row, N site width, V vocabulary.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from monosem.lm.sites import Edit, Site
from monosem.lm.transformer import LanguageModel, token_losses
from monosem.sae.autoencoder import SparseAutoencoder


def pinned(sae: SparseAutoencoder, feature: int, value: float) -> Edit:
    def edit(x_BN: Tensor) -> Tensor:
        act_B = sae.encode(x_BN)[:, feature]
        return x_BN + (value - act_B)[:, None] * sae.W_dec_FN[feature]

    return edit


@dataclass(frozen=True)
class Writer:
    """Writes `n_texts` texts of `length` tokens after a prefix, by drawing each token as likely as the model says."""

    model: LanguageModel
    site: Site
    prefix: Sequence[int]  # BOS included
    n_texts: int
    length: int
    seed: int
    temperature: float = 1.0  # that logits are divided by; at 1 the model's own probabilities

    def __post_init__(self) -> None:
        n_prefix, most = len(self.prefix), self.model.config.context_length
        if n_prefix + self.length > most:
            raise ValueError(f"--length {self.length}: {most - n_prefix} expected at most, after {n_prefix} of prefix")

    @torch.no_grad()
    def write(self, edit: Edit | None = None) -> Tensor:
        """Token ids, prefix included, [S, L]; `edit` is given the site's activations [B, N]."""
        device, rng = next(self.model.parameters()).device, torch.Generator().manual_seed(self.seed)
        tokens_SL = torch.tensor(self.prefix, device=device).expand(self.n_texts, -1)
        for _ in range(self.length):
            edits = {} if edit is None else {self.site: self.where_it_matters(edit, tokens_SL.shape[1])}
            logits_SV = self.model(tokens_SL, edits=edits)[:, -1] @ self.model.W_U_DV
            sum_SV = (logits_SV.double() / self.temperature).softmax(dim=1).cumsum(dim=1)
            draw_S1 = torch.rand(self.n_texts, 1, generator=rng, dtype=torch.float64).to(device) * sum_SV[:, -1:]
            next_S1 = torch.searchsorted(sum_SV, draw_S1, right=True).clamp_max(sum_SV.shape[1] - 1)
            tokens_SL = torch.cat([tokens_SL, next_S1], dim=1)
        return tokens_SL

    def where_it_matters(self, edit: Edit, n_tokens: int) -> Edit:
        """In the last layer, an edit before the last position would reach no token that is still to be drawn."""
        is_last = self.site.layer == self.model.config.n_layers - 1
        first = n_tokens - 1 if is_last else len(self.prefix) - 1

        def edit_some(x_SLN: Tensor) -> Tensor:
            part_SLN = x_SLN[:, first:]
            edited_SLN = edit(part_SLN.flatten(0, 1)).view_as(part_SLN)
            return torch.cat([x_SLN[:, :first], edited_SLN], dim=1)

        return edit_some

    def losses(self, tokens_SL: Tensor) -> Tensor:
        """Nats of each written token under the model left alone, [S, length]."""
        return token_losses(self.model, tokens_SL)[:, len(self.prefix) - 1 :]
