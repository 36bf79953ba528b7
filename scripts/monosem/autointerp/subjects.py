"""From the tables of a dictionary to what prompts show of each feature.

Shape suffixes: E windows, F features, V vocabulary.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from monosem.autointerp.demonstrations import Subject
from monosem.autointerp.levels import quantise
from monosem.autointerp.prompts import Window
from monosem.autointerp.windows import EXPLAIN, KINDS, SCORE, Windows, concatenate, read_windows
from monosem.ground.finite import check_within
from monosem.ground.tensors import open_tensor
from monosem.text.tokenizer import load_tokenizer, load_vocabulary

SHOWN = 10  # tokens of the highest logit weights that the explainer sees; it is not tested on them (paper)
RANKED = 60  # of those below, the ones that the logits test asks about (paper: 10th to 60th)


class Vocabulary:
    """The readable tokens, and each feature's logit weights on them."""

    def __init__(self, tokenizer: Path, logits: Path) -> None:
        self.text, (_, self.bos) = load_vocabulary(tokenizer), load_tokenizer(tokenizer)
        self.logits = open_tensor(logits, "logit_weights")
        if self.logits.get_shape()[1] != len(self.text):
            raise ValueError(f"{logits}: {self.logits.get_shape()[1]} tokens, but {tokenizer} has {len(self.text)}")

    def split(self, feature: int, rng: np.random.Generator) -> tuple[list[str], list[str], list[str]]:
        """Tokens by logit weight: the highest, those ranked after them, as many random ones of the others."""
        order = np.argsort(-self.logits[feature].astype(np.float32), kind="stable")
        order = order[order != self.bos]
        others = rng.permutation(order[RANKED:])[: RANKED - SHOWN]
        parts = (order[:SHOWN], order[SHOWN:RANKED], others)
        return tuple([self.text[token] for token in part] for part in parts)


def load_windows(path: Path) -> Windows:
    return concatenate(list(read_windows(path)))


def choose(features: pd.DataFrame, windows: Windows, n: int | None, seed: int) -> np.ndarray:
    """Status of every feature: ok for those to be explained, at random among those with windows of both roles."""
    by_role = [np.unique(windows.feature_E[windows.role_E == role]) for role in (EXPLAIN, SCORE)]
    fit_F = np.isin(features["feature"], np.intersect1d(*by_role))
    places = np.random.default_rng(seed).permutation(np.flatnonzero(fit_F))
    status_F = np.where(fit_F, "not_chosen", np.where(features["n_active"] == 0, "dead", "too_few_examples"))
    status_F = status_F.astype(object)
    status_F[places if n is None else places[:n]] = "ok"
    return status_F


class Subjects:
    """Prompts' view of the features in `windows`; what a feature gets depends on `seed` and itself alone."""

    def __init__(self, windows: Windows, max_act_F: np.ndarray, vocabulary: Vocabulary, seed: int) -> None:
        check_within(windows.feature_E, max_act_F.size, "windows of feature", "draw its windows again")
        seen = windows.tokens_EW[windows.observed_EW]
        check_within(seen, len(vocabulary.text), "windows of token", "give the tokenizer of these examples")
        self.windows, self.max_act_F, self.vocabulary, self.seed = windows, max_act_F, vocabulary, seed

    def subject(self, feature: int, n_explain: int | None, contexts: "Subjects | None" = None) -> Subject:
        rng = np.random.default_rng((self.seed, feature))
        explain = self.by_turns(feature, EXPLAIN, rng)[:n_explain]
        chosen = {kind: [window for of, window in explain if of == kind] for kind in KINDS}
        chosen = {kind: sorted(windows, key=lambda window: -max(window.levels)) for kind, windows in chosen.items()}
        simulate = [window for _, window in self.by_turns(feature, SCORE, rng)]
        around = [window for _, window in contexts.by_turns(feature, SCORE, rng)] if contexts else []
        return Subject(chosen, simulate, around, *self.vocabulary.split(feature, rng))

    def by_turns(self, feature: int, role: int, rng: np.random.Generator) -> list[tuple[str, Window]]:
        """(kind, window) of one feature, taking turns among kinds, so that any beginning holds some of each."""
        first, last = np.searchsorted(self.windows.feature_E, [feature, feature + 1])
        places_E = first + np.flatnonzero(self.windows.role_E[first:last] == role)
        places_E = rng.permutation(places_E)
        kind_E = pd.Series(self.windows.kind_E[places_E])
        turn_E = kind_E.groupby(kind_E).cumcount()
        order = np.lexsort((kind_E, turn_E))
        return [(KINDS[self.windows.kind_E[place]], self.window(place)) for place in places_E[order]]

    def window(self, place: int) -> Window:
        tokens, levels = self.windows.tokens_EW[place], self.windows.activations_EW[place]
        seen = self.windows.observed_EW[place]
        levels = quantise(levels[seen], self.max_act_F[self.windows.feature_E[place]])
        text = tuple(self.vocabulary.text[token] for token in tokens[seen])
        return Window(text, tuple(levels.tolist()), float(self.windows.weight_E[place]))
