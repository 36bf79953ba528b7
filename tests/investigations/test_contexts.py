"""Features of contexts: a planted detector is found and measured, and the scripts from the command line."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.sparse import csr_array
from small_run import evaluate_flags, flags
from texts import packed

import evaluate_dictionary
import match_features
import measure_contexts
from monosem.figures.contexts import all_claims, cases
from monosem.figures.style import theme
from monosem.findings.contexts import ROWS
from monosem.findings.measurements import Measurements
from monosem.findings.scoreboard import judge
from monosem.ground.records import MATCH_COLUMNS
from monosem.investigations.best_features import choose, correlations, halves, specific
from monosem.investigations.contexts import Dictionary, Limits, learn, measure
from monosem.investigations.proxies import Context
from monosem.measures.codes import Codes
from monosem.text.packed import Packed
from plot import context_claims as plot_context_claims
from plot import contexts as plot_contexts

BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
WORDS = [" the", " cat", " sat", "; ", ",", "\n", " (", "é"]
TOKENS = [b"", *(word.encode() for word in [*BASE64, *WORDS])]
LIMITS = Limits(min_tokens=20, rare=1, seed=0)
CONTEXTS = [
    Context("base64", "base64", alphabet="A-Za-z0-9+/"),
    Context("prose", "prose"),
    Context("Hebrew", "hebrew", blocks=((0x0590, 0x05FF),)),
]
DETECTOR, PARTIAL, NEURON = 5, 2, 1
SPLITTING, EMPTYING = 1, 0  # seeds that put the two long documents of the tiny text into different halves, into one


def documents(n_contexts: int, seed: int) -> Packed:
    """Base64 in every third context, prose in the others; one in two tokens of prose is an accidental letter."""
    rng, length = np.random.default_rng(seed), 30
    is_base64 = np.arange(n_contexts) % 3 == 0
    letters = rng.integers(1, len(BASE64) + 1, (n_contexts, length))
    words = rng.integers(len(BASE64) + 1, len(TOKENS), (n_contexts, length))
    stray = rng.random((n_contexts, length)) < 0.03
    tokens_SL = np.where(is_base64[:, None] | stray, letters, words)
    tokens_SL[:, 0] = 0
    category_SL = np.broadcast_to(1 - is_base64[:, None], tokens_SL.shape)
    return packed(tokens_SL, ["base64", "prose", "hebrew"], category_SL=category_SL)


@pytest.fixture
def planted(tmp_path) -> SimpleNamespace:
    """Codes in which feature 5 detects base64, feature 2 half of it, and neuron 1 does so among much else."""
    text = documents(90, seed=0)
    known = learn(CONTEXTS, text, documents(300, seed=1), TOKENS, LIMITS)
    rng, inside_T = np.random.default_rng(2), known.evidence.proxy_TC[:, 0] > 0
    n = inside_T.size

    def noise(width: int, density: float) -> np.ndarray:
        return rng.exponential(1, (n, width)) * (rng.random((n, width)) < density)

    features, neurons = noise(8, 0.03), noise(3, 0.3)
    features[:, DETECTOR] = known.evidence.target_TC[:, 0] * (rng.random(n) < 0.9)
    features[:, PARTIAL] = inside_T * (rng.random(n) < 0.5)
    neurons[:, NEURON] += inside_T
    weights = rng.normal(size=(8, len(TOKENS)))
    weights[DETECTOR, 1 : len(BASE64) + 1] += 2
    save_file({"logit_weights": weights.astype(np.float16)}, tmp_path / "logits.safetensors")
    columns = (range(8), 3, np.linspace(0.1, 0.8, 8), 0.25, "ok")
    matches = pd.DataFrame(dict(zip(MATCH_COLUMNS, columns, strict=True)))
    codes = [Codes(csr_array(dense.astype(np.float32))) for dense in (features, neurons)]
    return SimpleNamespace(known=known, dictionary=Dictionary(*codes, tmp_path / "logits.safetensors", matches))


def test_a_planted_detector_is_found_and_has_every_property_that_the_paper_claims(planted):
    rows, histograms = measure(CONTEXTS, planted.known, planted.dictionary, LIMITS)
    base64 = rows[0]
    assert (base64["feature"], base64["neuron"], base64["nearest_neuron"]) == (DETECTOR, NEURON, NEURON)
    known, inside_T = planted.known, planted.known.evidence.inside_TC[:, 0] & (planted.known.half_T == 1)
    assert base64["n_documents"] == len(set(known.evidence.document_T[inside_T])) > 1
    assert base64["sensitivity"] > 0.9 > base64["neuron_sensitivity"] and base64["nearest_correlation"] < 0.7
    assert base64["inside"] == base64["inside_weak"] == base64["inside_strong"] == 1
    assert 0.85 < base64["recall"] < 0.95 and base64["truth"] > 0.9 and base64["truth_area"] > 0.9
    assert base64["n_specific"] == 2 and base64["specific_sensitivity"] > 0.9
    assert base64["logit_area"] > 0.9 and base64["logit_gap"] == pytest.approx(2, abs=0.5)
    assert base64["promoted_inside"] > base64["vocabulary_inside"] == pytest.approx(64 / len(TOKENS), abs=0.02)
    assert base64["match_correlation"] == pytest.approx(0.1 + 0.1 * DETECTOR) and base64["match"] == 3
    drawn = histograms[(histograms["context"] == "base64") & (histograms["quantity"] == "activation")]
    assert (drawn["inside"].sum(), drawn["outside"].sum()) == (base64["n_active"], 0)


def test_a_context_that_does_not_occur_has_no_numbers(planted):
    rows, histograms = measure(CONTEXTS, planted.known, planted.dictionary, LIMITS)
    counts = dict.fromkeys(("n_inside", "n_documents", "proxy_share", "document_share", "n_documents_chosen"), 0)
    assert rows[2] == {"context": "Hebrew", "absent": True, **counts}
    assert set(histograms["context"]) == {"base64", "prose"}
    many = Limits(10**6, 1, 0)
    assert [row["absent"] for row in measure(CONTEXTS, planted.known, planted.dictionary, many)[0]] == [True] * 3


def test_what_is_measured_on_has_no_part_in_the_choice(planted):
    known, features = planted.known, planted.dictionary.features.matrix.toarray()
    features[known.half_T == 1] = np.random.default_rng(3).random((int(known.half_T.sum()), 8))
    best = choose(Codes(csr_array(features)), planted.dictionary.neurons, known.evidence, known.half_T)
    assert best.feature_C[0] == DETECTOR
    assert best.acts_TC[:, 0] == pytest.approx(features[known.half_T == 1][:, DETECTOR])


def test_a_feature_that_is_silent_where_it_is_measured_has_no_correlation_and_can_be_drawn(planted):
    features, known = planted.dictionary.features.matrix.toarray(), planted.known
    features[known.half_T == 1] = 0
    silent = planted.dictionary._replace(features=Codes(csr_array(features)))
    rows, histograms = measure(CONTEXTS, known, silent, LIMITS)
    assert (rows[0]["feature"], rows[0]["n_active"], rows[0]["recall"]) == (DETECTOR, 0, 0)
    assert [rows[0][name] for name in ("sensitivity", "inside", "nearest_correlation")] == [None, None, None]
    record = {"model": "A", "n_measured": 100, "contexts": {row["context"]: row for row in rows}}
    with theme():
        titles = [axes.get_title(loc="left") for axes in cases(record, histograms)[0].axes]
        assert "correlation with the proxy undefined (paper 0.38)" in titles[0]
        assert all_claims(record)[0].get_suptitle().startswith("In 0 of 2 contexts")


def test_a_vocabulary_of_rare_tokens_only_is_an_error():
    with pytest.raises(ValueError, match="rare 10000: no token occurs as often in 870 training tokens; lower it"):
        learn(CONTEXTS, documents(9, seed=0), documents(30, seed=1), TOKENS, Limits(5, 10**4, 0))


@given(st.integers(0, 99), st.lists(st.integers(1, 6), min_size=1, max_size=4))
def test_no_document_is_in_both_halves_and_each_has_some_of_every_category_of_several(seed, n_documents):
    category_D = np.repeat(np.arange(len(n_documents)), n_documents)
    document_T = np.repeat(np.arange(category_D.size), 30)
    half_T = halves(document_T, category_D[document_T], seed)
    half_D = [set(half_T[document_T == document]) for document in range(category_D.size)]
    assert all(half in ({0}, {1}) for half in half_D)
    for category, n in enumerate(n_documents):
        assert n == 1 or set(half_T[category_D[document_T] == category]) == {0, 1}


def test_the_seed_draws_the_half_of_each_category_that_is_one_document():
    drawn = {tuple(halves(np.array([7, 8, 9]), np.arange(3), seed)) for seed in range(99)}
    assert len(drawn) == 8


def test_correlations_and_areas_are_the_textbooks():
    rng = np.random.default_rng(0)
    dense = rng.random((200, 6)) * (rng.random((200, 6)) < 0.3)
    dense[:, 2] = 0
    target = rng.normal(size=(200, 3))
    found = correlations(Codes(csr_array(dense.astype(np.float32))), target)
    expected = np.corrcoef(np.delete(dense, 2, axis=1), target, rowvar=False)[:5, 5:]
    assert np.delete(found, 2, axis=0) == pytest.approx(expected, abs=1e-6) and np.isneginf(found[2]).all()


def test_a_feature_is_specific_when_active_often_enough_and_mostly_inside():
    inside_TC = np.arange(100)[:, None] < 50
    dense = np.zeros((100, 3))
    dense[30:55, 0], dense[30:60, 1], dense[:19, 2] = 1, 1, 1  # 20 of 25 inside, 20 of 30, too few
    assert specific(Codes(csr_array(dense)), inside_TC)[:, 0].tolist() == [True, False, False]


@pytest.fixture(scope="module")
def artefacts(tokens, lm, acts, sae, evaluated, corpus, tmp_path_factory):
    """Flags of measure_contexts.py for a tiny real model, whose text has Arabic words."""
    folder = tmp_path_factory.mktemp("contexts")
    evaluate_dictionary.main(
        evaluate_flags(tokens, lm, acts, sae, folder, name="neurons", sae=None, sae_record=None, loss_tokens=None)
    )
    sides = {f"{kind}-{side}": evaluated / file for side in "ab" for kind, file in (("codes", "codes.safetensors"),)}
    sides |= {f"record-{side}": evaluated / "codes.json" for side in "ab"}
    names = {"model": "A", "other": "B", "site": "mlp_post", "dictionary": "relu-w24", "top_k": 1}
    match_features.main(
        flags(**names, **sides, output=folder / "matches.parquet", output_record=folder / "matches.json")
    )
    table = {
        "Arabic": {"category": "kind1", "blocks": ["0600-06FF"]},
        "Latin": {"category": "kind0", "blocks": ["0041-007A"]},
        "one document": {"category": "kind0"},
        "Hebrew": {"category": "hebrew", "blocks": ["0590-05FF"]},
    }
    values = {"contexts": json.dumps(table), "seed": SPLITTING, "min_tokens": 2, "rare": 2, "train_tokens": 900}
    values |= {"codes": evaluated / "codes.safetensors", "record": evaluated / "codes.json"}
    values |= {"logits": evaluated / "logits.safetensors", "neurons": folder / "codes.safetensors"}
    values |= {"neurons_record": folder / "codes.json", "matches": folder / "matches.parquet"}
    values |= {"tokens": tokens / "val.zarr", "training": tokens / "train.zarr", "tokenizer": corpus.tokenizer}
    return values


@pytest.fixture
def outputs(tmp_path):
    return {
        "output": tmp_path / "contexts.tsv",
        "output_histograms": tmp_path / "histograms.tsv",
        "output_record": tmp_path / "contexts.json",
    }


def test_from_the_command_line_and_drawn(artefacts, outputs, tmp_path):
    measure_contexts.main(flags(**artefacts, **outputs))
    record = json.loads(outputs["output_record"].read_text())
    assert record["investigation"] == "contexts" and 0 < record["n_measured"] < record["n_tokens"]
    assert [entry["absent"] for entry in record["contexts"].values()] == [False, False, True, True]
    assert -1 <= record["contexts"]["Latin"]["sensitivity"] <= 1
    table = pd.read_csv(outputs["output"], sep="\t")
    assert table["context"].tolist() == list(record["contexts"]) and table["feature"].notna()[0]
    assert table["n_documents"].tolist() == [entry["n_documents"] for entry in record["contexts"].values()]
    for name, module, inputs in (
        ("cases", plot_contexts, {"record": outputs["output_record"], "histograms": outputs["output_histograms"]}),
        ("claims", plot_context_claims, {"record": outputs["output_record"]}),
    ):
        drawn = [tmp_path / f"{name}{attempt}.svg" for attempt in (1, 2)]
        for path in drawn:
            module.main(flags(**inputs, output=path, output_data=path.with_suffix(".tsv")))
        assert drawn[0].read_bytes() == drawn[1].read_bytes() and len(pd.read_csv(path.with_suffix(".tsv"), sep="\t"))


@pytest.mark.parametrize("changed", [{"min_tokens": 10**6}, {"seed": EMPTYING}])
def test_text_without_any_of_the_contexts_is_drawn_too(artefacts, outputs, tmp_path, changed):
    measure_contexts.main(flags(**{**artefacts, **changed}, **outputs))
    record, drawn = outputs["output_record"], tmp_path / "drawn.svg"
    assert all(entry["absent"] for entry in json.loads(record.read_text())["contexts"].values())
    last = {"output": drawn, "output_data": drawn.with_suffix(".tsv")}
    plot_contexts.main(flags(record=record, histograms=outputs["output_histograms"], **last))
    assert drawn.is_file()
    plot_context_claims.main(flags(record=record, **last))


def test_codes_of_other_tokens_are_an_error(artefacts, outputs, tmp_path):
    other = tmp_path / "codes.json"
    other.write_text(json.dumps({**json.loads(artefacts["neurons_record"].read_text()), "tokens_digest": "other"}))
    with pytest.raises(ValueError, match="made from other tokens"):
        measure_contexts.main(flags(**{**artefacts, "neurons_record": other}, **outputs))
    assert not outputs["output_record"].exists()


def test_findings_about_a_context_that_does_not_occur_are_not_run():
    empty = pd.DataFrame()
    entry = {"contexts": {"Arabic": {"absent": True, "n_inside": 3}}, "n_measured": 100}
    m = Measurements("s", "h", [], {}, empty, {}, {}, empty, empty, {}, {}, {"contexts": entry})
    judged = {finding.id: judge(finding, m) for finding in ROWS}
    assert {row["verdict"] for row in judged.values()} == {"not run"}
    assert judged["sensitive-Arabic"]["run"] == (
        "needs more held-out documents with Arabic, to choose and to measure on: 3 tokens in those to measure on"
    )
    assert judged["sensitive-DNA"]["run"] == "needs DNA among the contexts of the config"


def test_findings_of_a_context_need_documents_and_a_proxy_that_is_of_it():
    entry = {"absent": False, "n_inside": 300, "n_documents": 3, "n_documents_chosen": 30, "proxy_share": 0.05}
    empty = pd.DataFrame()

    def missing(**changed):
        record = {"contexts": {"Arabic": {**entry, "document_share": 0.04, **changed}}, "n_measured": 100}
        m = Measurements("s", "h", [], {}, empty, {}, {}, empty, empty, {}, {}, {"contexts": record})
        return next(judge(finding, m)["run"] for finding in ROWS if finding.id == "sensitive-Arabic")

    assert missing().endswith("to choose on and as many to measure on, has 30 and 3")
    assert missing(document_share=0.004).startswith(
        "needs a proxy of Arabic that says what it is: it is above 0 on 5.0%"
    )
