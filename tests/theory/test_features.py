"""What last-layer features can express, and one neuron for exclusive features: every formula as a property."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax
from theory_cases import SEEDS

from monosem.theory.ideal_features import (
    bent_ratios,
    best_direction,
    divergence,
    features_needed,
    fit_features,
    promoted,
    successive_modes,
    with_floor,
)
from monosem.theory.log_ratios import bend, draw, log_probabilities, log_ratios, turning_share, turns
from monosem.theory.neuron import ON_OFF, REAL, Training, best_loss, cross_entropy, train, turning_penalty

LATENT = np.linspace(-1.5, 1.5, 31)
FIT = {"starts": 2, "steps": 500, "seed": 0}


@given(SEEDS, st.integers(2, 6), st.booleans())
def test_every_log_ratio_is_a_line_in_the_activation_with_biases_or_without(seed, n_tokens, biases):
    rng = np.random.default_rng(seed)
    weights_V, bias_V = rng.normal(0, 3, n_tokens), rng.normal(0, 3, n_tokens) * biases
    act_A = np.linspace(0, 5, 41)
    ratio_AQ = log_ratios(log_softmax(np.outer(act_A, weights_V) + bias_V, axis=1))
    first, second = np.triu_indices(n_tokens, k=1)
    expected_AQ = np.outer(act_A, weights_V[first] - weights_V[second]) + bias_V[first] - bias_V[second]
    np.testing.assert_allclose(ratio_AQ, expected_AQ, atol=1e-9)
    assert bend(ratio_AQ) < 1e-9 and turns(ratio_AQ).sum() == 0


@given(SEEDS, st.integers(2, 32))
def test_through_the_normalisation_a_ratio_turns_at_most_once(seed, width):
    made = draw(width, 3, torch.Generator().manual_seed(seed))
    act_A = torch.linspace(0, 10, 101, dtype=torch.float64)
    ratio_AQ = log_ratios(log_probabilities(made, act_A, normalised=True).numpy())
    assert turns(ratio_AQ).max() <= 1
    assert turns(log_ratios(log_probabilities(made, act_A, normalised=False).numpy())).max() == 0


def test_ratios_turn_as_often_as_the_formula_says_in_many_dimensions():
    rng, act_A = torch.Generator().manual_seed(0), torch.linspace(0, 1, 41, dtype=torch.float64)
    counts = [
        turns(log_ratios(log_probabilities(draw(2048, 2, rng), act_A, normalised=True).numpy())) for _ in range(400)
    ]
    spread = math.sqrt(0.25 * 0.75 / 400)
    assert turning_share(1) == 0.25
    assert np.mean(np.concatenate(counts)) == pytest.approx(0.25, abs=4 * spread)


@given(SEEDS, st.integers(4, 40), st.floats(0, 25))
def test_one_feature_comes_as_near_any_triple_as_the_formula_says(seed, n_tokens, strength):
    rng = np.random.default_rng(seed)
    target_V, base_V = np.zeros(n_tokens), log_softmax(rng.normal(0, 2, n_tokens))
    inside = rng.choice(n_tokens, 3, replace=False)
    target_V[inside] = rng.dirichlet(np.ones(3)) * 0.97 + 0.01
    others = 1 - np.exp(base_V[inside]).sum()
    kl = divergence(target_V, log_softmax(base_V + promoted(target_V, base_V, strength)))
    assert kl == pytest.approx(np.log1p(others * np.exp(-strength)), abs=1e-12)
    assert kl <= np.exp(-strength)


@settings(max_examples=20)
@given(SEEDS)
def test_the_best_direction_is_no_worse_than_one_that_was_planted(seed):
    """Planted so that no token has nearly all of the probability: there the fit ends where its gradient is small."""
    rng = np.random.default_rng(seed)
    W_U_WV, base_V = rng.normal(size=(6, 20)), log_softmax(rng.normal(size=20))
    planted_V = softmax(base_V + rng.normal(size=6) / 2 @ W_U_WV)
    assert best_direction(planted_V, base_V, W_U_WV, 500) < 1e-6


@settings(max_examples=15)
@given(SEEDS, st.integers(1, 2))
def test_planted_features_are_fitted_exactly_and_counted(seed, n_features):
    rng = np.random.default_rng(seed)
    target_TV = softmax(
        rng.uniform(0, 2, (12, n_features)) @ rng.normal(size=(n_features, 4)) + rng.normal(size=4), axis=1
    )
    assert features_needed(target_TV) == n_features
    assert fit_features(target_TV, n_features, biases=True, **FIT).kl < 1e-9
    assert features_needed(with_floor(target_TV)) > n_features


@given(st.integers(2, 6), st.floats(0.5, 12))
def test_modes_of_one_width_lie_on_a_line_however_many(n_tokens, sharpness):
    modes_TV = successive_modes(LATENT, n_tokens, sharpness)
    assert features_needed(modes_TV, slack=1e-9) == 1
    assert turns(log_ratios(np.log(modes_TV))).sum() == 0


def test_families_are_what_they_are_called():
    assert turns(log_ratios(np.log(bent_ratios(LATENT)))).sum() == 0 and features_needed(bent_ratios(LATENT)) == 2
    turning_TV = with_floor(successive_modes(LATENT))
    assert turns(log_ratios(np.log(turning_TV))).max() == 1 and features_needed(turning_TV) == 2
    assert fit_features(turning_TV, 1, biases=True, **FIT).kl > 0.01
    assert fit_features(turning_TV, 2, biases=True, **FIT).kl < 1e-9
    assert fit_features(successive_modes(LATENT), 1, biases=False, **FIT).kl > 0.1


def test_losses_of_one_and_two_meanings_are_those_of_the_discussion():
    assert best_loss(4, 1) == pytest.approx(0.75 * math.log(3)) == pytest.approx(best_loss(4, 3))
    assert best_loss(4, 2) == pytest.approx(math.log(2)) and best_loss(4, 0) == pytest.approx(math.log(4))
    assert turning_penalty(4, 1, 2) == pytest.approx(3 * math.log(3) - 4 * math.log(2))


@given(st.integers(2, 8), st.data())
def test_no_output_layer_of_an_on_off_neuron_beats_the_formula(n_features, data):
    n_on, seed = data.draw(st.integers(0, n_features)), data.draw(SEEDS)
    rng = torch.Generator().manual_seed(seed)
    on_1I = (torch.arange(n_features) < n_on).double()[None]
    u_1I, c_1I = (torch.randn(1, n_features, generator=rng, dtype=torch.float64) * 3 for _ in range(2))
    assert float(cross_entropy(on_1I, u_1I, c_1I)) >= best_loss(n_features, n_on) - 1e-9
    sure_1I = torch.where(on_1I > 0, 40.0, -40.0).double()  # each side's own uniform guess, in the limit
    assert float(cross_entropy(on_1I, sure_1I, -sure_1I / 2)) == pytest.approx(best_loss(n_features, n_on), abs=1e-6)


@given(st.lists(st.integers(0, 30), min_size=2, max_size=6, unique=True), st.integers(0, 2))
def test_a_real_valued_neuron_tells_apart_all_that_it_is_on_for(values, n_off):
    values_I = [0.0] * n_off + [value + 1.0 for value in values]
    act_1I = torch.tensor([values_I], dtype=torch.float64)
    loss = float(cross_entropy(act_1I, 50 * 2 * act_1I, -50 * act_1I.square()))
    assert loss == pytest.approx(best_loss(len(values_I), len(values), REAL), abs=1e-6)


def test_training_finds_the_losses_of_neurons_whose_features_are_fixed():
    on_RI = torch.tensor([[1.0, 0, 0, 0], [1, 1, 0, 0]], dtype=torch.float64)
    loss_R = train(ON_OFF, torch.zeros(2), Training(4, 800, 0.1, 0), on_RI=on_RI).loss_R
    assert loss_R.tolist() == pytest.approx([best_loss(4, 1), best_loss(4, 2)], abs=0.005)


def test_a_neuron_that_may_be_on_for_one_feature_is_on_for_one_at_most():
    trained = train(REAL, torch.zeros(20), Training(4, 200, 0.1, 0), kept=1)
    assert trained.n_on_R.max() == 1
    assert float(trained.loss_R.min()) == pytest.approx(best_loss(4, 1, REAL), abs=0.05)
