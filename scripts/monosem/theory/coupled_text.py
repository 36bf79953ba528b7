"""Coupled features of a dictionary of real text: what is read for the search, and the tables of what it finds.

Shape suffixes: S contexts, L position, T held-out tokens, F features, R tokens at which a lead fires, B bins, G
members, W tokens shown.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, diags_array

from monosem.investigations.ablation import centred, layer_norm_divisor
from monosem.investigations.logit_blocks import logit_blocks
from monosem.investigations.transitions import promoted_tokens
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel
from monosem.measures.codes import Codes
from monosem.measures.evaluation import held_out_activations
from monosem.text.packed import Packed
from monosem.theory.coupled import Group, Paths, Promotion, Turn

BEFORE = 9  # tokens of text shown before the one that the features fire on
SHOWN = 2  # texts of a bin
VISIBLE = str.maketrans({"\n": "↵", "\r": "↵", "\t": "→"})  # so that a row of the table is one line


def divisors(model: LanguageModel, held_out: Packed) -> np.ndarray:
    """What the final LayerNorm divides by at every counted position, [T]."""
    last = Site("resid_post", model.config.n_layers - 1)
    blocks = held_out_activations(model, held_out.tokens_SL, held_out.bos, last)
    return np.concatenate([layer_norm_divisor(centred(resid_RD)).numpy() for resid_RD in blocks])


def divided(codes: Codes, divisor_T: np.ndarray) -> csr_array:
    """Activations over the divisors, [T, F]."""
    return csr_array(diags_array(1 / divisor_T) @ codes.matrix)


def promotion(logits: Path, groups: list[Group], seen_V: np.ndarray, min_seen: int, n_promoted: int) -> Promotion:
    members = {member for group in groups for member in group}
    promoted_FK = promoted_tokens(logits, seen_V >= min_seen, n_promoted)
    weight_V = {
        start + row: weight_RV[row].copy()  # a view would keep its block
        for start, weight_RV in logit_blocks(logits)
        for row in range(len(weight_RV))
        if start + row in members
    }
    return Promotion(weight_V, {member: promoted_FK[member] for member in members})


class Texts:
    """Held-out text around the tokens of the codes."""

    def __init__(self, held_out: Packed, vocabulary: list[str]) -> None:
        self.held_out, self.vocabulary = held_out, vocabulary

    def around(self, row: int) -> str:
        """Tokens before, the token in brackets, and the one that follows."""
        context, position = self.held_out.context_T[row], self.held_out.position_T[row]
        token_W = self.held_out.tokens_SL[context, max(1, position - BEFORE) : position + 2]
        window = [self.vocabulary[token] for token in token_W]
        place = min(BEFORE, position - 1)
        return "".join([*window[:place], f"[{window[place]}]", *window[place + 1 :]]).translate(VISIBLE)


def group_rows(group: Group, turn: Turn, paths: Paths, promotion: Promotion, texts: Texts) -> pd.DataFrame:
    """The joint path of a group, a row a bin and member, and the log-ratio along it with texts of each bin."""
    path_BG = paths.path(turn.lead, list(group))
    weight_GV = np.stack([promotion.weight_V[member][[turn.up, turn.over]] for member in group]).astype(np.float64)
    ratio_B = path_BG @ (weight_GV[:, 0] - weight_GV[:, 1])
    token_R, bin_R = paths.tokens(turn.lead)
    firing_R = (paths.act_TF[token_R][:, list(group)] > 0).sum(axis=1) == len(group)
    up, over = (texts.vocabulary[token].translate(VISIBLE) for token in (turn.up, turn.over))
    common = {"group": " ".join(map(str, group)), "lead": turn.lead, "up": up, "over": over}
    rows = []
    for place in range(paths.n_bins):
        shown = token_R[firing_R & (bin_R == place)]
        chosen = shown[np.linspace(0, len(shown) - 1, min(SHOWN, len(shown))).astype(int)]
        words = " | ".join(texts.around(row) for row in chosen)
        rows.append({"what": "log ratio", "x": place, "y": ratio_B[place], "text": words})
        rows += [
            {"what": "activation", "of": str(member), "weight": weight_V[0] - weight_V[1], "x": place, "y": act}
            for member, weight_V, act in zip(group, weight_GV, path_BG[place], strict=True)
        ]
    return pd.DataFrame(rows).assign(**common)
