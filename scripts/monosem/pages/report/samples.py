"""A sample of features as the report shows them: the best scored and random ones, with examples.

Shape suffixes: E windows, W positions in a window.
"""

import argparse
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from monosem.autointerp.windows import INTERVAL, TOP, Windows, read_windows
from monosem.ground.records import EXPLANATION_COLUMNS, FEATURE_COLUMNS, SCORE_COLUMNS, read_table
from monosem.ground.tensors import open_tensor
from monosem.pages.visible import Piece, readable, visible

N_TOP, N_INTERVAL = 6, 4  # examples shown of the top interval and of the others
N_PROMOTED = 8


class Token(NamedTuple):
    pieces: list[Piece]
    activation: float
    shade: float  # activation as a share of the feature's maximum, 0 to 1


class Card(NamedTuple):
    """All that the page shows of one feature."""

    feature: int
    explanation: list[Piece]
    score: float  # NaN where there is none; then `status` says why
    status: str
    density: float
    promoted: list[list[Piece]]  # tokens whose logits it raises most, best first; empty when not given
    examples: list[tuple[str, list[list[Token]]]]  # (which, windows)


def sample_groups(args: argparse.Namespace, vocabulary: list[str]) -> list[tuple[str, list[Card]]]:
    """The features that the flags of build_report.py ask for, under a title each."""
    features = read_table(args.features, FEATURE_COLUMNS).drop(columns="status")
    scores = read_table(args.scores, SCORE_COLUMNS)
    explanations = read_table(args.explanations, EXPLANATION_COLUMNS)
    table = features.merge(scores, on="feature", how="left").merge(explanations, on="feature", how="left")
    table = table.fillna({"status": "not scored"})
    best, drawn = choose(scores, features, n_best=args.n_best, n_random=args.n_random, seed=args.seed)
    cards = make_cards(table, best + drawn, args.examples, vocabulary)
    if args.logits:
        promoted = promoted_tokens(args.logits, cards, vocabulary)
        cards = {feature: card._replace(promoted=promoted[feature]) for feature, card in cards.items()}
    titles = ("Best explained", "Drawn at random from the others that fire")
    return [(title, [cards[f] for f in group]) for title, group in zip(titles, (best, drawn), strict=True)]


def choose(scores: pd.DataFrame, features: pd.DataFrame, *, n_best: int, n_random: int, seed: int) -> list[list[int]]:
    """Two lists of features: the best scored, and random ones of the others that fire at all, in order."""
    scored = scores[scores["status"] == "ok"]
    ranked = scored.sort_values(["spearman", "feature"], ascending=[False, True])["feature"]
    best = [int(feature) for feature in ranked.head(n_best)]
    alive = features.loc[features["density"] > 0, "feature"]
    others = np.array(sorted(set(alive) - set(best)), dtype=np.int64)
    drawn = np.random.default_rng(seed).permutation(others)[:n_random]
    return [best, sorted(int(feature) for feature in drawn)]


def make_cards(table: pd.DataFrame, chosen: Sequence[int], examples: Path, vocabulary: list[str]) -> dict[int, Card]:
    """Cards by feature; `table` has one row a feature: text, status, spearman, density, max_act."""
    windows = windows_of(examples, chosen)
    cards = {}
    for row in table.set_index("feature").loc[list(chosen)].itertuples():
        shown = shown_examples(windows.get(row.Index), vocabulary, row.max_act)
        explanation = readable(row.text if isinstance(row.text, str) else "")
        cards[row.Index] = Card(row.Index, explanation, row.spearman, row.status, row.density, [], shown)
    return cards


def windows_of(path: Path, chosen: Iterable[int]) -> dict[int, Windows]:
    """The windows of the chosen features, read block by block. A feature without any has no entry."""
    wanted = np.array(sorted(chosen), dtype=np.int64)
    found = {}
    for block in read_windows(path):
        for feature in np.intersect1d(block.feature_E, wanted):
            found[int(feature)] = block.where(block.feature_E == feature)
    return found


def shown_examples(
    windows: Windows | None, vocabulary: list[str], max_act: float
) -> list[tuple[str, list[list[Token]]]]:
    """The strongest windows of the top interval, then of each lower interval one, down to N_INTERVAL of them."""
    if windows is None:
        return []
    strongest_first = np.argsort(-windows.activations_EW.max(axis=1), kind="stable")
    top = [e for e in strongest_first if windows.kind_E[e] == TOP][:N_TOP]
    lower: dict[int, int] = {}
    for e in strongest_first:
        if windows.kind_E[e] == INTERVAL:
            lower.setdefault(int(windows.interval_E[e]), int(e))
    spread = sorted(lower.values(), key=lambda e: -windows.activations_EW[e].max())
    step = max(1, -(-len(spread) // N_INTERVAL))
    groups = [("strongest", top), ("weaker", spread[::step])]
    return [(which, [shaded(windows, e, vocabulary, max_act) for e in rows]) for which, rows in groups if rows]


def shaded(windows: Windows, e: int, vocabulary: list[str], max_act: float) -> list[Token]:
    """One window; positions without an activation (before the text, after it) are left out."""
    tokens = []
    for token, activation in zip(windows.tokens_EW[e], windows.activations_EW[e], strict=True):
        if token < 0:
            continue
        if token >= len(vocabulary):
            raise ValueError(f"token {token}: vocabulary has {len(vocabulary)}; give the tokenizer of these examples")
        shade = min(1.0, max(0.0, float(activation) / max_act)) if max_act > 0 else 0.0
        tokens.append(Token(visible(vocabulary[token]), float(activation), shade))
    return tokens


def promoted_tokens(logits: Path, chosen: Iterable[int], vocabulary: list[str]) -> dict[int, list[list[Piece]]]:
    """Tokens with the highest logit weights of each feature, best first; `logits` holds `logit_weights` [F, V]."""
    weights = open_tensor(logits, "logit_weights")
    n_vocab = weights.get_shape()[1]
    if n_vocab != len(vocabulary):
        raise ValueError(f"{logits}: {n_vocab} tokens, vocabulary has {len(vocabulary)}; give its own tokenizer")
    rows = {feature: weights[feature : feature + 1][0].astype(np.float32) for feature in chosen}
    best = {feature: np.argsort(-row_V, kind="stable")[:N_PROMOTED] for feature, row_V in rows.items()}
    return {feature: [visible(vocabulary[token]) for token in tokens] for feature, tokens in best.items()}
