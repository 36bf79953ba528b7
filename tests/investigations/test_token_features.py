"""Features that follow one token: planted ones are recognised, and the script counts them by width."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from small_run import flags
from texts import NO_BOS, packed, write_store

import count_token_features
from monosem.ground.artefacts import read_json
from monosem.investigations.token_features import (
    IN_CONTEXT,
    OTHER,
    UNTOLD,
    WHOLE,
    Limits,
    common_tokens,
    count_following,
    growth_of,
    kinds,
    shares,
    token_table,
)
from monosem.measures.codes import Codes, write_codes
from monosem.text.packed import Packed
from monosem.text.tokenizer import load_tokenizer, train_bpe
from plot import token_features as plot_token_features

LIMITS = Limits(min_focus=0.5, min_coverage=0.5, min_active=5)
VOCAB = 12
GAINS = ["narrowest", "widest", "smallest_step", "in_context_share_of_widest"]


def text_of(n_tokens: int = 3000, seed: int = 0) -> Packed:
    """Contexts of 30 tokens, each of one of three categories; low tokens are the frequent ones."""
    rng = np.random.default_rng(seed)
    token_T = np.minimum(rng.geometric(0.25, n_tokens) - 1, VOCAB - 1)
    return packed(token_T.reshape(-1, 30), ["a", "b", "c"], bos=NO_BOS, vocab_size=VOCAB)


def told(dense_TF: np.ndarray, held_out: Packed, limits: Limits = LIMITS) -> pd.DataFrame:
    return token_table(Codes(csr_array(dense_TF.astype(np.float32))), held_out, limits)


def test_planted_features_are_recognised():
    """Token 1 everywhere; in category a only, and a little of token 2; a category; three tokens; few; none."""
    held_out = text_of()
    token_T, in_a_T = held_out.token_T, held_out.category_T == 0
    columns = [
        2.0 * (token_T == 1),
        3.0 * ((token_T == 1) & in_a_T) + 0.1 * (token_T == 2),
        1.0 * in_a_T,
        1.0 * np.isin(token_T, [2, 3, 4]),
        1.0 * (np.cumsum(token_T == 1) <= 4) * (token_T == 1),
        0.0 * token_T,
    ]
    table = told(np.stack(columns, axis=1), held_out)
    assert table["kind"].tolist() == [WHOLE, IN_CONTEXT, OTHER, OTHER, UNTOLD, UNTOLD]
    assert table["main_token"].tolist()[:2] == [1, 1] and table["main_token"].tolist()[-1] == -1
    assert table["coverage"][0] == table["focus"][0] == 1
    assert table["coverage"][1] == pytest.approx((token_T[in_a_T] == 1).sum() / (token_T == 1).sum())
    counts = count_following(np.array([1, 3]), table).set_index("token")
    assert counts.loc[1].tolist() == [2, 1] and counts.loc[3].tolist() == [0, 0]


@given(st.integers(0, 10**6), st.floats(0.02, 0.9))
def test_focus_and_coverage_by_hand(seed, density):
    held_out, rng = text_of(300, seed), np.random.default_rng(seed)
    dense_TF = (rng.exponential(1, (300, 4)) * (rng.random((300, 4)) < density)).astype(np.float32)
    table = told(dense_TF, held_out)
    for column, row in zip(dense_TF.T, table.itertuples(), strict=True):
        mass_V = np.bincount(held_out.token_T, column, minlength=VOCAB)
        if not mass_V.any():
            assert row.main_token == -1 and np.isnan(row.focus) and row.kind == UNTOLD
            continue
        occurs_T = held_out.token_T == row.main_token
        assert mass_V[row.main_token] == pytest.approx(mass_V.max())
        assert row.focus == pytest.approx(mass_V.max() / mass_V.sum())
        assert row.coverage == pytest.approx((column[occurs_T] > 0).mean())


@given(st.integers(0, 10**6), st.floats(0.01, 100))
def test_scale_order_and_names_do_not_matter(seed, scale):
    held_out, rng = text_of(300, seed), np.random.default_rng(seed)
    dense_TF = (
        rng.exponential(1, (300, 6)) * (rng.random((300, 6)) < 0.2) * (held_out.token_T[:, None] < np.arange(1, 7))
    )
    order_T, names = rng.permutation(300), rng.permutation(VOCAB)
    moved = packed(names[held_out.token_T[order_T]][:, None], bos=NO_BOS, vocab_size=VOCAB)
    before, after = told(dense_TF, held_out), told(scale * dense_TF[order_T], moved)
    assert before["kind"].tolist() == after["kind"].tolist()
    assert before["focus"].to_numpy() == pytest.approx(after["focus"].to_numpy(), rel=1e-5, nan_ok=True)
    assert (np.sort(names[before["main_token"]]) >= 0).all()


def test_limits_are_borders():
    table = pd.DataFrame({"n_active": [5, 4, 9, 9], "focus": [0.6, 1, 0.5, 0.51], "coverage": [0.5, 1, 1, 0.49]})
    assert kinds(table, LIMITS).tolist() == [WHOLE, UNTOLD, OTHER, IN_CONTEXT]


def test_shares_are_of_the_features_that_could_be_told():
    told_kinds = [WHOLE, IN_CONTEXT, IN_CONTEXT, OTHER, UNTOLD]
    single = pd.array([True, True, None, False, None], dtype="boolean")
    found = shares(pd.DataFrame({"kind": told_kinds, "single_token": single}))
    assert (found["n_features"], found["n_told"], found["n_judged"]) == (5, 4, 3)
    assert [found[name] for name in ("single_token", WHOLE, IN_CONTEXT, OTHER)] == [2 / 3, 0.25, 0.5, 0.25]
    nothing = shares(pd.DataFrame({"kind": [UNTOLD], "single_token": single[4:]}))
    assert nothing["single_token"] is None and nothing[WHOLE] is None


def test_common_tokens_are_the_frequent_ones_and_those_asked_for():
    held_out = text_of()
    assert common_tokens(held_out, 3, [7, 1]).tolist() == [0, 1, 2, 7]


def test_gains_of_a_word_from_the_narrowest_to_the_widest():
    common = pd.DataFrame({"token": [5, 6] * 3, "n_features": [1, 9, 4, 9, 5, 9], "n_in_context": [0, 0, 1, 0, 4, 9]})
    assert growth_of(common, 5) == dict(zip(GAINS, [1, 5, 1, 0.8], strict=True))
    assert set(growth_of(common, None).values()) == {None}


@pytest.fixture
def runs(tmp_path):
    """Two dictionaries of planted features for the token ` the`: three in the narrow one; in the wide one six more,
    each in one category of documents."""
    tokenizer_path = tmp_path / "tokenizer.json"
    train_bpe([" the cat the dog the end" * 30], 290).save(str(tokenizer_path))
    tokenizer, bos = load_tokenizer(tokenizer_path)
    the, cat = (tokenizer.encode(text).ids[0] for text in (" the", " cat"))
    rng = np.random.default_rng(0)
    tokens_SL = rng.choice([the, cat, 100, 101], (60, 20)).astype(np.uint16)
    tokens_SL[:, 0] = bos
    text = packed(tokens_SL, list("abcdef"), bos=bos, vocab_size=290)
    write_store(tmp_path / "val.zarr", text)
    is_the_T, category_T = text.token_T == the, text.category_T
    whole_TF, in_context_TF = np.tile(is_the_T[:, None], 3), is_the_T[:, None] & (category_T[:, None] == np.arange(6))
    for name, dense_TF in (("narrow", whole_TF), ("wide", np.concatenate([whole_TF, in_context_TF], axis=1))):
        folder = tmp_path / name
        folder.mkdir()
        write_codes(folder / "codes.safetensors", Codes(csr_array(dense_TF.astype(np.float32))))
        codes = {"model": "A", "site": "mlp_post", "dictionary": name, "tokens_digest": "abc", "n_contexts": 60}
        (folder / "codes.json").write_text(json.dumps(codes))
        single = pd.DataFrame(
            {"feature": range(dense_TF.shape[1]), "single_token": pd.array([True] * dense_TF.shape[1])}
        )
        single.to_parquet(folder / "explanations.parquet")
    return tmp_path


def count(runs, word: str) -> None:
    folders = [runs / "wide", runs / "narrow"]
    files = {flag: [folder / file for folder in folders] for flag, file in (
        ("codes", "codes.safetensors"), ("records", "codes.json"), ("explanations", "explanations.parquet"),
    )}  # fmt: skip
    numbers = {"min_active": 20, "min_focus": 0.5, "min_coverage": 0.5, "common": 2, "word": word}
    outputs = {
        "output": runs / "f.parquet",
        "output_common": runs / "common.tsv",
        "output_record": runs / "tokens.json",
    }
    paths = {"tokens": runs / "val.zarr", "tokenizer": runs / "tokenizer.json"}
    count_token_features.main(flags(**paths, **files, **numbers, **outputs))


def test_the_scripts_count_and_draw_the_planted_features(runs):
    count(runs, " the")
    record = read_json(runs / "tokens.json")
    assert [row["dictionary"] for row in record["widths"]] == ["narrow", "wide"]
    assert record["word"] == {"text": " the", **dict(zip(GAINS, [3, 9, 6, 6 / 9], strict=True))}
    assert record["widths"][1][IN_CONTEXT] == 6 / 9
    drawn = []
    for name in ("first", "second"):
        files = {"common": runs / "common.tsv", "record": runs / "tokens.json", "output": runs / f"{name}.svg"}
        plot_token_features.main(flags(**files, output_data=runs / f"{name}.tsv"))
        drawn.append((runs / f"{name}.svg").read_bytes())
    assert drawn[0] == drawn[1]
    table = pd.read_csv(runs / "first.tsv", sep="\t")
    assert table.loc[table["text"] == '" the"', "n_features"].tolist() == [3, 9]


def test_a_word_that_is_no_token_has_no_numbers(runs):
    count(runs, " absent")
    assert read_json(runs / "tokens.json")["word"] == {
        "text": " absent",
        **growth_of(pd.DataFrame(columns=["token", "n_features"]), None),
    }
