"""How mixed the text is on which units are active: the estimate, planted units, and the script on real artefacts."""

from itertools import combinations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.sparse import csr_array
from small_run import evaluate_flags, flags
from texts import NO_BOS, packed

import evaluate_dictionary
import measure_purity
from monosem.ground.artefacts import read_json
from monosem.investigations.purity import Label, Purity, strongest
from monosem.measures.codes import Codes
from monosem.text.packed import Packed
from plot import purity as plot_purity

ACTIVATIONS = arrays.arrays(np.float64, 12, elements=st.sampled_from([0.0, 0.5, 1.0, 3.0]))
LABELS = arrays.arrays(np.int64, 12, elements=st.integers(0, 3))


def text_of(n_tokens: int, n_categories: int, length: int = 20, vocab_size: int = 50, seed: int = 0) -> Packed:
    """Contexts of one category each, in turn; tokens at random."""
    token_T = np.random.default_rng(seed).integers(0, vocab_size, n_tokens)
    names = [f"kind {number}" for number in range(n_categories)]
    return packed(token_T.reshape(-1, length), names, bos=NO_BOS, vocab_size=vocab_size)


def measure(held_out: Packed, dense_TF: np.ndarray, min_active: int = 1, n_kept: int | None = None) -> pd.DataFrame:
    return Purity.on(held_out, min_active).table("features", Codes(csr_array(dense_TF.astype(np.float32))), n_kept)


@given(ACTIVATIONS, LABELS, LABELS)
def test_agreement_is_that_of_all_pairs_of_tokens_in_different_contexts(values_T, label_T, context_T):
    pairs = [(s, t) for s, t in combinations(range(12), 2) if context_T[s] != context_T[t]]
    weight = sum(values_T[s] * values_T[t] for s, t in pairs)
    alike = sum(values_T[s] * values_T[t] for s, t in pairs if label_T[s] == label_T[t])
    found = Label.of(label_T, context_T).agreement(csr_array(values_T[None]))[0]
    assert np.isnan(found) if weight == 0 else found == pytest.approx(alike / weight)


@given(LABELS, st.integers(2, 5))
def test_fewer_tokens_give_the_same_on_average(label_T, size):
    """Over all choices of a few equally strong tokens; the entropy of their shares would be lower."""
    label_T = label_T[:7]
    label = Label.of(label_T, np.arange(7))
    choices = np.array([[token in chosen for token in range(7)] for chosen in combinations(range(7), size)], float)
    whole = label.agreement(csr_array(np.ones((1, 7))))[0]
    assert label.agreement(csr_array(choices)).mean() == pytest.approx(whole)


@given(ACTIVATIONS, LABELS, LABELS, st.floats(0.01, 100), st.permutations(range(4)))
def test_scale_and_names_of_labels_do_not_matter(values_T, label_T, context_T, scale, names):
    of = [
        Label.of(labels, context_T).entropy(csr_array(values_T[None])) for labels in (label_T, np.array(names)[label_T])
    ]
    scaled = Label.of(label_T, context_T).entropy(csr_array(scale * values_T[None]))
    assert of[0] == pytest.approx(of[1], nan_ok=True) and of[0] == pytest.approx(scaled, nan_ok=True)


def test_units_that_seldom_fire_do_not_look_pure():
    """400 units that fire on any of 16 categories, the first half 25 times less often."""
    held_out, rng = text_of(60_000, 16, length=1), np.random.default_rng(0)
    density_F = np.repeat([0.0005, 0.0125], 200)
    table = measure(held_out, rng.random((60_000, 400)) < density_F)
    seldom, often = table["category_bits"].to_numpy().reshape(2, 200)
    assert table["n_active"].to_numpy().reshape(2, 200).mean(axis=1) == pytest.approx([30, 750], rel=0.05)
    assert 2 ** -seldom.mean() == pytest.approx(2 ** -often.mean(), rel=0.1) == pytest.approx(1 / 16, rel=0.1)


def test_a_polysemantic_neuron_is_more_mixed_than_the_monosemantic_features_that_it_sums():
    held_out, rng = text_of(20_000, 8), np.random.default_rng(1)
    features_TF = (
        (held_out.category_T[:, None] == np.arange(4)) * (rng.random((20_000, 4)) < 0.05) * rng.random((20_000, 4))
    )
    tokens_TF = (held_out.token_T[:, None] == np.arange(4)) * 1.0
    dense_TF = np.concatenate(
        [features_TF, features_TF.sum(axis=1, keepdims=True), tokens_TF, tokens_TF.sum(axis=1, keepdims=True)], axis=1
    )
    table = measure(held_out, dense_TF)
    assert table["category_bits"][:4].max() < 1e-9 and table["category_bits"][4] == pytest.approx(2, abs=0.1)
    assert table["token_bits"][5:9].max() < 1e-9 and table["token_bits"][9] == pytest.approx(2, abs=0.1)
    assert table["top_category"][:4].tolist() == held_out.categories[:4] and table["top_category_share"][4] < 0.35


def test_a_neuron_that_is_pure_where_it_is_strong_is_so_on_its_strongest_tokens():
    held_out, rng = text_of(8000, 4), np.random.default_rng(2)
    strong_T = (held_out.category_T == 2) * (rng.random(8000) < 0.1)
    unit_T1 = np.where(strong_T, 5.0, rng.random(8000))[:, None]
    assert measure(held_out, unit_T1)["category_bits"][0] > 0.5
    kept = measure(held_out, unit_T1, n_kept=int(strong_T.sum()))
    assert kept["category_bits"][0] < 1e-9 and kept["n_active"][0] == strong_T.sum()


@given(st.lists(st.integers(1, 9), min_size=1, max_size=12), st.integers(1, 6))
def test_the_strongest_are_kept(values, n_kept):
    kept = strongest(csr_array(np.array([values], float)), n_kept).toarray()[0]
    least = sorted(values)[-n_kept:][0]
    assert kept.tolist() == [value if value >= least else 0 for value in values]


def test_what_is_not_measured_has_no_number():
    """Dead; active in one context only; on too few tokens."""
    held_out = text_of(100, 2)
    dense_TF = np.zeros((100, 4))
    dense_TF[:9, 1], dense_TF[[1, 25, 50], 2], dense_TF[::10, 3] = 1, 1, 1
    table = measure(held_out, dense_TF, min_active=5)
    assert table["category_bits"].isna().tolist() == [True, True, True, False]
    assert table["top_category"].tolist()[0] == "" and table["n_active"].tolist() == [0, 9, 3, 10]


@pytest.fixture
def runs(tokens, lm, acts, sae, evaluated, tmp_path):
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, sae, tmp_path, name="neurons", sae=None, sae_record=None))
    return evaluated, tmp_path


def purity_flags(tokens, runs, folder, **changed):
    values = {"tokens": tokens / "val.zarr", "min_active": 20, "codes": [run / "codes.safetensors" for run in runs]}
    values |= {"records": [run / "codes.json" for run in runs], "output": folder / "units.parquet"}
    return flags(**{**values, "output_record": folder / "purity.json", **changed})


def test_the_scripts_on_real_codes(tokens, runs, tmp_path):
    measure_purity.main(purity_flags(tokens, runs, tmp_path))
    record, table = read_json(tmp_path / "purity.json"), pd.read_parquet(tmp_path / "units.parquet")
    assert table["kind"].value_counts(sort=False).to_dict() == {
        "features": 24,
        "neurons": 16,
        "strongest of neurons": 16,
    }
    n_tokens = read_json(runs[0] / "codes.json")["n_tokens"]
    assert (record["investigation"], record["dictionary"], record["n_tokens"]) == ("purity", "relu-w24", n_tokens)
    for name, most in (("category", 4), ("token", 280)):
        assert 0 < record[name]["neurons"]["median"] <= record[name]["all_tokens"] + 0.5 < np.log2(most) + 0.5
    figures = [tmp_path / f"{number}.svg" for number in range(2)]
    for figure in figures:
        files = {"units": tmp_path / "units.parquet", "record": tmp_path / "purity.json", "output": figure}
        plot_purity.main(flags(**files, output_data=figure.with_suffix(".tsv")))
    assert figures[0].read_bytes() == figures[1].read_bytes()
    assert len(pd.read_csv(figures[0].with_suffix(".tsv"), sep="\t")) == len(table)


def test_codes_of_other_tokens_are_refused(tokens, runs, tmp_path):
    record = (runs[1] / "codes.json").read_text().replace('"tokens_digest": "', '"tokens_digest": "0')
    (runs[1] / "codes.json").write_text(record)
    with pytest.raises(
        ValueError, match=r"codes.safetensors: made from other tokens than are given; encode these tokens"
    ):
        measure_purity.main(purity_flags(tokens, runs, tmp_path))
    assert not (tmp_path / "units.parquet").exists()
