"""Packed text and its counted tokens."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_array
from texts import packed, write_store

from monosem.measures.codes import Codes
from monosem.pages.browser.examples import Activity
from monosem.text.packed import read_packed

TOKENS = arrays.arrays(np.int64, (3, 5), elements=st.integers(0, 3))  # a context may end in BOS


@given(TOKENS)
def test_columns_are_of_the_counted_tokens_in_their_order(tokens_SL):
    text = packed(tokens_SL, ["a", "b"], vocab_size=4)
    places = [(s, position) for s in range(3) for position in range(5) if tokens_SL[s, position]]
    assert text.n_tokens == len(places)
    for row, (s, position) in enumerate(places):
        assert (text.context_T[row], text.position_T[row]) == (s, position)
        assert (text.token_T[row], text.category_T[row], text.document_T[row]) == (tokens_SL[s, position], s % 2, s)
    assert text.seen_V.tolist() == [0, *((tokens_SL == token).sum() for token in (1, 2, 3))]


@given(TOKENS)
def test_the_browser_finds_each_token_where_it_stands(tokens_SL):
    text = packed(tokens_SL, vocab_size=4)
    row_SL = Activity(Codes(csr_array((text.n_tokens, 1), dtype=np.float32)), text).row_SL
    assert (row_SL[text.context_T, text.position_T] == np.arange(text.n_tokens)).all()
    assert row_SL.max() <= text.n_tokens


def test_a_store_is_read_as_it_was_written_and_no_further_than_it_goes(tmp_path):
    text = packed(np.random.default_rng(0).integers(0, 9, (6, 4)), ["a", "b"])
    write_store(tmp_path / "val.zarr", text)
    for asked, n in ((2, 2), (7, 6)):
        found = read_packed(tmp_path / "val.zarr", asked)
        assert (found.tokens_SL == text.tokens_SL[:n]).all() and (found.category_SL == text.category_SL[:n]).all()
        assert (found.document_SL == text.document_SL[:n]).all() and found.categories == ["a", "b"]
        assert (found.bos, found.vocab_size, found.digest) == (text.bos, text.vocab_size, text.digest)
