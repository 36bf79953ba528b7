"""Error bars over documents: they cover the truth as often as they say, and are the textbook's where it has any."""

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from monosem.findings.intervals import drawn_recovered, intervals
from monosem.findings.measurements import Measurements
from monosem.ground.records import Run
from monosem.measures import resampling
from monosem.measures.codes import Codes
from monosem.measures.matched_draws import GROUPS, drawn_correlations, groups_of, medians
from monosem.measures.resampling import (
    DrawnTokens,
    correlations_of,
    drawn_totals,
    interval_of,
    share_interval,
    with_ends,
    with_normal_ends,
)


def test_intervals_of_a_mean_over_clusters_cover_it_nineteen_times_in_twenty():
    """400 texts of 60 documents whose tokens are alike within a document: the mean over tokens is 0. Intervals that
    took tokens as independent would cover it in a third of the texts."""
    rng, covered, naive = np.random.default_rng(1), 0, 0
    for _ in range(400):
        sizes = rng.integers(5, 40, 60)
        value_T = np.repeat(rng.normal(size=60), sizes) + 0.3 * rng.normal(size=sizes.sum())
        document_T = np.repeat(np.arange(60), sizes)
        drawn = DrawnTokens(document_T)
        low, high = interval_of(drawn.total(value_T) / drawn.total(np.ones_like(value_T)))
        covered += low <= 0 <= high
        half = 1.96 * value_T.std() / np.sqrt(value_T.size)
        naive += abs(value_T.mean()) <= half
    assert 0.91 < covered / 400 < 0.98 and naive / 400 < 0.5


def test_the_spread_of_a_mean_over_equal_documents_is_the_textbooks():
    value_D = np.random.default_rng(0).normal(size=200)
    drawn = DrawnTokens(np.arange(200))
    mean_W = drawn.total(value_D) / drawn.total(np.ones(200))
    assert mean_W.mean() == pytest.approx(value_D.mean(), abs=0.01)
    assert mean_W.std() == pytest.approx(value_D.std() / np.sqrt(200), rel=0.1)


def test_draws_are_those_of_documents_written_out_again():
    """By another path: the tokens of each drawn document are laid end to end, and measured as if they were the text."""
    rng = np.random.default_rng(0)
    document_T = np.repeat([7, 3, 9, 4], [5, 9, 4, 6])
    x_T, y_T, inside_T = rng.normal(size=24), rng.normal(size=24), rng.random(24) < 0.5
    drawn = DrawnTokens(document_T)
    correlation_W, share_W = drawn.correlation(x_T, y_T), drawn.share(x_T > 0, inside_T)
    column_T = rng.integers(0, 3, 24)
    totals_WF = drawn.totals(column_T, y_T)
    for draw in range(30):
        times_D = drawn.times_WD[draw].astype(int)
        rows = np.concatenate(
            [np.flatnonzero(document_T == d) for d, n in zip([3, 4, 7, 9], times_D, strict=True) for _ in range(n)]
        )
        assert correlation_W[draw] == pytest.approx(np.corrcoef(x_T[rows], y_T[rows])[0, 1])
        assert share_W[draw] == pytest.approx((x_T[rows] > 0)[inside_T[rows]].mean())
        assert totals_WF[draw] == pytest.approx(np.bincount(column_T[rows], y_T[rows], minlength=3))


def test_what_two_numbers_of_one_text_share_is_gone_from_their_difference():
    rng = np.random.default_rng(0)
    hard_D = rng.normal(4, 1, 50)
    sums = pd.DataFrame({"n": 100, "clean": 100 * hard_D, "sae": 100 * (hard_D + 0.1)}, index=rng.permutation(50))
    totals = drawn_totals(sums)
    losses = totals[["clean", "sae"]].div(totals["n"], axis=0)
    assert losses.std().min() > 0.1 and (losses["sae"] - losses["clean"]).std() < 1e-9


def test_of_many_documents_groups_are_drawn_with_the_same_spread(monkeypatch):
    value_D = np.random.default_rng(0).normal(size=400)
    alone = drawn_totals(pd.DataFrame({"x": value_D}))["x"]
    monkeypatch.setattr(resampling, "MOST", 100)
    together, drawn = drawn_totals(pd.DataFrame({"x": value_D}))["x"], DrawnTokens(np.arange(400))
    assert drawn.times_WD.shape == (1000, 100) and together.to_numpy() == pytest.approx(drawn.total(value_D))
    assert together.std() == pytest.approx(alone.std(), rel=0.15) and together.mean() == pytest.approx(
        alone.mean(), abs=2
    )


def test_the_interval_of_loss_recovered_is_of_the_ratio_of_sums():
    rng, run = np.random.default_rng(0), Run("A", "s", "d")
    table = pd.DataFrame({"document": range(40), "tokens": 10, "active": 50, "predictions": rng.integers(1, 90, 40)})
    table["clean"] = table["predictions"] * rng.normal(4, 0.5, 40)
    table["zero"], table["sae"] = table["clean"] + table["predictions"], table["clean"] + 0.2 * table["predictions"]
    empty = pd.DataFrame()
    m = Measurements("s", "d", [], {}, empty, {}, {}, empty, empty, {}, {}, {}, documents={run: table})
    assert intervals({"recovered": drawn_recovered(m, run)})["recovered"] == pytest.approx((0.8, 0.8))
    never = {run: table.assign(zero=table["clean"])}
    assert (
        intervals(
            {"r": drawn_recovered(Measurements("s", "d", [], {}, empty, {}, {}, empty, empty, {}, {}, {}, never), run)}
        )
        == {}
    )
    assert drawn_recovered(m, Run("B", "s", "d")) is None


def test_medians_of_matches_are_drawn_by_groups_of_documents():
    """By another path: correlations of the rows written out again, feature by feature."""
    rng = np.random.default_rng(0)
    document_T = np.sort(rng.integers(0, 2 * GROUPS, 900))
    a, b = (rng.random((900, 6)) * (rng.random((900, 6)) < 0.5) for _ in "ab")
    b[:, 2] = a[:, 0] + 0.5 * b[:, 2]
    b[:, 4] = 0
    partner_A = np.array([2, 1, -1, 4, 0, 2])
    median_W = medians(drawn_correlations(Codes(csr_array(a)), Codes(csr_array(b)), partner_A, document_T))
    group_T, matched = groups_of(document_T), [0, 1, 4, 5]  # 3 never varies
    times_WG = DrawnTokens(group_T).times_WD.astype(int)
    assert group_T.max() == GROUPS - 1
    for draw in (0, 1, 999):
        rows = np.concatenate(
            [np.flatnonzero(group_T == group) for group in np.repeat(np.arange(GROUPS), times_WG[draw])]
        )
        expected = [np.corrcoef(a[rows, f], b[rows, partner_A[f]])[0, 1] for f in matched]
        assert median_W[draw] == pytest.approx(np.median(expected), abs=1e-6)


def test_a_number_that_some_draws_do_not_have_has_no_interval():
    assert interval_of(np.array([1.0, np.nan])) is None
    assert with_ends({"x": np.array([np.nan]), "y": np.full(9, 2.0)}) == {
        "x_low": None,
        "x_high": None,
        "y_low": 2,
        "y_high": 2,
    }
    constant = {"n": np.array([3.0]), "x": np.array([3.0]), "y": np.array([0.0]), "xx": np.array([3.0])}
    assert np.isnan(correlations_of({**constant, "yy": np.array([2.0]), "xy": np.array([0.0])}))


@pytest.mark.parametrize(("share", "n"), [(0.02, 200), (0.5, 20), (0.9, 2000)])
def test_intervals_of_shares_cover_them_nineteen_times_in_twenty(share, n):
    counts = np.random.default_rng(0).binomial(n, share, 2000)
    covered = [low <= share <= high for low, high in (share_interval(count / n, n) for count in counts)]
    assert 0.92 < np.mean(covered) < 0.98
    assert share_interval(0.0, 10) == pytest.approx((0, 0.2775), abs=1e-3)  # 0 of 10, Newcombe 1998


def test_an_undefined_number_or_error_has_no_ends():
    found = with_normal_ends({"x": (1.0, 0.5), "y": (None, 0.1), "z": (1.0, float("nan"))})
    assert (found["x_low"], found["x_high"]) == pytest.approx((0.02, 1.98))
    assert [found[f"{name}_{end}"] for name in "yz" for end in ("low", "high")] == [None] * 4
