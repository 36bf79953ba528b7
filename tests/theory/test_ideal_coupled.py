"""Coupled features: planted ones are found, by the code that searches real dictionaries, and none by chance."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from theory_cases import SEEDS

from monosem.theory.coupled import (
    Paths,
    Promotion,
    Together,
    halves_of,
    pairs_together,
    triples_of,
    turn_again,
    turn_of,
    turning,
    turns,
)

N_TOKENS = 6000
CONTEXT_T = np.arange(N_TOKENS) // 20


@given(SEEDS, st.floats(0.1, 3))
def test_members_that_keep_step_turn_nothing(seed, factor):
    rng = np.random.default_rng(seed)
    path_B = np.sort(rng.uniform(0, 5, 10))
    assert turn_of(np.stack([path_B, factor * path_B], axis=1), rng.normal(size=(2, 6)))[0] <= 1e-9


def test_the_turn_of_a_pair_by_hand_is_the_lesser_of_rise_and_fall_less_what_one_has_alone():
    path_BG = np.array([[0.0, 0.0], [1, 0], [2, 0], [3, 2], [4, 4]])
    height, up, over = turn_of(path_BG, np.array([[1.0, 0.0], [-2.0, 0.0]]))
    assert (height, up, over) == (2, 0, 1)  # 0 1 2 -1 -4
    alone = turn_of(np.array([[0.0, 0.0], [1, 3], [2, 0]]), np.array([[0.0, 0.0], [1.0, 0.0]]))
    assert alone[0] == 0


def text_with_a_coupled_pair(seed):
    """Features 0 and 1 follow one latent, and turn token 0 over token 1; 2 keeps step with 0; others fire alone."""
    rng = np.random.default_rng(seed)
    act_TF = np.where(rng.random((N_TOKENS, 12)) < 0.05, rng.uniform(0.5, 3, (N_TOKENS, 12)), 0)
    latent_T = np.where(rng.random(N_TOKENS) < 0.2, rng.uniform(0, 3, N_TOKENS), 0)
    noise_T = rng.uniform(0.9, 1.1, N_TOKENS)
    act_TF[:, 0], act_TF[:, 1], act_TF[:, 2] = latent_T, 2 * np.maximum(latent_T - 1.2, 0) * noise_T, latent_T * noise_T
    weight_FV = rng.normal(0, 0.1, (12, 8))
    weight_FV[0, :2], weight_FV[1, :2] = (1.0, 0.0), (-1.0, 0.0)
    promoted = Promotion(dict(enumerate(weight_FV)), {member: np.arange(8) for member in range(12)})
    return csr_array(act_TF), promoted


@settings(max_examples=10)
@given(SEEDS)
def test_a_planted_coupled_pair_is_found_and_none_by_chance(seed):
    act_TF, promoted = text_with_a_coupled_pair(seed)
    pairs = pairs_together(act_TF, Together(100, 0.5, 2))
    assert (set(pairs) == {(0, 1), (0, 2), (1, 2)} and triples_of(pairs) == [(0, 2, 1)]) or triples_of(pairs)
    halves = halves_of(act_TF, CONTEXT_T, 8)
    found = turns(halves, pairs, promoted)
    assert turning(found, 2, 0.5)[0] == (0, 1)
    assert found[0, 1].up == 0
    assert turning(turns(halves, pairs, promoted, np.random.default_rng(seed)), 2, 0.5) == []


@settings(max_examples=10)
@given(SEEDS)
def test_what_turns_in_the_contexts_it_was_chosen_in_alone_does_not_count(seed):
    act_TF, promoted = text_with_a_coupled_pair(seed)
    act_TF = act_TF.toarray()
    act_TF[CONTEXT_T % 2 == 1, 1] = act_TF[CONTEXT_T % 2 == 1, 0]  # there the two keep step
    found = turns(halves_of(csr_array(act_TF), CONTEXT_T, 8), [(0, 1)], promoted)[0, 1]
    assert found.chosen > 0.5 and found.height <= 1e-9


@given(SEEDS)
def test_again_along_its_own_path_a_turn_is_as_high_as_where_it_was_chosen(seed):
    rng = np.random.default_rng(seed)
    path_BG, weight_GV = rng.uniform(0, 3, (10, 3)), rng.normal(size=(3, 5))
    height, up, over = turn_of(path_BG, weight_GV)
    assert turn_again(path_BG, path_BG, weight_GV[:, up] - weight_GV[:, over]) == pytest.approx(height)


def test_halves_are_of_even_and_of_odd_contexts_and_tokens_keep_their_rows():
    act_TF, _ = text_with_a_coupled_pair(0)
    for odd, half in enumerate(halves_of(act_TF, CONTEXT_T, 8)):
        token_R, _ = half.tokens(0)
        assert set(token_R) == set(np.flatnonzero((act_TF.toarray()[:, 0] > 0) & (odd == CONTEXT_T % 2)))


def test_triples_are_features_of_which_every_two_fire_together():
    assert sorted(map(sorted, triples_of([(0, 1), (0, 2), (1, 2), (2, 3)]))) == [[0, 1, 2]]


def test_paths_have_as_many_tokens_in_each_bin_and_dealing_out_keeps_means():
    act_TF, _ = text_with_a_coupled_pair(0)
    paths, dense_TF = Paths(act_TF, 7), act_TF.toarray()
    token_R, bin_R = paths.tokens(0)
    sizes = np.bincount(bin_R)
    assert sizes.max() - sizes.min() <= 1 and set(token_R) == set(np.flatnonzero(dense_TF[:, 0]))
    edges = [
        (dense_TF[token_R[bin_R == place], 0].min(), dense_TF[token_R[bin_R == place], 0].max()) for place in range(7)
    ]
    assert all(high <= low for (_, high), (low, _) in pairwise(edges))
    path_BG, dealt_BG = (paths.path(0, [0, 1], rng) for rng in (None, np.random.default_rng(0)))
    np.testing.assert_allclose(path_BG[2], dense_TF[token_R[bin_R == 2]][:, [0, 1]].mean(axis=0))
    np.testing.assert_array_equal(dealt_BG[:, 0], path_BG[:, 0])
    np.testing.assert_allclose(sizes @ dealt_BG, sizes @ path_BG)


def test_pairs_are_counted_as_a_dense_product_would():
    act_TF, _ = text_with_a_coupled_pair(1)
    on_TF = act_TF.toarray() > 0
    n_F = on_TF.sum(axis=0)
    expected = set()
    for one in range(12):
        for other in range(one + 1, 12):
            both = (on_TF[:, one] & on_TF[:, other]).sum()
            if (
                both >= 10
                and both >= 0.05 * min(n_F[one], n_F[other])
                and both * N_TOKENS >= 1.1 * n_F[one] * n_F[other]
            ):
                expected.add((one, other))
    assert set(pairs_together(act_TF, Together(10, 0.05, 1.1))) == expected
