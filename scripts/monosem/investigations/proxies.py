"""Proxies: how much likelier a stretch of text is within a context than anywhere, after the paper (#appendix-proxies).

    proxy of a token = max over stretches s that end at it of log P(s | context) / P(s)

P(s) is the product of the shares of s's tokens in the training text. What P(s | context) is, depends on the context:

  alphabet  the product over characters: 1 / letters for a letter, 1e-10 for anything else. The logarithm is then a sum
            over tokens, and its greatest value over stretches follows from that at the token before, by Kadane's
            rule: best(t) = score(t) + max(0, best(t - 1)).
  blocks    by Bayes, P(s | script) / P(s) = P(script | s) / P(script), where P(script | s) = 1 if all characters of s
            are in the script's blocks of Unicode, else 1e-10. A further character can only lower it, so the best
            stretch begins with the character that the token begins in. Where a token ends within a character, nothing
            to its right is known: its P(script | s) is the share of its occurrences in training text that are in the
            script. A space that opens a token of more than a space is not looked at: the tokenizer puts it there.
  category  only documents tell: the proxy is 1 in documents of that category, else 0.

Stretches lie within one document and one packed context, as what the model sees does.

Shape suffixes: S packed contexts, L position, T tokens (of the result: counted ones), V vocabulary, C contexts.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from monosem.investigations.characters import Characters, Vocabulary, characters, inside, vocabulary_of
from monosem.text.packed import Packed

FLOOR = 1e-10  # probability of what a context rules out, paper: #appendix-proxies
BLOCK = 4096  # packed contexts looked at at once
PARTS = ("category", "blocks", "alphabet", "span", "binary")


@dataclass(frozen=True)
class Context:
    name: str
    category: str  # of the documents it is found in: the truth beside the proxy, or in place of it
    blocks: tuple[tuple[int, int], ...] = ()  # of Unicode
    alphabet: str = ""  # as inside the brackets of a regular expression
    span: int = 1  # fewest tokens of a stretch
    binary: bool = False  # only the sign of the proxy is correlated with activations

    def target(self, proxy_T: np.ndarray) -> np.ndarray:
        """What activations are correlated with: the proxy above zero, or its sign."""
        return (proxy_T > 0).astype(np.float64) if self.binary else np.maximum(proxy_T, 0.0)


def parse_contexts(given: dict[str, Any]) -> list[Context]:
    """Contexts from the config's table, without those set to null. Raises ValueError naming the one that is wrong."""
    return [parse_context(name, entry) for name, entry in given.items() if entry is not None]


def parse_context(name: str, entry: dict[str, Any]) -> Context:
    unknown = set(entry) - set(PARTS)
    if unknown or "category" not in entry or {"blocks", "alphabet"} <= set(entry):
        raise ValueError(f"context {name}: {entry}; a category expected, beside it blocks or an alphabet or neither")
    if "." in name:
        raise ValueError(f"context {name}: a name without a dot expected; rename it")
    ranges = [re.fullmatch(r"([0-9A-Fa-f]+)-([0-9A-Fa-f]+)", block) for block in entry.get("blocks", ())]
    if None in ranges:
        raise ValueError(f"context {name}: blocks {entry['blocks']}; ranges of code points such as 0600-06FF expected")
    return Context(name, **{**entry, "blocks": tuple((int(found[1], 16), int(found[2], 16)) for found in ranges)})


class Rates(NamedTuple):
    """Counts in training text."""

    count_V: np.ndarray
    inside_V: dict[str, np.ndarray]  # by context with blocks: occurrences whose characters are all in them
    of_category_V: dict[str, np.ndarray]  # by context: occurrences in documents of its category

    def log_prior(self, context: Context) -> float:
        """Of a context with blocks: log of the share of tokens in them."""
        return float(np.log(max(self.inside_V[context.name].sum(), 1) / max(1, self.count_V.sum())))

    @property
    def share_V(self) -> np.ndarray:
        """P(token); of one that never occurs, as if it did once."""
        return np.maximum(self.count_V, 1) / max(1, self.count_V.sum())


def pieces(tokens_SL: np.ndarray, vocabulary: Vocabulary) -> Iterator[tuple[slice, Characters]]:
    """Blocks of contexts, as places in the flat text, each with its characters."""
    length = tokens_SL.shape[1]
    for start in range(0, len(tokens_SL), BLOCK):
        part_T = tokens_SL[start : start + BLOCK].ravel()
        yield slice(start * length, start * length + part_T.size), characters(part_T, vocabulary)


def count_rates(training: Packed, vocabulary: Vocabulary, contexts: Sequence[Context]) -> Rates:
    n_vocab, flat_T = vocabulary.size_V.size, training.tokens_SL.ravel()
    counted_T = training.counted_SL.ravel()
    inside_V = {context.name: np.zeros(n_vocab, dtype=np.int64) for context in contexts if context.blocks}
    for place, text in pieces(training.tokens_SL, vocabulary) if inside_V else ():
        for context in contexts:
            if context.blocks:
                chosen_T = inside(text, context.blocks) & counted_T[place]
                inside_V[context.name] += np.bincount(flat_T[place][chosen_T], minlength=n_vocab)
    of_category_V = {
        context.name: np.bincount(flat_T[training.is_of(context.category).ravel() & counted_T], minlength=n_vocab)
        for context in contexts
    }
    return Rates(np.bincount(flat_T[counted_T], minlength=n_vocab), inside_V, of_category_V)


def token_scores(context: Context, rates: Rates, tokens: Sequence[bytes]) -> np.ndarray:
    """log P(token | context) / P(token) of the whole vocabulary [V]."""
    if context.blocks:
        share_V = rates.inside_V[context.name] / np.maximum(rates.count_V, 1)
        return np.log(np.maximum(share_V, FLOOR)) - rates.log_prior(context)
    if context.alphabet:
        return spelling(context, tokens) - np.log(rates.share_V)
    own_V = rates.of_category_V[context.name]
    return np.log(np.maximum(own_V / max(1, own_V.sum()), FLOOR)) - np.log(rates.share_V)


def spelling(context: Context, tokens: Sequence[bytes]) -> np.ndarray:
    """log P(token | alphabet): its letters are equally likely; a byte that is none of them has the FLOOR."""
    try:
        letters = [ord(letter) for letter in map(chr, range(128)) if re.match(f"[{context.alphabet}]", letter)]
    except re.error as error:
        raise ValueError(
            f"context {context.name}: alphabet {context.alphabet}: {error}; write it as A-Za-z0-9"
        ) from None
    if not letters:
        raise ValueError(f"context {context.name}: alphabet {context.alphabet} has no letter; ASCII letters expected")
    log_byte = np.full(256, np.log(FLOOR))
    log_byte[letters] = -np.log(len(letters))
    return np.array([log_byte[list(token)].sum() for token in tokens])


def best_stretches(score_SL: np.ndarray, stops_SL: np.ndarray, span: int) -> np.ndarray:
    """Greatest sum of scores over stretches of `span` positions or more that end at each one [S, L]; none reaches over
    a position that stops. -inf where no stretch is long enough."""
    best_SL = np.full(score_SL.shape, -np.inf)
    # ending[k] is the best sum of a stretch of k positions, or of the span or more, that ends at the position before
    ending = [np.full(len(score_SL), -np.inf) for _ in range(span + 1)]
    ending[0][:] = 0.0
    for position in range(score_SL.shape[1]):
        score_S, stops_S = score_SL[:, position], stops_SL[:, position]
        longer = np.maximum(ending[span - 1], ending[span]) + score_S
        ending = [ending[0], *(before + score_S for before in ending[: span - 1]), longer]
        for length in range(1, span + 1):
            ending[length] = np.where(stops_S, -np.inf, ending[length])
        best_SL[:, position] = ending[span]
    return best_SL


def script_proxy(
    context: Context, tokens_SL: np.ndarray, vocabulary: Vocabulary, rates: Rates, score_V: np.ndarray
) -> np.ndarray:
    proxy_T = score_V[tokens_SL.ravel()]
    for place, text in pieces(tokens_SL, vocabulary):
        known_T = np.where(inside(text, context.blocks), 0.0, np.log(FLOOR)) - rates.log_prior(context)
        proxy_T[place] = np.where(text.finished_T, known_T, proxy_T[place])
    return proxy_T.reshape(tokens_SL.shape)


@dataclass(frozen=True)
class Proxies:
    """Contexts, and what training text tells of them."""

    contexts: Sequence[Context]
    vocabulary: Vocabulary
    rates: Rates
    score_CV: np.ndarray  # `token_scores` of each context
    bos: int

    @classmethod
    def learn(cls, contexts: Sequence[Context], training: Packed, tokens: Sequence[bytes]) -> "Proxies":
        vocabulary = vocabulary_of(tokens, training.bos)
        rates = count_rates(training, vocabulary, contexts)
        scores = [token_scores(context, rates, tokens) for context in contexts]
        return cls(contexts, vocabulary, rates, np.reshape(scores, (len(contexts), len(tokens))), training.bos)

    def of(self, text: Packed) -> np.ndarray:
        """The proxy of every context at every counted token, [T, C]."""
        columns = []
        for context, score_V in zip(self.contexts, self.score_CV, strict=True):
            if context.blocks:
                proxy_SL = script_proxy(context, text.tokens_SL, self.vocabulary, self.rates, score_V)
            elif context.alphabet:
                proxy_SL = best_stretches(score_V[text.tokens_SL], ~text.counted_SL, context.span)
            else:
                proxy_SL = text.is_of(context.category).astype(np.float64)
            columns.append(proxy_SL[text.counted_SL])
        return np.stack(columns, axis=1)
