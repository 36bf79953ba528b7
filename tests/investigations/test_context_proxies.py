"""Proxies of contexts: characters out of bytes, scores of stretches, counts in training text."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from texts import packed

from monosem.investigations.characters import BROKEN, characters, inside, vocabulary_of
from monosem.investigations.proxies import (
    FLOOR,
    Context,
    Proxies,
    best_stretches,
    count_rates,
    parse_contexts,
    token_scores,
)

LETTERS = "aZ ِبé猫𝄞\n"  # of one to four bytes
ARABIC = ((0x0600, 0x06FF),)
MIXED = st.lists(st.sampled_from(list(LETTERS)), min_size=1, max_size=20).map("".join)


def cut(data: bytes, places: set[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(place % len(data) for place in places)})
    return [data[start:end] for start, end in pairwise(edges)]


def read(tokens: list[bytes]):
    """The characters of a text that is these tokens one after the other, behind BOS."""
    vocabulary = vocabulary_of([b"", *tokens], bos=0)
    return characters(np.arange(len(tokens) + 1), vocabulary)


@given(MIXED, st.sets(st.integers(0, 80), max_size=30))
def test_every_byte_knows_its_character_however_text_is_cut_into_tokens(text, places):
    tokens = cut(text.encode(), places)
    found = read(tokens)
    expected = [ord(letter) for letter in text for _ in letter.encode()]
    assert found.point_B[1:].tolist() == expected
    ends = np.cumsum([len(token) for token in tokens])
    whole = {len(text[:n].encode()) for n in range(len(text) + 1)}
    assert found.finished_T[1:].tolist() == [int(end) in whole for end in ends]


@given(st.binary(min_size=1, max_size=30), st.sets(st.integers(0, 30)))
def test_bytes_that_are_no_text_break_nothing(data, places):
    found = read(cut(data, places))
    text = data.decode("utf-8", "ignore")
    assert np.isin([ord(letter) for letter in text], found.point_B).all()
    assert found.point_B.size == len(data) + 1


@given(MIXED, st.sets(st.integers(0, 80), max_size=30))
def test_a_token_is_in_a_script_when_all_characters_it_touches_are(text, places):
    tokens = cut(text.encode(), places)
    touched, place = [[] for _ in tokens], 0
    owner = np.repeat(np.arange(len(tokens)), [len(token) for token in tokens])
    for letter in text:
        for token in set(owner[place : place + len(letter.encode())]):
            touched[token].append(letter)
        place += len(letter.encode())
    expected = [
        all(ARABIC[0][0] <= ord(letter) <= ARABIC[0][1] for letter in letters[token[:1] == b" " and len(token) > 1 :])
        for token, letters in zip(tokens, touched, strict=True)
    ]
    assert inside(read(tokens), ARABIC)[1:].tolist() == expected


def test_a_character_does_not_go_on_behind_bos():
    first, second = "ب".encode()[:1], "ب".encode()[1:]
    vocabulary = vocabulary_of([b"", first, second], bos=0)
    whole, broken = (characters(np.array(tokens), vocabulary) for tokens in ([0, 1, 2], [0, 1, 0, 2]))
    assert whole.point_B.tolist() == [0, ord("ب"), ord("ب")]
    assert broken.point_B.tolist() == [0, BROKEN, 0, BROKEN]


@given(
    st.lists(st.tuples(st.floats(-9, 9), st.sampled_from([False, False, False, True])), min_size=1, max_size=12),
    st.integers(1, 4),
)
def test_the_best_stretch_is_the_best_of_all_that_end_there(positions, span):
    scores, stops = np.array([[score for score, _ in positions]]), np.array([[stop for _, stop in positions]])
    found = best_stretches(scores, stops, span)[0]
    for end in range(len(positions)):
        starts = [s for s in range(end + 2 - span) if not stops[0, s : end + 1].any()]
        best = max((scores[0, start : end + 1].sum() for start in starts), default=-np.inf)
        assert found[end] == pytest.approx(best, abs=1e-9)


def training_of(tokens_SL, categories=("a", "b")):
    return packed(np.array(tokens_SL), categories)


def test_scores_of_an_alphabet_are_its_letters_over_the_share_of_the_token():
    tokens, dna = [b"", b"AC", b"A", b"x", b"never"], make("ATCG")
    rates = count_rates(training_of([[0, 1, 2, 2], [0, 3, 3, 3]]), vocabulary_of(tokens, 0), [dna])
    expected = [np.log(1 / 16 * 6), np.log(1 / 4 * 6 / 2), np.log(FLOOR * 6 / 3), np.log(FLOOR**5 * 6)]
    assert token_scores(dna, rates, tokens)[1:] == pytest.approx(expected)


def make(alphabet="", **parts):
    return Context("one", "a", alphabet=alphabet, **parts)


def test_an_unfinished_character_has_the_rate_of_its_token_and_a_finished_one_is_certain():
    arabic, latin = "ب".encode(), "Ȩ".encode()  # both two bytes, other first bytes
    shared = arabic[1:]  # ends both an Arabic letter and, behind another byte, a Latin one
    tokens = [b"", arabic[:1], latin[:1], shared, b"x"]
    # three Arabic letters, and one that begins so but is broken off
    text = training_of([[0, 1, 3, 1, 3, 4, 4], [0, 1, 3, 2, 3, 1, 4]])
    script, vocabulary = make(blocks=ARABIC), vocabulary_of(tokens, 0)
    rates = count_rates(text, vocabulary, [script])
    prior = np.log(6 / 12)
    assert rates.log_prior(script) == pytest.approx(prior)
    scores = token_scores(script, rates, tokens)
    assert scores[1:] == pytest.approx(np.log([3 / 4, FLOOR, 3 / 4, FLOOR]) - prior)
    found = Proxies([script], vocabulary, rates, scores[None], 0).of(text)[:, 0].reshape(2, 6)
    certain, ruled_out = -prior, np.log(FLOOR) - prior
    begun = np.log(3 / 4) - prior
    assert found[0] == pytest.approx([begun, certain, begun, certain, ruled_out, ruled_out])
    assert found[1, :4] == pytest.approx([begun, certain, ruled_out, ruled_out])


def test_contexts_without_a_proxy_are_their_documents():
    text = training_of([[0, 1, 1], [0, 1, 2], [0, 2, 2]])
    licences, tokens = Context("licences", "b"), [b"", b"x", b"y"]
    vocabulary = vocabulary_of(tokens, 0)
    rates = count_rates(text, vocabulary, [licences, Context("none", "unknown")])
    scores = token_scores(licences, rates, tokens)
    assert scores[1:] == pytest.approx([np.log(1 / 2 / (3 / 6)), np.log(1 / 2 / (3 / 6))])
    assert Proxies([licences], vocabulary, rates, scores[None], 0).of(text)[:, 0].tolist() == [0, 0, 1, 1, 0, 0]
    assert (token_scores(Context("none", "unknown"), rates, tokens) < -20).all()


def test_the_table_of_the_config_becomes_contexts_and_says_what_is_wrong():
    table = {"Arabic": {"category": "arabic", "blocks": ["0600-06FF", "0750-077f"]}, "gone": None}
    assert parse_contexts(table) == [Context("Arabic", "arabic", ((0x600, 0x6FF), (0x750, 0x77F)))]
    for entry, message in [
        ({"blocks": ["0600-06FF"]}, "a category expected"),
        ({"category": "a", "blocks": [], "alphabet": "x"}, "or an alphabet"),
        ({"category": "a", "letters": "x"}, "letters"),
        ({"category": "a", "blocks": ["Arabic"]}, "ranges of code points such as 0600-06FF"),
    ]:
        with pytest.raises(ValueError, match=f"context Odd: .*{message}"):
            parse_contexts({"Odd": entry})
    with pytest.raises(ValueError, match="without a dot"):
        parse_contexts({"A.B": {"category": "a"}})
    rates = count_rates(training_of([[0, 1]]), vocabulary_of([b"", b"x"], 0), [make()])
    for alphabet, message in [("ب", "has no letter"), ("z-a", "bad character range")]:
        with pytest.raises(ValueError, match=f"context one: alphabet {alphabet}.*{message}"):
            token_scores(make(alphabet), rates, [b"", b"x"])


@given(st.floats(-5, 5), st.floats(-5, 5))
def test_the_target_is_the_proxy_above_zero_or_its_sign(low, high):
    proxy_T = np.array([low, high, -np.inf])
    assert make().target(proxy_T).tolist() == [max(low, 0), max(high, 0), 0]
    assert make(binary=True).target(proxy_T).tolist() == [low > 0, high > 0, 0]
