"""An explanation of a feature that needs no language model: a table of the levels expected at tokens.

In the paper a language model explains a feature in words and predicts its activations from them. A token table takes
both parts offline: from the windows it is shown it learns the mean level of each token and of each pair (previous
token, token); in the tokens of a new window it predicts the pair's level, else the token's, else the mean of the
random windows. Levels are activations quantised 0-9. It knows no more than two neighbouring tokens: a feature of wider
context scores low, and scores compare with one another, not with those of a language model.

Shape suffixes: E windows, W positions in a window, O observations, G features, J known tokens, K known pairs,
X places in a window that have one before them.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

N_LISTED = 10  # entries of a readable explanation


@dataclass(frozen=True)
class TokenTable:
    """The tables of several features. A sorted key holds feature, token and, of a pair, previous token."""

    n_vocab: int
    base_G: np.ndarray
    token_key_J: np.ndarray
    token_level_J: np.ndarray
    pair_key_K: np.ndarray
    pair_level_K: np.ndarray

    def predict(self, group_E: np.ndarray, tokens_EW: np.ndarray) -> np.ndarray:
        """Expected levels, float [E, W], from tokens alone; `group_E` names the table to use for each window."""
        token_key_EW, pair_key_EX = window_keys(group_E, tokens_EW, self.n_vocab)
        level_EW = np.repeat(self.base_G[group_E][:, None], tokens_EW.shape[1], axis=1)
        level_EW = look_up(token_key_EW, self.token_key_J, self.token_level_J, level_EW)
        level_EW[:, 1:] = look_up(pair_key_EX, self.pair_key_K, self.pair_level_K, level_EW[:, 1:])
        return level_EW

    def describe(self, group: int, shown: list[str]) -> str:
        """One feature's highest entries as a line of text; `shown` holds the quoted text of each token.

        A pair is listed where its rounded level differs from that of its token alone.
        """
        tokens, token_levels = entries(self.token_key_J, self.token_level_J, group, self.n_vocab)
        pairs, pair_levels = entries(self.pair_key_K, self.pair_level_K, group, self.n_vocab * (self.n_vocab + 1))
        lasts, befores = np.divmod(pairs, self.n_vocab + 1)
        telling = pair_levels != token_levels[np.searchsorted(tokens, lasts)]
        levels = np.concatenate([token_levels, pair_levels[telling]])
        befores = np.concatenate([np.full(tokens.size, -1), befores[telling]])
        lasts = np.concatenate([tokens, lasts[telling]])

        base = int(np.rint(self.base_G[group]))
        highest = np.argsort(-levels, kind="stable")[:N_LISTED]
        listed = [
            f"{before_text(befores[place], shown)}{shown[lasts[place]]} {levels[place]}"
            for place in highest
            if levels[place] > base
        ]
        return "; ".join([*listed, f"{'other tokens' if listed else 'all tokens'} {base}"])


def before_text(before: int, shown: list[str]) -> str:
    """What stands before a token in a table's entry: -1 anything, 0 no token (the text starts), else token + 1."""
    if before < 0:
        return ""
    return f"{shown[before - 1] if before else 'start of text'} then "


def entries(key_J: np.ndarray, level_J: np.ndarray, group: int, stride: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys without their feature, and rounded levels, of one feature."""
    first, last = np.searchsorted(key_J, [group * stride, (group + 1) * stride])
    return key_J[first:last] - group * stride, np.rint(level_J[first:last]).astype(int)


def window_keys(group_E: np.ndarray, tokens_EW: np.ndarray, n_vocab: int) -> tuple[np.ndarray, np.ndarray]:
    """Keys of all tokens [E, W] and of all pairs [E, W-1]; the token before the window is not known."""
    token_key_EW = group_E.astype(np.int64)[:, None] * n_vocab + tokens_EW
    return token_key_EW, token_key_EW[:, 1:] * (n_vocab + 1) + tokens_EW[:, :-1] + 1


def look_up(keys: np.ndarray, known_J: np.ndarray, level_J: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    if known_J.size == 0:
        return otherwise
    places = np.minimum(np.searchsorted(known_J, keys), known_J.size - 1)
    return np.where(known_J[places] == keys, level_J[places], otherwise)


class Shown(NamedTuple):
    """Windows an explanation is made from; tokens below 0 are not observed."""

    group_E: np.ndarray  # whose windows they are, 0 .. G-1
    random_E: np.ndarray  # bool: a random window
    tokens_EW: np.ndarray
    levels_EW: np.ndarray


def fit(shown: Shown, n_groups: int, n_vocab: int, shrinkage: float) -> TokenTable:
    """The tables of `n_groups` features.

    A pair's mean is drawn to its token's level, and a token's to the mean of the random windows, as if that had been
    seen `shrinkage` times more.
    """
    group_E, random_E, tokens_EW, levels_EW = shown
    observed_EW = tokens_EW >= 0
    token_key_EW, pair_key_EX = window_keys(group_E, tokens_EW, n_vocab)
    group_O = np.broadcast_to(group_E[:, None], tokens_EW.shape)[random_E[:, None] & observed_EW]
    total_G = np.bincount(group_O, levels_EW[random_E[:, None] & observed_EW], minlength=n_groups)
    base_G = total_G / np.maximum(np.bincount(group_O, minlength=n_groups), 1)

    token_key_J, total_J, count_J = totals(token_key_EW[observed_EW], levels_EW[observed_EW])
    token_level_J = (total_J + shrinkage * base_G[token_key_J // n_vocab]) / (count_J + shrinkage)
    observed_EX = observed_EW[:, 1:]
    pair_key_K, total_K, count_K = totals(pair_key_EX[observed_EX], levels_EW[:, 1:][observed_EX])
    prior_K = token_level_J[np.searchsorted(token_key_J, pair_key_K // (n_vocab + 1))]
    pair_level_K = (total_K + shrinkage * prior_K) / (count_K + shrinkage)
    return TokenTable(n_vocab, base_G, token_key_J, token_level_J, pair_key_K, pair_level_K)


def totals(key_O: np.ndarray, level_O: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct keys, sorted, with the sum and the number of their observations."""
    key_J, place_O, count_J = np.unique(key_O, return_inverse=True, return_counts=True)
    return key_J, np.bincount(place_O, level_O, minlength=key_J.size), count_J


def quoted(text: str) -> str:
    """A token's text in double quotes, in printable characters only."""
    visible = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return '"' + visible.replace('"', '\\"') + '"'
