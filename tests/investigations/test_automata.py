"""Planted automata are recovered, and where there is none, none is found."""

import json

import numpy as np
import pandas as pd
import pytest
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from small_run import WORDS, flags
from texts import packed, write_store

import find_automata
from monosem.figures.automata import drawable
from monosem.investigations import transitions
from monosem.investigations.automata import Automaton, Wanted, exceeding, find
from monosem.investigations.automata_tables import record_fields
from monosem.investigations.transitions import (
    Needed,
    dealt_anew,
    fires_on,
    followed,
    promoted_tokens,
    step_counts,
    steps_of,
)
from monosem.measures.codes import Codes, write_codes
from monosem.text.tokenizer import load_tokenizer, train_bpe
from monosem.text.tokens import counted
from plot import automata as plot_automata

S, L, V, BOS = 300, 40, 30, 0
# token: its feature; those from 20 on are of no automaton
LOOP, TURN, CHAIN, NOISE = {1: 0, 2: 0}, {3: 1, 4: 2}, {5: 3, 6: 4, 7: 5, 8: 6}, 7
FEATURE = LOOP | TURN | CHAIN
PHRASES = [[1, 2, 1, 1, 2], [3, 4, 3, 4, 3, 4], [5, 6, 7, 8]]
LEADS_TO = {0: [1, 2], 1: [4], 2: [3], 3: [6], 4: [7], 5: [8]}  # tokens that a feature promotes


def written(seed=0):
    """Contexts of phrases between filler tokens, BOS first and now and then in the middle."""
    rng, rows = np.random.default_rng(seed), []
    for _ in range(S):
        row = [BOS]
        while len(row) < L:
            row += PHRASES[rng.integers(3)] + rng.integers(20, V, rng.integers(3, 9)).tolist()
            row += [BOS] * (rng.random() < 0.1)
        rows.append(row[:L])
    return np.array(rows)


def planted(seed=0):
    """Tokens, codes and logit weights; the last feature fires anywhere."""
    tokens_SL, rng = written(seed), np.random.default_rng(seed + 1)
    token_T = tokens_SL[counted(tokens_SL, BOS)]
    dense_TF = np.zeros((token_T.size, NOISE + 1), dtype=np.float32)
    for token, feature in FEATURE.items():
        dense_TF[token_T == token, feature] = rng.uniform(0.5, 2, (token_T == token).sum())
    dense_TF[:, NOISE] = rng.random(token_T.size) < 0.1
    logits_FV = rng.normal(0, 0.1, (NOISE + 1, V))
    for feature, tokens in LEADS_TO.items():
        logits_FV[feature, tokens] += 5
    return tokens_SL, Codes(csr_array(dense_TF)), logits_FV


def search(tokens_SL, codes, promoted_FK, needed, max_states=8):
    held_out = packed(tokens_SL, bos=BOS)
    steps = steps_of(codes, held_out)
    fires_VF, _ = fires_on(steps.active_TF, held_out.token_T, V)
    return find(steps, step_counts(steps), promoted_FK, fires_VF, needed, Wanted(2.0, max_states))


def top(logits_FV, n=1):
    return np.argsort(-logits_FV, axis=1)[:, :n]


@pytest.mark.parametrize("block_codes", [1, 1 << 20])
def test_planted_automata_are_found_and_nothing_else(monkeypatch, block_codes):
    monkeypatch.setattr(transitions, "BLOCK_CODES", block_codes)
    tokens_SL, codes, logits_FV = planted()
    lifted, automata = search(tokens_SL, codes, top(logits_FV), Needed(20, 3.0))
    assert {(a.kind, a.features) for a in automata} == {
        ("self-loop", (0,)),
        ("pair", (1, 2)),
        ("chain", (3, 4, 5, 6)),
    }
    kinds = {automaton.kind: automaton for automaton in automata}
    assert kinds["chain"].probabilities == pytest.approx((1, 1, 1), abs=0.1)
    assert lifted["lift"].is_monotonic_decreasing


def test_a_chain_is_no_longer_than_allowed_and_is_seen_as_often_as_it_is_written():
    tokens_SL, codes, logits_FV = planted()
    chain = search(tokens_SL, codes, top(logits_FV), Needed(20, 3.0), max_states=3)[1][-1]
    assert chain.features in {(3, 4, 5), (4, 5, 6)}
    flat = [tuple(row[i : i + 3]) for row in tokens_SL for i in range(L - 2)]
    assert chain.count == flat.count(tuple(feature + 2 for feature in chain.features))


def test_without_promotion_or_without_order_there_is_no_automaton():
    tokens_SL, codes, logits_FV = planted()
    elsewhere_FK = np.full((NOISE + 1, 1), 25)
    assert not search(tokens_SL, codes, elsewhere_FK, Needed(20, 3.0))[1]
    shuffled = tokens_SL.copy()
    inner = shuffled[:, 1:]
    inner[:] = np.random.default_rng(5).permutation(inner.ravel()).reshape(inner.shape)
    token_T = shuffled[counted(shuffled, BOS)]
    rows = [[FEATURE.get(token) == feature for feature in range(NOISE)] for token in range(V)]
    codes = Codes(csr_array(np.array(rows, dtype=np.float32)[token_T]))
    assert not search(shuffled, codes, top(logits_FV[:NOISE]), Needed(20, 3.0))[1]


def test_lifts_are_those_counted_one_by_one():
    tokens_SL, codes, logits_FV = planted()
    lifted, _ = search(tokens_SL, codes, top(logits_FV, 3), Needed(1, 0.01))
    mask_SL, dense_TF = counted(tokens_SL, BOS), codes.matrix.toarray() > 0
    active_SLF = np.zeros((*tokens_SL.shape, NOISE + 1), dtype=bool)
    active_SLF[mask_SL] = dense_TF
    steps = mask_SL[:, :-1] & mask_SL[:, 1:]
    before, after = active_SLF[:, :-1][steps], active_SLF[:, 1:][steps]
    assert followed(packed(tokens_SL, bos=BOS)).sum() == steps.sum()
    assert len(lifted) > 5
    for row in lifted.itertuples():
        both = (before[:, row.source] & after[:, row.target]).sum()
        assert row.count == both and row.probability == pytest.approx(both / before[:, row.source].sum())
        assert row.lift == pytest.approx(row.probability / after[:, row.target].mean())
        back = (before[:, row.target] & after[:, row.source]).sum()
        usual = before[:, row.target].sum() * after[:, row.source].mean()
        assert row.back_lift == pytest.approx(back / usual)


def test_steps_too_seldom_to_be_edges_are_rivals_all_the_same():
    """Feature 0 fires 30 times, then itself 19 times and feature 1 20 times, which fires 300 times."""
    after = [[True, True]] * 9 + [[True, False]] * 10 + [[False, True]] * 11
    steps = [[[True, False], then] for then in after] + [[[False, False], [False, True]]] * 280
    active_SLF = np.array(steps + [[[False, False], [False, False]]] * 1500)
    tokens_SL = np.where(active_SLF[..., 1], 2, 1)
    codes = Codes(csr_array(active_SLF.reshape(-1, 2).astype(np.float32)))
    lifted, automata = search(tokens_SL, codes, np.array([[2], [2]]), Needed(20, 3.0))
    (edge,) = lifted.itertuples()
    assert (edge.source, edge.target, edge.count) == (0, 1, 20)
    assert edge.stay_lift == pytest.approx(19 / 30 / (19 / 1810)) and edge.stay_lift > edge.lift
    assert exceeding(lifted, ["stay_lift", "back_lift"], 2.0).empty and not automata


def test_by_chance_the_features_that_fire_have_each_others_tokens():
    promoted_FK, fires_F = np.arange(40).reshape(20, 2), np.arange(20) % 4 > 0
    dealt_FK = dealt_anew(promoted_FK, fires_F, 0)
    assert (dealt_FK[~fires_F] == promoted_FK[~fires_F]).all() and (dealt_FK[fires_F] != promoted_FK[fires_F]).any()
    assert sorted(map(tuple, dealt_FK)) == sorted(map(tuple, promoted_FK))
    assert (dealt_anew(promoted_FK, fires_F, 0) == dealt_FK).all()
    assert (dealt_anew(promoted_FK, fires_F, 1) != dealt_FK).any()


def test_a_loop_is_of_a_category_with_more_than_half_of_its_activation():
    held_out = packed(np.ones((1, 2), dtype=int), ["base64"])
    loops = [Automaton("self-loop", (feature,), (0.5,), (4.0,), 20) for feature in range(2)]
    states = pd.DataFrame({"feature": [0, 1], "category": "base64", "category_share": [0.5, 0.51]})
    fields = record_fields(9, loops, states, held_out, "base64")
    assert (fields["n_edges"], fields["n_self_loops"], fields["n_self_loops_in"]) == (9, 2, 1)


def test_tokens_that_are_hardly_seen_are_not_promoted(tmp_path):
    logits_FV = np.arange(6, dtype=np.float16).reshape(1, 6)
    save_file({"logit_weights": logits_FV}, tmp_path / "logits.safetensors")
    allowed_V = np.array([True, True, True, True, False, False])
    assert promoted_tokens(tmp_path / "logits.safetensors", allowed_V, 2).tolist() == [[3, 2]]
    assert promoted_tokens(tmp_path / "logits.safetensors", allowed_V, 9).tolist() == [[3, 2, 1, 0]]
    with pytest.raises(ValueError, match="6 tokens, but the text's have 5; rerun its rule"):
        promoted_tokens(tmp_path / "logits.safetensors", allowed_V[:5], 2)
    with pytest.raises(ValueError, match="no token of the text is seen often enough"):
        promoted_tokens(tmp_path / "logits.safetensors", ~allowed_V & False, 2)


@pytest.fixture
def command(tmp_path):
    """Of the planted text, in documents of two categories, the loop's feature in one of its own."""
    tokens_SL, codes, logits_FV = planted()
    train_bpe([" ".join(WORDS) * 5], 270).save(str(tmp_path / "tokenizer.json"))
    n_vocab = load_tokenizer(tmp_path / "tokenizer.json")[0].get_vocab_size()
    category_SL = np.isin(tokens_SL, list(LOOP))
    text = packed(tokens_SL, ["prose", "base64"], category_SL=category_SL, bos=BOS, vocab_size=n_vocab)
    write_store(tmp_path / "val.zarr", text)
    write_codes(tmp_path / "codes.safetensors", codes)
    run = {"model": "A", "site": "mlp_post", "dictionary": "planted", "tokens_digest": "abc"}
    (tmp_path / "codes.json").write_text(json.dumps(run | {"n_tokens": codes.n_tokens, "n_contexts": S}))
    weights_FV = np.pad(logits_FV, ((0, 0), (0, n_vocab - V))).astype(np.float16)
    save_file({"logit_weights": weights_FV}, tmp_path / "logits.safetensors")
    values = {name: tmp_path / f"{name}.safetensors" for name in ("codes", "logits")}
    values |= {"codes_record": tmp_path / "codes.json", "tokens": tmp_path / "val.zarr", "promoted": 1, "min_seen": 5}
    values |= {"tokenizer": tmp_path / "tokenizer.json", "min_count": 20, "min_lift": 3, "contrast": 2}
    values |= {"max_states": 8, "loop_in": "base64", "seed": 0, "output_record": tmp_path / "automata.json"}
    return values | {f"output_{name}": tmp_path / f"{name}.parquet" for name in ("edges", "automata", "states")}


def test_the_scripts_find_automata_and_draw_them(command, tmp_path, as_script):
    as_script("find_automata.py")
    find_automata.main(flags(**command))
    record = json.loads((tmp_path / "automata.json").read_text())
    counts = {
        name: record[name] for name in ("n_self_loops", "n_self_loops_in", "n_pairs", "n_chains", "longest_chain")
    }
    assert counts == {"n_self_loops": 1, "n_self_loops_in": 1, "n_pairs": 1, "n_chains": 1, "longest_chain": 4}
    assert set(counts) | {"n_edges"} < set(record["by_chance"]) and record["by_chance"]["n_chains"] == 0
    assert record["by_chance"]["n_edges"] < record["n_edges"]
    states = pd.read_parquet(tmp_path / "states.parquet").set_index("feature")
    assert states.index.tolist() == list(range(NOISE)) and states.loc[0, "category"] == "base64"
    drawn = {"record": tmp_path / "automata.json", "automata": tmp_path / "automata.parquet"}
    drawn["states"] = tmp_path / "states.parquet"
    for name in ("first", "second"):
        plot_automata.main(flags(**drawn, output=tmp_path / f"{name}.svg", output_data=tmp_path / f"{name}.tsv"))
    assert (tmp_path / "first.svg").read_bytes() == (tmp_path / "second.svg").read_bytes()
    assert pd.read_csv(tmp_path / "first.tsv", sep="\t")["feature"].tolist() == list(range(NOISE))


def test_where_nothing_is_found_the_figure_says_so(command, tmp_path):
    find_automata.main(flags(**{**command, "min_lift": 1e6, "loop_in": "dna"}))
    record = json.loads((tmp_path / "automata.json").read_text())
    assert record["n_chains"] == 0 and record["chain_lift"] is None and record["n_self_loops_in"] is None
    drawn = {name: tmp_path / f"{name}.parquet" for name in ("automata", "states")}
    outputs = {"output": tmp_path / "none.svg", "output_data": tmp_path / "none.tsv"}
    plot_automata.main(flags(record=tmp_path / "automata.json", **drawn, **outputs))
    assert len(pd.read_csv(tmp_path / "none.tsv", sep="\t")) == 0


@pytest.mark.parametrize(
    ("changed", "message"),
    [({"max_states": 2}, "--max-states at least 3"), ({"promoted": 0}, "--promoted, --min-count: at least 1 expected")],
)
def test_impossible_settings_are_refused(command, changed, message):
    with pytest.raises(ValueError, match=message):
        find_automata.main(flags(**{**command, **changed}))


def test_tokens_are_drawn_as_the_font_can():
    assert drawable(" a\n") == "·a↵" and drawable("猫") == "U+732B" and drawable("x" * 99) == "x" * 6 + "…"
    assert drawable("\u05b8") == "\u25cc\u05b8"
