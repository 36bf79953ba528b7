"""Carriers and coupled features: the corpus is what it says, and planted truths are found by the code that searches."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from test_theory_features import SEEDS

from monosem.lm import LanguageModel, LMConfig, Site
from monosem.sae import SparseAutoencoder, unit_rows
from monosem.theory.carriers import Seen, activations, carriers, greedy_set, seen
from monosem.theory.coupled import Paths, Promotion, Together, pairs_together, triples_of, turn_of, turning, turns
from monosem.theory.passages import (
    AFTER,
    BOS,
    DESCRIPTORS,
    END,
    EVIDENCE,
    MARKUP,
    PHRASE,
    VOCABULARY,
    World,
    descriptors,
    ids,
)

WORLD = World(length=24, n_words=12, noise=1.5, seed=3)
N_TOKENS = 6000


def test_equal_seeds_give_equal_contexts_of_one_kind_each():
    first, again, other = WORLD.contexts(200, 0), WORLD.contexts(200, 0), WORLD.contexts(200, 1)
    assert np.array_equal(first.tokens_SL, again.tokens_SL) and not np.array_equal(first.tokens_SL, other.tokens_SL)
    assert (first.tokens_SL[:, 0] == BOS).all() and (first.tokens_SL[:, 1:] != BOS).all()
    kinds = [np.isin(first.tokens_SL, ids(words)).any(axis=1) for words in ((*MARKUP, END), (*EVIDENCE, *DESCRIPTORS))]
    assert not (kinds[0] & kinds[1]).any()
    for kind, places in zip(kinds, (first.binary, first.continuous), strict=True):
        assert set(places.context_P) == set(np.flatnonzero(kind))


def test_three_tokens_follow_the_end_of_a_paragraph_in_their_proportions():
    made = WORLD.contexts(3000, 0)
    at = made.binary
    assert (made.tokens_SL[at.context_P, at.position_P] == VOCABULARY.index(END)).all()
    assert (made.tokens_SL == VOCABULARY.index(END)).sum() == at.context_P.size
    next_P = made.tokens_SL[at.context_P, at.position_P + 1]
    shares = [(next_P == token).mean() for token in ids(tuple(AFTER))]
    assert shares == pytest.approx(list(AFTER.values()), abs=5 * 0.5 / next_P.size**0.5)


def test_descriptors_follow_the_phrase_as_often_as_the_words_before_foretell():
    made = WORLD.contexts(8000, 0)
    at = made.continuous
    for back, word in enumerate(reversed(PHRASE)):
        assert (made.tokens_SL[at.context_P, at.position_P - back] == VOCABULARY.index(word)).all()
    next_P = made.tokens_SL[at.context_P, at.position_P + 1]
    said_PV = next_P[:, None] == ids(DESCRIPTORS)
    assert said_PV.sum(axis=1).all()
    slack = 5 * 0.5 / next_P.size**0.5
    np.testing.assert_allclose(said_PV.mean(axis=0), at.truth_PV.mean(axis=0), atol=slack)
    # Calibrated, and as sharp as the temperature itself allows on average.
    surprise_P = -np.log(at.truth_PV[said_PV])
    known_P = -np.log(descriptors(at.latent_P)[said_PV])
    assert known_P.mean() < surprise_P.mean() < -np.log(said_PV.mean(axis=0)) @ said_PV.mean(axis=0)
    assert surprise_P.mean() == pytest.approx(-(at.truth_PV * np.log(at.truth_PV)).sum(axis=1).mean(), abs=0.05)


def test_a_context_too_short_for_a_passage_is_an_error():
    with pytest.raises(ValueError, match="--length 10: at least 17 expected, for a passage of 12 words"):
        World(10, 12, 1.5, 0)


@given(st.lists(st.floats(0.1, 1), min_size=1, max_size=6), st.floats(0.01, 0.9))
def test_of_independent_parts_the_greedy_set_is_the_fewest_largest(parts, share):
    left, calls = lambda members: sum(parts) - sum(parts[member] for member in members), range(len(parts))
    found, single = greedy_set(left, list(calls), share)
    largest = sorted(parts, reverse=True)
    enough = next(n for n in range(len(parts) + 1) if sum(largest[n:]) <= share * sum(parts) + 1e-9)
    assert len(found) in (enough, enough + 1)  # rounding, where a sum meets the share
    assert single == pytest.approx(sum(parts) - largest[0])


def test_a_feature_that_two_others_make_superfluous_is_taken_out_again():
    costs = {(): 1.0, (0,): 0.4, (1,): 0.6, (2,): 0.6, (0, 1): 0.3, (0, 2): 0.3, (1, 2): 0.0, (0, 1, 2): 0.0}
    found, single = greedy_set(lambda members: costs[tuple(sorted(members))], [0, 1, 2], 0.1)
    assert sorted(found) == [1, 2] and single == 0.4


def small_model():
    return LanguageModel(LMConfig(len(VOCABULARY), 24, 1, 32, 2, 64), seed=0).eval()


def planted(n_features, weights):
    """A model at places where features act on three tokens by these weights, as the neurons that they are."""
    model = small_model()
    words = ids(DESCRIPTORS)
    with torch.no_grad():
        model.W_U_DV.zero_()
        model.W_U_DV[:, words] = torch.linalg.qr(torch.randn(32, 32))[0][:, 1:4] * 20
        model.W_U_DV -= model.W_U_DV.mean(dim=0)
        model.blocks[0].W_out_MD.zero_()
        model.blocks[0].W_out_MD[:n_features] = torch.tensor(weights) @ torch.linalg.pinv(model.W_U_DV[:, words])
    eye_MM = torch.eye(64)
    return model, SparseAutoencoder(eye_MM, torch.zeros(64), unit_rows(eye_MM), torch.zeros(64), torch.zeros(64))


def places(model, act_PM):
    resid_PD = act_PM @ model.blocks[0].W_out_MD.detach() + 3 * torch.ones(32) * torch.tensor([1.0, -1.0] * 16)
    return Seen(model, Site("mlp_post", 0), act_PM, resid_PD)


def test_a_planted_binary_feature_is_carried_by_one():
    model, sae = planted(2, [[2.0, -1.0, 0.0], [0.0, 0.02, 0.0]])
    act_PM = torch.zeros(50, 64)
    act_PM[:, :2] = 1 + 0.1 * torch.rand(50, 2)
    found = carriers(places(model, act_PM), sae, 0.9, None)
    assert found.features == [0] and found.together == 0
    assert found.kl["carried"] <= 0.1 * found.kl["ablated"] and found.kl["reconstruction"] < 1e-6


def test_a_planted_coupled_pair_takes_both():
    model, sae = planted(3, [[0.0, 1.5, 2.0], [0.0, -2.0, 1.0], [0.01, 0.0, 0.0]])
    latent_P = torch.linspace(0, 2, 60)
    act_PM = torch.zeros(60, 64)
    act_PM[:, 0], act_PM[:, 1], act_PM[:, 2] = latent_P, 2 * (latent_P - 0.7).relu(), 1.0
    found = carriers(places(model, act_PM), sae, 0.9, DESCRIPTORS)
    assert sorted(found.features) == [0, 1]
    assert found.together == pytest.approx(float((latent_P > 0.7).sum()) / 59, abs=0.02)
    np.testing.assert_allclose(np.exp(found.log_full_PV).sum(axis=1), 1, rtol=1e-5)


def test_what_is_ablated_is_what_the_model_would_foretell_without_it():
    model, held = small_model(), WORLD.contexts(40, 0)
    rng = torch.Generator().manual_seed(0)
    W_FN = unit_rows(torch.randn(80, 64, generator=rng))
    sae = SparseAutoencoder(W_FN, torch.zeros(80), W_FN.clone(), torch.zeros(64), torch.zeros(80))
    found = carriers(seen(model, held.tokens_SL, held.continuous), sae, 1.0, DESCRIPTORS)
    at = (torch.from_numpy(held.continuous.context_P), torch.from_numpy(held.continuous.position_P))

    def without(x):
        return x - sae.encode(x) @ sae.W_dec_FN

    with torch.no_grad():
        tokens = torch.from_numpy(held.tokens_SL)
        logits = [
            (model(tokens, edits=edits)[at] @ model.W_U_DV)[:, ids(DESCRIPTORS)]
            for edits in ({}, {Site("mlp_post", 0): without})
        ]
    full, ablated = (logit.log_softmax(dim=1) for logit in logits)
    expected = float((full.exp() * (full - ablated)).sum(dim=1).mean())
    assert found.kl["ablated"] == pytest.approx(expected, rel=1e-3)
    assert activations(model, held.tokens_SL).shape == (40 * 23, 64)


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
    paths = Paths(act_TF, 8)
    found = turns(paths, pairs, promoted)
    assert turning(found, 2, 0.5)[0] == (0, 1)
    assert found[0, 1].up == 0
    assert turning(turns(paths, pairs, promoted, np.random.default_rng(seed)), 2, 0.5) == []


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
