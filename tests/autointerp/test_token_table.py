"""Token tables as explanations, and how they are scored."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.stats import spearmanr
from texts import packed

from monosem.autointerp.examples import sample_windows
from monosem.autointerp.layout import Plan, Quota, lay_out
from monosem.autointerp.levels import joint_counts, pearson, quantise, spearman
from monosem.autointerp.scores import MEASURES, complete, explain_and_score, score, summary
from monosem.autointerp.token_table import Shown, TokenTable, fit, quoted
from monosem.autointerp.windows import KINDS, ROLES, UNOBSERVED, Windows, concatenate
from monosem.measures.codes import Codes

N_VOCAB = 60
SHOWN = [quoted(f"t{token}") for token in range(N_VOCAB)]
PLAN = Plan((Quota(10, 2, 5, 10), Quota(6, 2, 10, 20)), n_intervals=13, width=9, min_active=20, seed=0)
NO_PAIRS = {"pair_key_K": np.empty(0, dtype=np.int64), "pair_level_K": np.empty(0)}


def planted(shrinkage: float = 0.1, seed: int = 0) -> tuple[Windows, np.ndarray, tuple[pd.DataFrame, pd.DataFrame]]:
    """Feature 0 follows the token, 1 the pair of tokens, 2 neither; windows, maxima, and (explanations, scores)."""
    rng = np.random.default_rng(seed)
    tokens_SL = rng.integers(1, N_VOCAB, (400, 64))
    tokens_SL[:, 0] = 0
    of_token = np.where(rng.random(N_VOCAB) < 0.3, rng.uniform(0, 1, N_VOCAB), 0)
    of_pair = np.where(rng.random((4, N_VOCAB)) < 0.3, rng.uniform(0, 1, (4, N_VOCAB)), 0)
    previous_SL = np.pad(tokens_SL, ((0, 0), (1, 0)))[:, :-1]
    acts = [of_token[tokens_SL], of_pair[previous_SL % 4, tokens_SL], np.maximum(0, rng.normal(-1, 1, tokens_SL.shape))]
    dense_TF = np.stack([act_SL[tokens_SL != 0] for act_SL in acts], axis=1).astype(np.float32)
    codes = Codes(csr_array(dense_TF))
    windows = concatenate(list(sample_windows(codes, lay_out(packed(tokens_SL), PLAN), PLAN)))
    max_act_F = dense_TF.max(axis=0)
    return windows, max_act_F, explain_and_score(windows, max_act_F, SHOWN, shrinkage, min_top=3)


def table_of(windows: Windows, max_act_F: np.ndarray) -> tuple[TokenTable, Windows, np.ndarray]:
    """The table of all features, the scored windows and their levels."""
    levels_EW = quantise(windows.activations_EW, max_act_F[windows.feature_E][:, None])
    shown_E = windows.role_E == ROLES.index("explain")
    columns = (windows.feature_E, windows.kind_E == KINDS.index("random"), windows.tokens_EW, levels_EW)
    table = fit(Shown(*(column[shown_E] for column in columns)), max_act_F.size, N_VOCAB, 0.1)
    return table, windows.where(~shown_E), levels_EW[~shown_E]


def one_feature(tokens_EW: list[list[int]], activations_EW: list[list[float]], roles: list[int], kind: str) -> Windows:
    n = len(roles)
    zeros = np.zeros(n, dtype=int)
    columns = (zeros, np.array(roles), np.full(n, KINDS.index(kind)), zeros, zeros, zeros)
    return Windows(*columns, np.array(tokens_EW), np.array(activations_EW, dtype=float), np.ones(n))


def test_quantised_by_hand():
    values = np.array([-1, 0, 0.99, 1, 4.5, 8.99, 9, 10])
    assert quantise(values, np.array(10.0)).tolist() == [0, 0, 0, 1, 4, 8, 9, 9]


levels = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=2, max_size=80)


@given(levels)
def test_correlations_agree_with_scipy_and_numpy_ties_included(pairs):
    truth, predicted = np.array(pairs).T
    counts = joint_counts(np.zeros_like(truth), truth, predicted, 1)
    if len(set(truth)) == 1 or len(set(predicted)) == 1:
        assert np.isnan(spearman(counts)[0]) and np.isnan(pearson(counts)[0])
    else:
        assert spearman(counts)[0] == pytest.approx(spearmanr(truth, predicted).statistic, abs=1e-9)
        assert pearson(counts)[0] == pytest.approx(np.corrcoef(truth, predicted)[0, 1], abs=1e-9)


@given(levels)
def test_weights_act_as_repetitions(pairs):
    truth, predicted = np.array(pairs).T
    weight = truth % 3
    weighted = joint_counts(np.zeros_like(truth), truth, predicted, 1, weight)
    repeated = joint_counts(
        np.zeros(weight.sum(), dtype=int), np.repeat(truth, weight), np.repeat(predicted, weight), 1
    )
    assert pearson(weighted)[0] == pytest.approx(pearson(repeated)[0], nan_ok=True)
    assert spearman(weighted)[0] == pytest.approx(spearman(repeated)[0], nan_ok=True)


def test_a_function_of_the_token_is_explained_and_noise_is_not():
    _, _, (_, scores) = planted()
    assert scores["status"].tolist() == ["ok"] * 3
    assert scores["spearman"][0] > 0.97 and scores["pearson"][0] > 0.97
    assert (scores.loc[0, ["spearman_random", "spearman_weighted", "pearson_weighted"]] > 0.9).all()
    assert abs(scores["spearman"][2]) < 0.15


def test_a_function_of_the_pair_needs_the_pairs():
    windows, max_act_F, (_, scores) = planted()
    table, scored, levels_EW = table_of(windows, max_act_F)
    tokens_only = TokenTable(**{**vars(table), **NO_PAIRS})
    without = score(tokens_only, scored, scored.feature_E, levels_EW)
    assert scores["spearman"][1] > without["spearman"][1] + 0.03
    assert scores["spearman"][0] == pytest.approx(without["spearman"][0], abs=0.03)


def test_shuffled_explanations_score_nothing():
    windows, max_act_F, _ = planted()
    table, scored, levels_EW = table_of(windows, max_act_F)
    shuffled = {"token_level_J": np.random.default_rng(0).permutation(table.token_level_J)}
    scores = score(TokenTable(**{**vars(table), **NO_PAIRS, **shuffled}), scored, scored.feature_E, levels_EW)
    assert (scores["spearman"].abs() < 0.25).all()


def test_exchanged_explanations_lower_both_scores():
    windows, max_act_F, (_, scores) = planted()
    table, scored, levels_EW = table_of(windows, max_act_F)
    other_E = np.array([1, 0, 2])[scored.feature_E]
    exchanged = score(table, scored._replace(feature_E=other_E), other_E, levels_EW)
    assert (exchanged["spearman"][[1, 0]].to_numpy() < scores["spearman"][[0, 1]].to_numpy() - 0.3).all()


def test_levels_are_predicted_from_pair_then_token_then_random_windows():
    tokens_EW, levels_EW = np.array([[1, 2], [3, 2], [UNOBSERVED, 5]]), np.array([[0, 8], [0, 2], [0, 6]])
    shown = Shown(np.zeros(3, dtype=int), np.array([False, True, False]), tokens_EW, levels_EW)
    table = fit(shown, 1, N_VOCAB, shrinkage=1)
    base = 1.0  # the random window holds 0 and 2
    token_2 = (8 + 2 + base) / 3
    asked = np.array([[1, 2], [9, 2], [2, 9], [UNOBSERVED, 5]])
    predicted = table.predict(np.zeros(4, dtype=int), asked)
    assert predicted[:, 1] == pytest.approx([(8 + token_2) / 2, token_2, base, (6 + (6 + base) / 2) / 2])
    assert predicted[:3, 0] == pytest.approx([base / 2, base, token_2])


def test_an_explanation_reads_as_text():
    tokens_EW, levels_EW = (
        np.array([[1, 2], [3, 2], [4, 4], [UNOBSERVED, 5]]),
        np.array([[0, 9], [0, 3], [0, 0], [0, 7]]),
    )
    table = fit(Shown(np.zeros(4, dtype=int), np.array([0, 0, 1, 0]) > 0, tokens_EW, levels_EW), 1, N_VOCAB, 0)
    assert table.describe(0, SHOWN) == '"t1" then "t2" 9; "t5" 7; "t2" 6; "t3" then "t2" 3; other tokens 0'


def test_token_text_is_printable():
    assert quoted('a\n"\x00é') == '"a\\n\\"\\x00é"'


@pytest.mark.parametrize(
    ("truth", "prediction_tokens", "status"),
    [
        ([0, 9], [1, 1], "undefined_constant_prediction"),
        ([0, 0], [1, 2], "undefined_constant_truth"),
        ([0, 9], [1, 2], "ok"),
    ],
)
def test_a_constant_series_is_undefined(truth, prediction_tokens, status):
    tokens = [[1, 2], prediction_tokens]
    windows = one_feature(tokens, [[0, 9], truth], roles=[0, 1], kind="interval")
    explanations, scores = explain_and_score(windows, np.array([9.0]), SHOWN, 0, 1)
    assert scores["status"].tolist() == [status]
    assert scores[["spearman", "pearson"]].isna().to_numpy().all() == (status != "ok")
    features = pd.DataFrame({"feature": [0, 1, 2], "n_active": [50, 7, 0]})
    fields = summary(*complete(features, [explanations], [scores]))
    others = {"dead": 1, "too_few_examples": 1}
    assert {name: n for name, n in fields["status_counts"].items() if n} == {status: 1, **others}
    assert fields["spearman"]["n"] == (status == "ok")
    protocol = {"ok": 1.0, "undefined_constant_prediction": 0.0, "undefined_constant_truth": None}
    assert fields["paper_protocol"]["spearman"]["median"] == protocol[status]


def test_a_feature_that_is_active_in_text_of_one_role_only_has_too_few_examples():
    windows = one_feature([[1, 2], [1, 3]], [[0, 9], [0, 0]], roles=[1, 0], kind="interval")
    windows = windows._replace(interval_E=np.array([0, -1]), kind_E=np.array([1, 2]))  # the other is random
    explanations, scores = explain_and_score(windows, np.array([9.0]), SHOWN, 0, 1)
    explained, scored = complete(pd.DataFrame({"feature": [0], "n_active": [30]}), [explanations], [scores])
    assert scored["status"].tolist() == ["too_few_examples"] and scored["reason"][0]
    assert explained.loc[0, ["text", "n_top"]].tolist() == ["", 0]
    assert explained["single_token"].isna().all()


@pytest.mark.parametrize(
    ("top_tokens", "min_top", "single", "token"),
    [([7, 7, 7], 3, True, "t7"), ([7, 7, 8], 3, False, "t7"), ([7, 7, 7], 4, pd.NA, "t7"), ([8, 7], 1, False, "t7")],
)
def test_single_token_means_one_highest_token_in_all_top_windows(top_tokens, min_top, single, token):
    tokens_EW = [[3, top, 4] for top in top_tokens]
    roles = [place % 2 for place in range(len(tokens_EW))]
    windows = one_feature(tokens_EW, [[0, 9, 1]] * len(roles), roles, kind="top")
    explanations, _ = explain_and_score(windows, np.array([9.0]), SHOWN, 0, min_top)
    assert explanations[["top_token", "n_top"]].iloc[0].tolist() == [quoted(token), len(roles)]
    expected = pd.array([single], dtype="boolean")
    pd.testing.assert_extension_array_equal(explanations["single_token"].array, expected)


def test_the_summary_counts_as_not_single_token_only_what_was_judged(tmp_path):
    features = pd.DataFrame({"feature": range(4), "n_active": 50})
    single = pd.array([True, False, None, False], dtype="boolean")
    explanations = pd.DataFrame({"text": "x", "single_token": single, "top_token": "t", "n_top": 5})
    scores = dict.fromkeys([*MEASURES, "zero_share_random"], 0.5)
    scores = pd.DataFrame({"status": ["ok"] * 4, **scores, "n_windows": 9, "n_predictions": 81})
    explained, scored = complete(features, [explanations], [scores])
    fields = summary(explained, scored)
    assert (fields["n_judged_single_token"], fields["n_single_token"]) == (3, 1)
    assert fields["spearman_single_token"]["n"] == 1 and fields["spearman_not_single_token"]["n"] == 2
    explained.to_parquet(tmp_path / "e.parquet", index=False)
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "e.parquet"), explained)


def test_explaining_twice_gives_the_same():
    first, second = planted()[2], planted()[2]
    for one, other in zip(first, second, strict=True):
        pd.testing.assert_frame_equal(one, other)
