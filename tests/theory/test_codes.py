"""Spread features, sparse codes and encoders: every formula as a property, every planted truth found again."""

import math

import numpy as np
import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import random_rows, unit_rows
from monosem.sae.recipe import Recipe
from monosem.theory.distributed import (
    Probing,
    aligned,
    gelu,
    mmcs_among,
    nonhomogeneity,
    probed,
    response,
    room,
    signed_features,
    spread,
)
from monosem.theory.encoder_trials import by_hand
from monosem.theory.encoders import Fitting, codes_of_all, ista, share_left, tied
from monosem.theory.planted import best_cosines, plant, trained
from monosem.theory.sparse_codes import fan, least_l0, least_l1, margin, planted, random_directions

SEEDS = st.integers(0, 2**32 - 1)
INPUTS = np.linspace(-20, 20, 81)


@given(st.integers(1, 200), st.floats(0, 1))
def test_a_spread_feature_answers_as_the_formula_says(n_neurons, negative):
    share, z_B = round(negative * n_neurons) / n_neurons, INPUTS / n_neurons**0.5
    expected_B = n_neurons**0.5 * ((1 - 2 * share) * gelu(z_B) + share * z_B)
    np.testing.assert_allclose(response(INPUTS, spread(n_neurons, negative)), expected_B, atol=1e-9)


@given(st.integers(1, 200))
def test_inputs_larger_by_the_root_bring_the_curve_back(n_neurons):
    root = n_neurons**0.5
    np.testing.assert_allclose(response(INPUTS * root, spread(n_neurons)) / root, gelu(INPUTS), atol=1e-9)
    np.testing.assert_allclose(response(INPUTS, aligned(n_neurons)), gelu(INPUTS), atol=1e-9)


@given(SEEDS, st.floats(-3, 3), st.floats(0.1, 3), st.floats(0.1, 0.9))
def test_nonhomogeneity_is_none_of_a_line_and_what_is_left_of_a_parabola(seed, slope, curve, held_out):
    x_B = np.random.default_rng(seed).uniform(-1, 1, 4000)
    assume(abs(slope) > 0.1)
    assert nonhomogeneity(x_B, slope * x_B + 1, held_out) == pytest.approx(0, abs=1e-9)
    # Of x's variance 1/3 and that of x^2, 4/45, a line explains the first alone.
    expected = curve**2 * 4 / 45 / (slope**2 / 3 + curve**2 * 4 / 45)
    assert nonhomogeneity(x_B, slope * x_B + curve * x_B**2, held_out) == pytest.approx(expected, abs=0.15)


@given(SEEDS, st.integers(1, 20))
def test_signed_features_have_unit_norm_and_the_neurons_asked_for(seed, n_dimensions):
    features_MN = signed_features(7, n_dimensions, 20, np.random.default_rng(seed))
    np.testing.assert_allclose(np.linalg.norm(features_MN, axis=1), 1)
    assert ((features_MN != 0).sum(axis=1) == n_dimensions).all()


def test_others_that_are_on_hide_the_curve_and_post_and_code_scale_alike_when_all_neurons_are_used():
    post, code = (Probing(50, 4000, 3, 5.0, 0.2, fixed) for fixed in (False, True))
    alone, crowded = (probed(n_others, 50, post, np.random.default_rng(0)) for n_others in (0, 32))
    assert alone > 0.15 and crowded < 0.05
    assert probed(4, 50, post, np.random.default_rng(1)) == probed(4, 50, code, np.random.default_rng(1))


def test_there_is_room_for_as_many_features_as_the_limit_on_their_likeness_lets_in():
    assert mmcs_among(np.eye(5)) == 0
    rng = np.random.default_rng(0)
    fits = room(10, 100, 0.3, 512, rng)
    assert 100 < fits < 512
    assert room(10, 100, 1.0, 64, rng) == 64 and room(1, 2, 0.0, 64, rng) <= 4


@given(st.floats(0, 2.9))
def test_the_sparser_code_is_shorter_by_the_formula_and_never_longer(angle):
    assert margin(angle) == pytest.approx(1 / math.cos(angle / 2) - 1, abs=1e-7)


@settings(max_examples=50)
@given(SEEDS, st.integers(2, 3), st.floats(0.05, 2.9), st.integers(1, 2))
def test_in_the_plane_the_least_l1_is_as_sparse_as_any(seed, n_directions, angle, n_on):
    D_FN = fan(angle)[[0, 2] if n_directions == 2 else [0, 1, 2]]
    truth = planted(D_FN, n_on, np.random.default_rng(seed))
    x_N = truth.value_F @ D_FN
    found, sparsest = least_l1(x_N, D_FN), least_l0(x_N, D_FN)
    np.testing.assert_allclose(found.value_F @ D_FN, x_N, atol=1e-7)
    assert found.l0 == sparsest.l0 <= truth.l0 and found.l1 <= truth.l1 + 1e-7


@settings(max_examples=25)
@given(SEEDS, st.integers(2, 8))
def test_a_vector_along_one_direction_is_coded_by_it_alone_in_any_dimension(seed, width):
    rng = np.random.default_rng(seed)
    D_FN = random_directions(3 * width, width, rng)
    truth = planted(D_FN, 1, rng)
    np.testing.assert_allclose(least_l1(truth.value_F @ D_FN, D_FN).value_F, truth.value_F, atol=1e-6)


def test_the_worked_example_of_a_tied_encoder():
    expected = {"input": math.sqrt(5), "code": math.sqrt(8.5), "decoded": math.sqrt(14.5)}
    assert by_hand() == pytest.approx(expected)


@given(SEEDS, st.floats(0.2, 1.57))
def test_a_tied_encoder_reads_each_direction_into_the_other_by_their_cosine(seed, angle):
    D_1FN = torch.tensor([[[1.0, 0.0], [math.cos(angle), math.sin(angle)]]]).double()
    true_BF = torch.rand(5, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    code_BF = tied({}, (true_BF @ D_1FN[0])[None], D_1FN)[0]
    torch.testing.assert_close(code_BF, true_BF + math.cos(angle) * true_BF.flip(1))
    found_BF = ista((true_BF @ D_1FN[0])[None], D_1FN, 0.0, 2000)[0]
    torch.testing.assert_close(found_BF, true_BF, atol=1e-6, rtol=0)


def test_orthogonal_directions_need_no_better_encoder_than_a_tied_one():
    truth = plant(torch.eye(4), 100, 0.5, torch.Generator().manual_seed(0))
    assert share_left(truth.code_TF, tied({}, truth.x_TN[None], torch.eye(4)[None])[0]) == 0


def test_learnt_encoders_and_inference_beat_the_tied_one_on_planted_truth():
    rng = torch.Generator().manual_seed(0)
    D_FN = random_rows(12, 6, rng)
    learn, held = (plant(D_FN, 3000, 0.1, rng) for _ in range(2))
    codes = codes_of_all(learn.x_TN[None], held.x_TN[None], D_FN[None], Fitting(0.1, 300, 256, 0.01, 48, 0))
    left = {name: share_left(held.x_TN, code_1BF[0] @ D_FN) for name, code_1BF in codes.items()}
    assert left["many steps"] < left["untied"] < left["with bias"] < left["tied"] > left["one step"]
    assert left["MLP"] < left["with bias"]


def test_an_autoencoder_of_the_project_finds_planted_directions():
    rng = torch.Generator().manual_seed(0)
    D_FN = random_rows(16, 12, rng)
    x_TN = plant(D_FN, 4000, 0.1, rng).x_TN
    schedule = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2, "ramp": 0.0, "grad_clip": 1.0}
    silent = {"resample_at": (0.3,), "resample_inputs": 1024, "dead_window": 0.1, "log_every": 100}
    sae = trained(x_TN, Recipe(Relu(0.5), 16, 100_000, 256, **schedule, **silent, seed=0))
    assert float((best_cosines(D_FN, sae.W_dec_FN) > 0.9).float().mean()) >= 0.8
    assert share_left(x_TN, sae.decode(sae.encode(x_TN))) < 0.3


@given(SEEDS)
def test_of_its_own_rows_every_direction_is_found(seed):
    D_FN = random_rows(6, 4, torch.Generator().manual_seed(seed))
    torch.testing.assert_close(best_cosines(D_FN, 3 * unit_rows(D_FN).flip(0)), torch.ones(6))
