"""Where the directions of a dictionary lie, what tells its dead features apart, and the script on real ones."""

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_run import evaluate_flags, flags, sae_flags

import evaluate_dictionary
import measure_geometry
import train_sae
from monosem.ground.artefacts import read_json
from monosem.investigations.geometry import (
    Weights,
    basis_shares,
    describe,
    geometry_table,
    likeness,
    participation,
    weak_neurons,
)
from monosem.investigations.telling_apart import FEWEST, apart, apart_together
from monosem.sae.architectures import ARCHITECTURES
from plot import low_features as plot_low_features
from plot import neuron_basis as plot_neuron_basis

N = 40
SEED = st.integers(0, 10**6)


@given(st.integers(1, N), st.floats(0.01, 100), SEED)
def test_the_participation_ratio_counts_the_neurons_of_a_row(k, scale, seed):
    rng = np.random.default_rng(seed)
    equal_N = np.zeros(N)
    equal_N[rng.permutation(N)[:k]] = scale * rng.choice([-1, 1], k)
    any_N = rng.normal(size=N)
    found = participation(np.stack([equal_N, any_N, -scale * any_N]))
    assert found[0] == pytest.approx(k) and 1 <= found[1] <= N and found[1] == pytest.approx(found[2])


def test_random_directions_are_spread_over_a_third_of_the_neurons():
    rows = np.random.default_rng(0).normal(size=(500, 512))
    assert participation(rows).mean() == pytest.approx(514 / 3, rel=0.01)
    assert basis_shares(np.array([1, 1.4, 2, 10, 11, 99])) == pytest.approx(
        {"one": 1 / 3, "few": 1 / 3, "dense": 1 / 3}
    )
    assert set(basis_shares(np.array([])).values()) == {None}


@given(st.integers(FEWEST, 30), SEED)
def test_likeness_is_the_mean_cosine_of_two_different_rows(n, seed):
    W_RN = np.random.default_rng(seed).normal(0.3, 1, (n, 5))
    cosine_RR = (W_RN @ W_RN.T) / np.outer(*[np.linalg.norm(W_RN, axis=1)] * 2)
    assert likeness(W_RN) == pytest.approx(cosine_RR[~np.eye(n, dtype=bool)].mean())
    assert likeness(W_RN[: FEWEST - 1]) is None


@given(st.integers(FEWEST, 20), st.integers(FEWEST, 20), SEED)
def test_apart_is_the_share_of_pairs_in_order(n_chosen, n_others, seed):
    rng = np.random.default_rng(seed)
    value_F, chosen_F = rng.integers(0, 6, n_chosen + n_others), np.arange(n_chosen + n_others) < n_chosen
    pairs = value_F[chosen_F][:, None] - value_F[~chosen_F]
    expected = (pairs > 0).mean() + (pairs == 0).mean() / 2
    assert apart(value_F, chosen_F) == pytest.approx(expected)
    assert apart(value_F, ~chosen_F) == pytest.approx(1 - expected)
    assert apart(np.exp(value_F), chosen_F) == pytest.approx(expected)


def test_planted_clusters_that_overlap_on_each_axis_separate_on_both():
    rng = np.random.default_rng(0)
    chosen_F = np.arange(400) < 60
    along_F = rng.normal(0, 3, 400)
    values_FD = np.stack([along_F + chosen_F, along_F + rng.normal(0, 0.1, 400)], axis=1)
    assert all(apart_together(values_FD[:, [column]], chosen_F) < 0.7 for column in (0, 1))
    assert apart_together(values_FD, chosen_F) > 0.99
    assert apart_together(values_FD * [1e-6, 1e6], chosen_F) == apart_together(values_FD, chosen_F)
    nothing_FD = rng.normal(size=(400, 2))
    assert apart_together(nothing_FD, chosen_F) < 0.65


def test_too_few_of_a_kind_tell_nothing():
    value_F, chosen_F = np.arange(50.0), np.arange(50) < FEWEST - 1
    assert apart(value_F, chosen_F) is None and apart(value_F, ~chosen_F) is None
    assert apart_together(value_F[:, None], chosen_F) is None


def planted(n_low=30, n_alive=200, seed=0):
    """Encoders of low features lie on the weakest ten neurons, those of others anywhere."""
    rng = np.random.default_rng(seed)
    weak_N = np.arange(N) < 10
    W_enc_FN, W_dec_FN = rng.normal(size=(2, n_low + n_alive, N))
    W_enc_FN[:n_low] = np.abs(W_enc_FN[:n_low]) * weak_N
    status = ["dead"] * n_low + ["alive"] * n_alive
    columns = {"feature": range(len(status)), "status": status, "enc_dec_cosine": rng.random(len(status))}
    return Weights(W_enc_FN, rng.normal(size=len(status)), W_dec_FN, np.full(N, 0.5)), weak_N, pd.DataFrame(columns)


def test_planted_encoders_on_weak_neurons_are_found():
    weights, weak_N, table = planted()
    table = table.merge(geometry_table(weights, weak_N, centred=True), on="feature")
    found = describe(table, weights)
    assert (found["n_low"], found["n_features"]) == (30, 230)
    assert found["weak_load"]["low"] == pytest.approx(1) and found["weak_load"]["alive"] == pytest.approx(
        0.25, abs=0.05
    )
    assert found["told_apart_by"]["weak_load"] == 1 and found["told_apart_by"]["cosine"] < 0.65
    assert found["likeness"]["encoders"]["low"] > 0.5 > 0.1 > abs(found["likeness"]["decoders"]["low"])
    assert table["weak_shift"].to_numpy() == pytest.approx(-0.5 * weights.W_enc_FN[:, :10].sum(axis=1))
    weights, weak_N, table = planted(n_low=5)
    few = describe(table.merge(geometry_table(weights, weak_N, centred=True), on="feature"), weights)
    assert few["told_apart_by"]["both"] is None and few["weak_load"]["gap"] is None and few["n_low"] == 5


def test_weak_neurons_are_those_that_never_fire_strongly():
    assert weak_neurons(np.array([3.0, 0.1, 2.0, 0.0]), 0.5).tolist() == [False, True, False, True]
    assert weak_neurons(np.ones(8), 0.01).sum() == 1


def test_the_bias_is_the_one_that_was_trained():
    """The saved form of a dictionary without pre-encoder bias has one, folded in, which is taken out again."""
    rng = torch.Generator().manual_seed(0)
    for name in ("relu", "relu-unshifted"):
        arch = ARCHITECTURES[name](l1=1.0)
        trained = arch.start(24, torch.rand(N, generator=rng) + 1, rng)
        saved = arch.inference(trained, torch.empty(0, N))
        weights = Weights(
            *(tensor.numpy() for tensor in (saved.W_enc_FN, saved.b_enc_F, saved.W_dec_FN, saved.b_dec_N))
        )
        table = geometry_table(weights, np.arange(N) < 10, centred=arch.pre_encoder_bias)
        assert table["bias"].to_numpy() == pytest.approx(trained["b_enc_F"].numpy(), abs=1e-6)
        assert (table["weak_shift"] == 0).all() == (not arch.pre_encoder_bias)


@pytest.fixture
def both(tokens, lm, acts, sae, evaluated, tmp_path):
    """Folders of the fixtures' dictionary, of one trained without pre-encoder bias, and of the neurons."""
    other, neurons = tmp_path / "other", tmp_path / "neurons"
    train_sae.main(sae_flags(acts, other, name="unshifted", arch="relu-unshifted"))
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, other, other, name="unshifted"))
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, sae, neurons, name="neurons", sae=None, sae_record=None))
    return [(sae, evaluated), (other, other)], neurons


def geometry_flags(pairs, neurons, folder, **changed):
    values = {"neurons": neurons / "features.parquet", "weak": 0.25}
    values |= {"saes": [trained / "sae.safetensors" for trained, _ in pairs]}
    values |= {"sae_records": [trained / "sae.json" for trained, _ in pairs]}
    values |= {"features": [measured / "features.parquet" for _, measured in pairs]}
    values |= {"evals": [measured / "eval.json" for _, measured in pairs]}
    outputs = {"output": folder / "geometry.parquet", "output_record": folder / "geometry.json"}
    return flags(**{**values, **outputs, **changed})


@pytest.mark.parametrize("n_dictionaries", [1, 2])
def test_the_scripts_on_real_dictionaries(both, tmp_path, n_dictionaries):
    pairs, neurons = both
    measure_geometry.main(geometry_flags(pairs[:n_dictionaries], neurons, tmp_path))
    record = read_json(tmp_path / "geometry.json")
    assert record["with_bias"]["dictionary"] == "relu-w24" and record["n_neurons"] == 16
    assert (record["without_bias"] is None) == (n_dictionaries == 1)
    assert len(pd.read_parquet(tmp_path / "geometry.parquet")) == 24 * n_dictionaries
    for plot in (plot_low_features, plot_neuron_basis):
        figures = [tmp_path / f"{plot.__name__}-{number}.svg" for number in range(2)]
        for figure in figures:
            files = {"features": tmp_path / "geometry.parquet", "record": tmp_path / "geometry.json", "output": figure}
            plot.main(flags(**files, output_data=figure.with_suffix(".tsv")))
        assert figures[0].read_bytes() == figures[1].read_bytes()


def test_two_dictionaries_with_pre_encoder_bias_are_refused(both, tmp_path):
    pairs, neurons = both
    shifted = tmp_path / "shifted"
    shifted.mkdir()
    (shifted / "eval.json").write_text((pairs[1][1] / "eval.json").read_text())
    (shifted / "features.parquet").write_bytes((pairs[0][1] / "features.parquet").read_bytes())
    with pytest.raises(ValueError, match=r"sae.safetensors: trained with bias, as relu-w24; give one"):
        measure_geometry.main(geometry_flags([pairs[0], (pairs[0][0], shifted)], neurons, tmp_path))
    with pytest.raises(ValueError, match=r"--weak 1.5: a share between 0 and 1 expected"):
        measure_geometry.main(geometry_flags(pairs, neurons, tmp_path, weak=1.5))
    assert not (tmp_path / "geometry.json").exists()
