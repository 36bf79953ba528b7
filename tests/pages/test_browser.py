"""The data of the feature browser: what is shown is what was measured, in the bytes that are stated."""

import json
import re

import browser_site
import numpy as np
import pandas as pd
import pytest
from browser_site import LIMITS, LONG, N_VOCAB, NAMES, RUNS, VOCABULARY, WIDE, build_words, read_shard
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file
from scipy.sparse import csr_array
from texts import packed

import build_browser
from monosem.ground.records import Run
from monosem.measures.codes import Codes, read_codes
from monosem.pages.browser import relations, shards
from monosem.pages.browser.details import histogram
from monosem.pages.browser.examples import COLUMNS, LEVELS, Activity, Limits
from monosem.pages.browser.neighbours import highest, similar
from monosem.pages.browser.texts import LONGEST, plain, sentence, shown_token, shown_vocabulary, write_text
from monosem.pages.visible import visible
from monosem.text.tokenizer import load_vocabulary
from monosem.text.tokens import read_contexts


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("browser")
    browser_site.build(root)
    return root


def details(root, model, name):
    folder = root / "site/data" / model / "mlp_post" / name
    files = sorted(folder.glob("features-*.js"), key=lambda path: int(path.stem.split("-")[1]))
    return [feature for file in files for feature in read_shard(file)]


@pytest.mark.parametrize(("model", "name"), RUNS)
def test_examples_are_the_text_and_the_activations_that_were_measured(root, model, name):
    tokens_SL = read_contexts(root / "val.zarr")
    dense_TF = read_codes(root / model / name / "codes.safetensors").matrix.toarray()
    acts_SLF = np.zeros((*tokens_SL.shape, dense_TF.shape[1]))
    acts_SLF[tokens_SL != 0] = dense_TF
    windows = pd.read_parquet(root / model / name / "examples.parquet")
    found = details(root, model, name)
    assert len(found) == dense_TF.shape[1]
    for feature, shown in enumerate(found):
        drawn = windows[windows["feature"] == feature]
        centres = set(zip(drawn["context"], drawn["position"], strict=True))
        assert bool(shown["examples"]) == (len(drawn) > 0)
        for _, _, interval, context, position, first, tokens, pairs in shown["examples"]:
            assert (context, position) in centres and -1 <= interval < browser_site.INTERVALS
            start = position + first
            assert tokens == tokens_SL[context, start : start + len(tokens)].tolist()
            assert start >= 1 and start + len(tokens) == min(position + LIMITS["reach"] + 1, tokens_SL.shape[1])
            levels = dict(zip(pairs[::2], pairs[1::2], strict=True))
            reached = range(
                max(1, position - LIMITS["context"]), min(position + LIMITS["context"] + 1, tokens_SL.shape[1])
            )
            assert set(levels) <= {at - position for at in reached}
            for at in reached:
                true = LEVELS * acts_SLF[context, at, feature] / dense_TF[:, feature].max()
                assert abs(levels.get(at - position, 0) - true) <= 0.5 + 1e-3


def test_every_kind_and_both_roles_are_shown_within_the_limits(root):
    for feature in details(root, "A", "tiny")[:-1]:
        counts = pd.DataFrame([entry[:3] for entry in feature["examples"]], columns=["kind", "role", "interval"])
        for (kind, _), group in counts.groupby(["kind", "interval"]):
            assert len(group) <= {0: LIMITS["top"], 1: LIMITS["interval"]}.get(kind, LIMITS["other"])
        assert set(counts["role"]) == {0, 1} and set(counts["kind"]) >= {0, 1}


def test_logit_weights_and_near_features_are_the_largest(root):
    for feature, shown in enumerate(details(root, "A", "tiny")):
        weights_V = logit_weights(root)[feature]
        assert [weights_V[token] for token, _ in shown["promoted"]] == sorted(weights_V, reverse=True)[:10]
        assert [weights_V[token] for token, _ in shown["suppressed"]] == sorted(weights_V)[:10]
        titles = [title for title, _, _ in shown["related"]]
        assert titles[:2] == ["Features most like it", "Neurons it writes to most"]
        assert feature not in [link[1] for link in shown["related"][0][2]]
    assert "Match in B" in titles or feature == 7


def logit_weights(root):
    return load_file(root / "A/tiny/logits.safetensors")["logit_weights"].astype(float)


def test_matches_are_seen_from_both_sides(root):
    matches = pd.read_parquet(root / "matches.parquet").query("match >= 0")
    best_of = {
        f: {title: links for title, _, links in one["related"]} for f, one in enumerate(details(root, "B", "tiny"))
    }
    for row in matches.itertuples():
        there = best_of[row.match]["Best match of these in A"]
        assert ["A/mlp_post/tiny", row.feature] in [link[:2] for link in there]


def test_bytes_stay_within_what_is_stated(root):
    site = root / "site"
    app = sum(file.stat().st_size for file in [site / "index.html", *(site / "app").iterdir()])
    assert app <= shards.APP_BYTES
    wide = site / "data/A/mlp_post/wide"
    assert (wide / "table.js").stat().st_size <= shards.ROW_BYTES * WIDE + shards.FIXED_BYTES
    assert sum(file.stat().st_size for file in wide.glob("texts-*.js")) <= shards.TEXT_BYTES * WIDE
    for model, name in RUNS:
        record = json.loads((site / "data" / model / "mlp_post" / f"{name}.json").read_text())
        folder = site / "data" / model / "mlp_post" / name
        assert sum(record["bytes"].values()) == sum(file.stat().st_size for file in folder.iterdir())
        n_files = len(list(folder.iterdir()))
        assert (
            sum(record["bytes"].values())
            <= shards.DICTIONARY_BYTES * record["n_features"] + shards.FIXED_BYTES * n_files
        )


def test_a_page_is_small_even_for_a_neuron_that_is_always_active_and_a_large_vocabulary(tmp_path):
    rng = np.random.default_rng(0)
    tokens_SL = rng.integers(1, 50_000, (100, 128))
    activity = Activity(Codes(csr_array(rng.normal(size=(100 * 128, 1)).astype(np.float32))), packed(tokens_SL))
    limits = Limits(top=10, interval=3, other=3, reach=10, context=32)
    n_most = limits.top + 12 * limits.interval + 2 * limits.other
    rows_EC = rng.integers(64, 90, (n_most, len(COLUMNS)))
    one = {"examples": activity.entries(0, rows_EC, limits), "text": "x" * 400, "related": ["x" * 128] * 64}
    shard = shards.write_shard(tmp_path / "s.js", [one] * shards.FEATURES_A_SHARD)
    vocabulary = [f" word{i % 10_000:04}" for i in range(50_000)]
    write_text(tmp_path / "text", shown_vocabulary(vocabulary, 0), tokens_SL)
    page = shard + (tmp_path / "text/vocabulary.js").stat().st_size + shards.APP_BYTES
    assert page <= shards.PAGE_BYTES and shard <= shards.FEATURE_BYTES * shards.FEATURES_A_SHARD


@given(st.text(max_size=300))
def test_what_is_shown_of_a_token_is_visible_and_short(text):
    shown = shown_token(text)
    joined = plain(shown)
    assert (
        joined.startswith("".join(piece.text for piece in visible(text[:LONGEST]))) and len(joined) < 9 * LONGEST + 40
    )
    assert not re.search("[\u202a-\u202e\u2066-\u2069\u200b-\u200f\x00\n]", joined)
    if not isinstance(shown, str):
        assert all(shown[1:]) and shown[1::2]


def test_long_tokens_are_cut_and_say_so():
    shown = shown_token(LONG)
    assert shown[1] == "U+202E" and shown[-1] == f"… {len(LONG):,} characters" and len(plain(shown)) < 300


def test_sentences_keep_their_spaces():
    assert (
        sentence('"a\u202e" then " b"\n') == '"aU+202E" then " b"↵' and sentence(None) == sentence(float("nan")) == ""
    )


def test_highest_and_similar_are_those_of_all_pairs(monkeypatch):
    monkeypatch.setattr("monosem.pages.browser.neighbours.BLOCK_ENTRIES", 50)
    values_FD = np.random.default_rng(0).normal(size=(23, 9)).astype(np.float32)
    columns, values = highest(values_FD, 4, sign=-1)
    assert np.array_equal(values, np.sort(values_FD, axis=1)[:, :4]) and np.array_equal(
        columns, np.argsort(values_FD)[:, :4]
    )
    unit_FD = values_FD / np.linalg.norm(values_FD, axis=1, keepdims=True)
    cosines_FF = unit_FD @ unit_FD.T - 9 * np.eye(23)
    columns, values = similar(values_FD, 5)
    assert np.array_equal(columns, np.argsort(-cosines_FF)[:, :5])
    assert np.allclose(values, np.sort(cosines_FF)[:, ::-1][:, :5])


def test_histograms_count_every_activation_once():
    low, high, counts = histogram(np.array([0.1, 0.1, 2.0, 4.0], dtype=np.float32))
    assert (low, high, sum(counts), counts[-1], counts[1]) == (0, 4, 4, 1, 2)
    assert histogram(np.array([-1.0, 1.0]))[0] == -1 and histogram(np.empty(0))[2] == []


def test_what_other_steps_found_is_linked(tmp_path):
    run = Run("A", "mlp_post", "w8")
    pairs = {"narrow": ["w4", "w8"], "narrow_feature": [3, 1], "wide": ["w8", "w16"], "wide_feature": [1, 9]}
    pd.DataFrame({**pairs, "cosine": [0.5, 0.75]}).to_parquet(tmp_path / "kin.parquet")
    split, parent = relations.kin(tmp_path / "kin.parquet", run)
    assert split.links == {1: [["A/mlp_post/w16", 9, 0.75]]} and parent.links == {1: [["A/mlp_post/w4", 3, 0.5]]}
    edges = {"source": [1], "target": [2], "count": [30], "probability": [0.5], "lift": [7.0]}
    pd.DataFrame(edges).to_parquet(tmp_path / "edges.parquet")
    leads, follows = relations.automata(tmp_path / "edges.parquet", run)
    assert leads.links == {1: [[str(run), 2, 7]]} and follows.links == {2: [[str(run), 1, 7]]}
    pd.DataFrame({"pinned": ["DNA", None], "feature": [4, -1]}).to_csv(tmp_path / "s.tsv", sep="\t")
    texts = {"pinned": ["DNA", "DNA", None], "multiple": [1.0, 2.0, 0.0], "text": ["ACGT", "AC\u202eGT", "the"]}
    pd.DataFrame(texts).to_parquet(tmp_path / "t.parquet")
    assert relations.steering(tmp_path / "s.tsv", tmp_path / "t.parquet") == {4: [[1, "ACGT"], [2, "ACU+202EGT"]]}


def test_a_language_models_explanation_comes_first_and_every_test_of_it_is_shown(root):
    folder = root / "site/data/A/mlp_post/tiny"
    first, second, third = read_shard(folder / "features-0.js")[:3]
    assert first["llm"]["text"] == "cathedrals & cats" and second["llm"]["text"] == "U+202Ebad" and "llm" not in third
    assert list(first["llm"]["tests"]) == ["simulation", "logits", "detection", "fuzzing"]
    simulation, logits = (first["llm"]["tests"][task] for task in ("simulation", "logits"))
    assert (simulation["spearman"], simulation["accuracy"], logits["accuracy"], logits["n_items"]) == (
        0.25,
        None,
        0.75,
        2,
    )
    shown, truth, predicted = simulation["items"][0]
    assert shown == [["", "U+200B"], shown_token(LONG)] and (truth, predicted) == ([0, 9], [9, 0])
    assert simulation["items"][1] == [[["", "·", "cat"]], [4], [4]]
    script = '"<script>alert(1)</script>"'
    assert logits["items"] == [[script, 1, "4 of 9", False], ["no", 0, "0 of 9", True]]
    detection, fuzzing = (first["llm"]["tests"][task]["items"] for task in ("detection", "fuzzing"))
    assert detection == [[script, 1, "yes with probability 0.40", False], ["no", 0, "yes with probability 0.00", True]]
    assert fuzzing == [[script, 1, "no", False], ["no", 0, "no", True]]
    unanswered = second["llm"]["tests"]["logits"]
    assert (unanswered["status"], unanswered["reason"]) == ("timeout", "took too long")
    assert unanswered["items"][0] == ['"<script>alert(1)</script>"', 1, None, None]
    assert second["llm"]["tests"]["fuzzing"] == {"status": "not asked"}
    texts = read_shard(folder / "texts-0.js")
    assert texts[0][0] == "cathedrals & cats" and texts[2][0] and texts[0][1].split()[0] == "cathedral"
    assert read_shard(folder / "table.js")["columns"]["llm"][:2] == [0.25, None]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"logits": "B/wrong.safetensors"}, r"B/wrong.safetensors: no such file"),
        ({"explanations": "matches.parquet"}, "matches.parquet: has no column text"),
        ({"scores": "other.parquet"}, r"other.parquet: other features than .*features.parquet; rerun"),
        ({"codes_record": "other.json"}, r"codes.safetensors: made from other tokens than are given; encode"),
    ],
)
def test_errors_name_the_file_and_the_fix(root, tmp_path, changes, message):
    pd.read_parquet(root / "A/tiny/scores.parquet").head(3).to_parquet(root / "other.parquet")
    record = json.loads((root / "A/tiny/codes.json").read_text())
    (root / "other.json").write_text(json.dumps(record | {"tokens_digest": "other"}))
    given_files = {name: root / value for name, value in changes.items()}
    with pytest.raises(ValueError, match=message):
        build_browser.main(build_words(root, "A", "tiny", **given_files, output=tmp_path / "out"))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"reach": 13}, "--reach 13, --context 12"),
        ({"matches": "m.parquet"}, "--matches, --matches-record: give both"),
        ({"llm_scores": "s.parquet"}, "--llm-scores, --llm-answers: give both"),
    ],
)
def test_flags_that_do_not_fit_are_refused(root, capsys, changes, message):
    with pytest.raises(SystemExit):
        build_browser.main(build_words(root, "A", "tiny", **changes))
    assert message in capsys.readouterr().err


def test_a_site_of_other_text_is_refused(root):
    with pytest.raises(ValueError, match=r"wrong.json: its examples are of other tokens"):
        record = json.loads((root / "site/data/A/mlp_post/tiny.json").read_text())
        (root / "wrong.json").write_text(json.dumps(record | {"tokens_digest": "other"}))
        browser_site.assemble(root, [root / "wrong.json"])


def test_vocabulary_and_text_are_the_held_out_ones(root):
    shown = read_shard(root / "site/text/vocabulary.js")
    assert [plain(token) for token in shown[1:]] == [plain(shown_token(name)) for name in VOCABULARY[1:]]
    assert len(shown) == N_VOCAB and load_vocabulary(root / "tokenizer.json")[1 : len(NAMES)] == NAMES[1:]
    text = [row for k in range(1) for row in read_shard(root / f"site/text/contexts-{k}.js")]
    assert np.array_equal(text, read_contexts(root / "val.zarr"))
