"""Which windows of a feature are drawn."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from texts import packed

from monosem.autointerp.examples import interval_of, sample_windows, within_quota
from monosem.autointerp.layout import Layout, Plan, Quota, lay_out, roles
from monosem.autointerp.windows import (
    INTERVAL,
    KINDS,
    OUT_OF_CONTEXT,
    RANDOM,
    ROLES,
    TOP,
    UNOBSERVED,
    Windows,
    concatenate,
    read_windows,
    write_windows,
)
from monosem.measures.codes import Codes

BOS = 0
PLAN = Plan((Quota(10, 2, 5, 10), Quota(6, 2, 10, 20)), n_intervals=13, width=9, min_active=20, seed=3)


def held_out_tokens(n_contexts: int = 60, length: int = 64) -> np.ndarray:
    tokens_SL = np.random.default_rng(0).integers(1, 40, (n_contexts, length))
    tokens_SL[:, 0] = BOS
    tokens_SL[3, 20] = BOS  # a document ends in mid-context
    return tokens_SL


def documents_of(tokens_SL: np.ndarray, n_contexts: int = 2) -> np.ndarray:
    """Every BOS within a context starts a document; else one spans as many contexts."""
    n, length = tokens_SL.shape
    inner_SL = (tokens_SL == BOS) & (np.arange(length) > 0)
    starts_SL = inner_SL | ((np.arange(n) % n_contexts == 0)[:, None] & (np.arange(length) == 0))
    return np.cumsum(starts_SL.ravel()).reshape(n, length)


def random_codes(n_tokens: int, density: float, n_features: int = 3, seed: int = 1) -> Codes:
    rng = np.random.default_rng(seed)
    dense_TF = rng.uniform(0, 5, (n_tokens, n_features)) * (rng.random((n_tokens, n_features)) < density)
    return Codes(csr_array(dense_TF.astype(np.float32)))


def sample(codes: Codes, tokens_SL: np.ndarray, plan: Plan = PLAN) -> Windows:
    return concatenate(list(sample_windows(codes, laid_out(tokens_SL, plan), plan)))


def laid_out(tokens_SL: np.ndarray, plan: Plan = PLAN) -> Layout:
    return lay_out(replace(packed(tokens_SL, bos=BOS), document_SL=documents_of(tokens_SL)), plan)


def of_feature(windows: Windows, feature: int) -> Windows:
    return windows.where(windows.feature_E == feature)


@pytest.fixture
def tokens_SL() -> np.ndarray:
    return held_out_tokens()


@pytest.fixture
def codes(tokens_SL) -> Codes:
    return random_codes(int((tokens_SL != BOS).sum()), density=0.3)


@pytest.fixture
def windows(codes, tokens_SL) -> Windows:
    return sample(codes, tokens_SL)


def test_windows_are_slices_of_the_held_out_tokens(windows, codes, tokens_SL):
    document_SL = documents_of(tokens_SL)
    acts_SLF = np.zeros((*tokens_SL.shape, codes.n_features), dtype=np.float32)
    acts_SLF[tokens_SL != BOS] = codes.matrix.toarray()
    for feature, context, position, tokens_W, acts_W in zip(
        windows.feature_E,
        windows.context_E,
        windows.position_E,
        windows.tokens_EW,
        windows.activations_EW,
        strict=True,
    ):
        for offset, token, act in zip(range(-4, 5), tokens_W, acts_W, strict=True):
            place = position + offset
            inside = 0 <= place < tokens_SL.shape[1] and document_SL[context, place] == document_SL[context, position]
            if inside and tokens_SL[context, place] != BOS:
                assert (token, act) == (tokens_SL[context, place], acts_SLF[context, place, feature])
            else:
                assert (token, act) == (UNOBSERVED, 0)


def test_no_document_is_both_explained_and_scored(windows, tokens_SL):
    document_E = documents_of(tokens_SL)[windows.context_E, windows.position_E]
    explained, scored = (set(document_E[windows.role_E == role]) for role in range(len(ROLES)))
    assert explained and scored and not explained & scored
    contexts = [set(windows.context_E[document_E == document]) for document in explained | scored]
    assert max(map(len, contexts)) > 1  # so a split by context would not do


@given(st.lists(st.integers(1, 50), min_size=2, max_size=30), st.integers(0, 99))
def test_both_roles_get_documents_and_about_half_of_the_tokens(sizes, seed):
    document_T = np.repeat(np.arange(len(sizes)), sizes)
    role_T = roles(document_T, seed)
    assert set(role_T) == {0, 1}
    assert all(len(set(role_T[document_T == document])) == 1 for document in set(document_T))
    assert abs((role_T == 0).sum() - sum(sizes) / 2) <= max(sizes) / 2


def test_a_document_that_returns_keeps_its_role():
    assert len(set(roles(np.array([4, 4, 7, 7, 4, 7]), 0)[[0, 1, 4]])) == 1


def test_no_token_is_the_centre_of_two_windows_of_a_feature(windows):
    centres = list(zip(windows.feature_E, windows.context_E, windows.position_E, strict=True))
    assert len(set(centres)) == len(centres)


def test_quotas_are_met_where_there_is_plenty(windows):
    for feature in range(3):
        ours = of_feature(windows, feature)
        for role, quota in enumerate(PLAN.quotas):
            counts = np.bincount(ours.kind_E[ours.role_E == role], minlength=len(KINDS))
            assert counts.tolist() == [quota.top, 12 * quota.interval, quota.random, quota.out_of_context]


def test_a_rare_feature_gives_what_it_has(tokens_SL):
    codes = random_codes(int((tokens_SL != BOS).sum()), density=0.01)
    ours = of_feature(sample(codes, tokens_SL), 0)
    n_active = int(codes.matrix[:, [0]].nnz)
    drawn = np.isin(ours.kind_E, [TOP, INTERVAL])
    assert PLAN.min_active <= n_active < 60
    assert 0 < drawn.sum() <= n_active
    assert (ours.activations_EW[drawn, 4] > 0).all()


def test_a_window_lies_in_its_interval(windows, codes):
    max_F = codes.matrix.max(axis=0).toarray()
    drawn = windows.interval_E >= 0
    act_E = windows.activations_EW[:, 4] / max_F[windows.feature_E] * 13
    assert (act_E[drawn] > windows.interval_E[drawn] - 1e-5).all()
    assert (act_E[drawn] <= windows.interval_E[drawn] + 1 + 1e-5).all()
    assert np.array_equal(drawn, windows.kind_E <= INTERVAL)
    assert np.array_equal(windows.interval_E == 12, windows.kind_E == TOP)


def test_intervals_by_hand():
    assert interval_of(np.array([0.1, 1.0, 1.1, 2.0, 9.5, 10.0]), 10).tolist() == [0, 0, 1, 1, 9, 9]


def test_windows_out_of_context_stand_around_top_tokens_of_their_own_role(windows):
    for feature in range(3):
        for role in range(len(ROLES)):
            ours = of_feature(windows, feature)
            ours = ours.where(ours.role_E == role)
            top_tokens = ours.tokens_EW[ours.kind_E == TOP, 4]
            assert np.isin(ours.tokens_EW[ours.kind_E == OUT_OF_CONTEXT, 4], top_tokens).all()


def test_a_role_without_top_windows_gets_none_out_of_context(tokens_SL):
    role_T = laid_out(tokens_SL).role_T
    dense_TF = np.where(role_T == 1, 5, 1)[:, None].astype(np.float32)  # the maximum is reached in scored contexts only
    ours = sample(Codes(csr_array(dense_TF)), tokens_SL)
    assert set(ours.role_E[ours.kind_E == OUT_OF_CONTEXT]) == {1} == set(ours.role_E[ours.kind_E == TOP])


def test_random_windows_are_drawn_regardless_of_activation(tokens_SL):
    codes = random_codes(int((tokens_SL != BOS).sum()), density=0.3, n_features=60)
    windows = sample(codes, tokens_SL)
    active = windows.activations_EW[windows.kind_E == RANDOM, 4] > 0
    assert abs(active.mean() - 0.3) < 4 * np.sqrt(0.3 * 0.7 / active.size)


def test_weights_are_density_times_share_of_interval(windows, codes):
    values = codes.matrix[:, [1]].data
    ours = of_feature(windows, 1)
    for interval in range(13):
        in_interval = (interval_of(values, 13) == interval).mean()
        expected = values.size / codes.n_tokens * in_interval
        assert ours.weight_E[ours.interval_E == interval] == pytest.approx(expected)
    assert (ours.weight_E[ours.kind_E == RANDOM] == 1).all()
    assert (ours.weight_E[ours.kind_E == OUT_OF_CONTEXT] == 0).all()


def test_the_same_seed_draws_the_same_windows_and_another_does_not(codes, tokens_SL, windows):
    again = sample(codes, tokens_SL)
    assert all(np.array_equal(x, y) for x, y in zip(windows, again, strict=True))
    same_split = laid_out(tokens_SL)
    other = concatenate(list(sample_windows(codes, same_split, replace(PLAN, seed=4))))
    assert not np.array_equal(windows.tokens_EW, other.tokens_EW)
    other_split = laid_out(tokens_SL, replace(PLAN, seed=4))
    assert not np.array_equal(same_split.role_T, other_split.role_T)


def test_a_feature_draws_the_same_windows_whatever_the_others_do(codes, tokens_SL, windows):
    alone = codes.matrix.toarray()
    alone[:, [0, 2]] = 0
    ours, expected = sample(Codes(csr_array(alone)), tokens_SL), of_feature(windows, 1)
    assert all(np.array_equal(x, y) for x, y in zip(ours, expected, strict=True))


def test_features_active_on_too_few_tokens_get_no_windows(tokens_SL):
    dense_TF = np.zeros((int((tokens_SL != BOS).sum()), 3), dtype=np.float32)
    dense_TF[:19, 0] = dense_TF[:20, 1] = 1
    dense_TF[:500, 2] = -1
    assert set(sample(Codes(csr_array(dense_TF)), tokens_SL).feature_E) == {1}


@given(st.lists(st.integers(0, 3), max_size=60), st.lists(st.integers(0, 9), min_size=4, max_size=4))
def test_within_quota_keeps_the_first_of_each_group(groups, quotas):
    kept = within_quota(np.array(groups, dtype=np.int64), np.array(quotas)).tolist()
    members = [[place for place, g in enumerate(groups) if g == group] for group in range(4)]
    assert kept == [place for places, quota in zip(members, quotas, strict=True) for place in places[:quota]]


def test_windows_survive_the_file(windows, tmp_path):
    path, blocks = tmp_path / "examples.parquet", [of_feature(windows, feature) for feature in (0, 1, 7, 2)]
    assert write_windows(path, iter(blocks), width=9) == windows.feature_E.size
    back = list(read_windows(path))
    assert [set(block.feature_E) for block in back] == [{0}, {1}, set(), {2}]
    for mine, theirs in zip(concatenate(back), windows, strict=True):
        assert np.array_equal(mine, theirs.astype(mine.dtype))


def test_one_document_cannot_be_split():
    with pytest.raises(ValueError, match=r"held-out documents 1: at least 2 expected.*; encode more tokens, or"):
        lay_out(packed(np.ones((1, 24), dtype=int)), PLAN)
