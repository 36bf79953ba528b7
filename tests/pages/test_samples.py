"""Parts of the report: which features are shown, how their tokens are shaded, and text made safe to look at."""

import numpy as np
import pandas as pd
import pytest
import synthetic_runs
from hypothesis import given
from hypothesis import strategies as st

from monosem.pages.report.samples import choose, shown_examples
from monosem.pages.visible import readable, visible


def test_the_best_scored_come_first_and_random_ones_are_others_that_fire():
    rng = np.random.default_rng(0)
    scores = pd.DataFrame({"feature": range(50), "status": "ok", "spearman": rng.random(50)})
    scores.loc[:9, "status"] = "dead"
    features = pd.DataFrame({"feature": range(50), "density": np.where(np.arange(50) < 10, 0, 0.1)})
    best, drawn = choose(scores, features, n_best=5, n_random=8, seed=1)
    by_feature = scores.set_index("feature")["spearman"]
    assert list(by_feature[best]) == sorted(by_feature[10:], reverse=True)[:5]
    assert len(drawn) == 8 and not set(drawn) & set(best) and min(drawn) >= 10
    assert choose(scores, features, n_best=5, n_random=8, seed=1) == [best, drawn]
    assert choose(scores, features, n_best=5, n_random=99, seed=2)[1] == sorted(set(range(10, 50)) - set(best))


def test_shades_are_shares_of_the_maximum_and_padding_is_left_out():
    windows = synthetic_runs.examples(1, seed=0)
    groups = shown_examples(windows, [f"t{i}" for i in range(40)], max_act=5.0)
    assert [which for which, _ in groups] == ["strongest", "weaker"]
    for _, rows in groups:
        for tokens in rows:
            assert max(token.shade for token in tokens) == 1.0
            assert all(token.shade == pytest.approx(token.activation / 5, rel=1e-6) for token in tokens)
    lengths = {len(tokens) for _, rows in groups for tokens in rows}
    assert lengths <= {8, 9}


def test_a_tokenizer_of_another_vocabulary_is_refused():
    with pytest.raises(ValueError, match=r"token \d+: vocabulary has 3; give the tokenizer of these examples"):
        shown_examples(synthetic_runs.examples(1, seed=0), ["a", "b", "c"], max_act=5.0)


@given(st.text(st.characters(exclude_characters="\u25cc")))
def test_every_character_is_shown_as_itself_or_as_one_mark(text):
    pieces = visible(text)
    assert all(piece.text.isprintable() and piece.text.strip() for piece in pieces)
    ordinary = [piece.text.removeprefix("\u25cc") for piece in pieces if not piece.is_mark]
    assert sum(piece.is_mark for piece in pieces) + sum(map(len, ordinary)) == len(text)
    left = iter(text)
    assert all(character in left for character in "".join(ordinary))  # in the order of the text


@given(st.text(alphabet="ab \n"))
def test_sentences_keep_their_spaces(text):
    assert "".join(piece.text for piece in readable(text)) == text.replace("\n", "↵")
