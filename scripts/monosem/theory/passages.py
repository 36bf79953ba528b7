"""A generated corpus with a binary and a continuous feature, each on one token that foretells the next.

  filler   words from a random chain of words
  markup   another chain, with `</p>` here and there, which one of three tokens follows in fixed proportions
  weather  filler around a passage: words that tell of a temperature, with noise, a fixed phrase, then a descriptor,
           whose shares are those of `turning` in fit_continuous_targets.py: their ratios rise and fall with temperature

A context is of one kind, so the two features never meet. Only two words tell of a temperature, because attention takes
means of what words say: of two it is one number, and cold, mild and hot are left to the MLPs; of many kinds of words
attention writes the descriptors' logits itself, and a single layer's MLP adds next to nothing.

Shape suffixes: S contexts, L position, P places of a feature, W words of a passage, G temperatures of a grid, E words
that tell of one, V tokens that may follow.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from scipy.special import log_softmax, softmax

from monosem.theory.ideal_features import successive_modes, with_floor

FILLER = ("the", "of", "and", "to", "in", "that", "for", "as", "with", "by", "on", "not", "he", "but", "at", "this")
MARKUP = ("<b>", "</b>", "<i>", "</i>", "<a>", "</a>", "<br>", "<em>", "one", "two", "three", "four", "five", "six")
END = "</p>"
AFTER = {"\\n": 0.6, "<p>": 0.3, "<ul>": 0.1}  # the three tokens that follow it
EVIDENCE = ("snow", "sun")  # which tell of a temperature
PHRASE = ("so", "today", "is")
DESCRIPTORS = ("cold", "mild", "hot")
VOCABULARY = ("<|bos|>", *FILLER, *MARKUP, END, *AFTER, *EVIDENCE, *PHRASE, *DESCRIPTORS)
BOS = 0
KINDS = {"filler": 0.2, "markup": 0.3, "weather": 0.5}  # shares of the contexts
WARMEST = 1.5  # temperatures lie evenly in [-1.5, 1.5]
TOLD = np.array([-2.0, 2.0])  # of which
SEGMENT = 6  # tokens, of which one in markup is `</p>`
CONCENTRATION = 0.3  # of the chains' random rows: a word has few usual successors


def ids(words: tuple[str, ...]) -> np.ndarray:
    return np.array([VOCABULARY.index(word) for word in words])


class Places(NamedTuple):
    """Where an ideal feature is on, and what follows: of each place the shares of three tokens."""

    context_P: np.ndarray
    position_P: np.ndarray
    latent_P: np.ndarray  # the temperature; of the binary feature, 1
    words: tuple[str, ...]
    truth_PV: np.ndarray  # given the text before, as who knew the corpus would foretell them


class Contexts(NamedTuple):
    tokens_SL: np.ndarray
    binary: Places
    continuous: Places


@dataclass(frozen=True)
class World:
    """Its chains are drawn from the seed alone, its contexts from the seed and a number."""

    length: int
    n_words: int  # of a passage that tell of its temperature
    noise: float  # of each
    seed: int

    def __post_init__(self) -> None:
        needed = 1 + self.n_words + len(PHRASE) + 1
        if self.length < needed:
            raise ValueError(
                f"--length {self.length}: at least {needed} expected, for a passage of {self.n_words} words"
            )

    def contexts(self, n_contexts: int, number: int) -> Contexts:
        chains, rng = np.random.default_rng(self.seed), np.random.default_rng([self.seed, number])
        kind_S = rng.choice(len(KINDS), n_contexts, p=list(KINDS.values()))
        shape = (n_contexts, self.length)
        filler_SL, markup_SL = (chain(ids(words), shape, chains, rng) for words in (FILLER, MARKUP))
        markup_S1 = (kind_S == 1)[:, None]
        tokens_SL = np.where(markup_S1, markup_SL, filler_SL)
        tokens_SL[:, 0] = BOS
        binary = put_ends(tokens_SL, np.flatnonzero(kind_S == 1), rng)
        return Contexts(tokens_SL, binary, self.put_passages(tokens_SL, np.flatnonzero(kind_S == 2), rng))

    def put_passages(self, tokens_SL: np.ndarray, context_P: np.ndarray, rng: np.random.Generator) -> Places:
        """One in each of these contexts, in place."""
        latent_P = rng.uniform(-WARMEST, WARMEST, context_P.size)
        words_PW = drawn(np.exp(self.log_told(latent_P))[:, None].repeat(self.n_words, axis=1), rng)
        descriptor_P = drawn(descriptors(latent_P), rng)
        passage_PW = np.concatenate(
            [
                ids(EVIDENCE)[words_PW],
                np.broadcast_to(ids(PHRASE), (context_P.size, len(PHRASE))),
                ids(DESCRIPTORS)[descriptor_P][:, None],
            ],
            axis=1,
        )
        length = passage_PW.shape[1]
        first_P = rng.integers(1, self.length - length + 1, context_P.size)
        tokens_SL[context_P[:, None], first_P[:, None] + np.arange(length)] = passage_PW
        truth_PV = self.foretold(words_PW)
        return Places(context_P, first_P + length - 2, latent_P, DESCRIPTORS, truth_PV)

    def log_told(self, latent_G: np.ndarray) -> np.ndarray:
        """Logarithm of the shares of words at each temperature, [G, E]."""
        return log_softmax(-((latent_G[:, None] - TOLD) ** 2) / (2 * self.noise**2), axis=1)

    def foretold(self, words_PW: np.ndarray) -> np.ndarray:
        """Shares of the descriptors after these words, [P, V], by Bayes' rule."""
        grid_G = np.linspace(-WARMEST, WARMEST, 121)
        seen_PE = np.stack([(words_PW == word).sum(axis=1) for word in range(len(EVIDENCE))], axis=1)
        return softmax(seen_PE @ self.log_told(grid_G).T, axis=1) @ descriptors(grid_G)


def descriptors(latent_G: np.ndarray) -> np.ndarray:
    """Shares of cold, mild and hot at each temperature, [G, V]."""
    return with_floor(successive_modes(latent_G))


def put_ends(tokens_SL: np.ndarray, context_S: np.ndarray, rng: np.random.Generator) -> Places:
    """`</p>` and what follows it, once in each segment of these contexts, in place."""
    first_L = np.arange(1, tokens_SL.shape[1] - SEGMENT + 1, SEGMENT)
    position_P = (first_L + rng.integers(0, SEGMENT - 1, (context_S.size, first_L.size))).ravel()
    context_P, shares_V = context_S.repeat(first_L.size), np.array(list(AFTER.values()))
    tokens_SL[context_P, position_P] = VOCABULARY.index(END)
    tokens_SL[context_P, position_P + 1] = ids(tuple(AFTER))[rng.choice(len(AFTER), context_P.size, p=shares_V)]
    truth_PV = np.broadcast_to(shares_V, (context_P.size, len(AFTER)))
    return Places(context_P, position_P, np.ones(context_P.size), tuple(AFTER), truth_PV)


def chain(
    words_W: np.ndarray, shape: tuple[int, int], chains: np.random.Generator, rng: np.random.Generator
) -> np.ndarray:
    """Contexts [S, L] of a random chain of words."""
    next_WW = chains.dirichlet(np.full(words_W.size, CONCENTRATION), words_W.size)
    state_S = rng.integers(words_W.size, size=shape[0])
    states = [state_S]
    for _ in range(1, shape[1]):
        states.append(drawn(next_WW[states[-1]], rng))
    return words_W[np.stack(states, axis=1)]


def drawn(share_PV: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One of the last axis, by its shares."""
    edge_PV = share_PV.cumsum(axis=-1)[..., :-1]
    return (rng.random(share_PV.shape[:-1])[..., None] > edge_PV).sum(axis=-1)
