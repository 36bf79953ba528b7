"""Bootstrap intervals of medians and shares, and how dictionaries are compared by them."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import bootstrap, ks_2samp

import compare_scores
from monosem.autointerp.scores import MEASURES
from monosem.autointerp.statistics import (
    N_RESAMPLES,
    STATISTICS,
    STRATA,
    differences_table,
    estimate,
    estimates,
    estimates_table,
    resampled_medians,
)
from monosem.ground.records import ESTIMATE_COLUMNS, RUN, Run

A, NEURONS = Run("A", "mlp_post", "relu"), Run("A", "mlp_post", "neurons")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def feature_rows(run: Run, score: np.ndarray, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame({**run._asdict(), "feature": range(len(score)), **dict.fromkeys(MEASURES, score)})
    return table.assign(density=0.005, zero_share_random=0.9, single_token=pd.NA, **columns)


@pytest.mark.parametrize("n", [1, 2, 3, 8, 9, 150])
def test_medians_without_resamples_are_distributed_as_medians_of_resamples(n):
    values = np.sort(rng(n).normal(size=n))
    drawn = np.median(rng(1).choice(values, (N_RESAMPLES, n)), axis=1)
    assert ks_2samp(resampled_medians(values, rng(2)), drawn).pvalue > 0.01


@pytest.mark.parametrize("statistic", ["median", "mean"])
def test_intervals_agree_with_scipy(statistic):
    values = rng().exponential(size=201)
    ours = estimate(values, statistic, rng(1))
    options = {"method": "percentile", "n_resamples": 9999, "rng": rng(2)}
    theirs = bootstrap((values,), getattr(np, statistic), **options).confidence_interval
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.04)
    assert ours.value == getattr(np, statistic)(values) and ours.low < ours.value < ours.high


def test_an_interval_covers_the_truth_about_as_often_as_it_says():
    found = [estimate(rng(trial).normal(size=61), "median", rng(trial)) for trial in range(400)]
    covered = np.mean([entry.low <= 0 <= entry.high for entry in found])
    assert 0.91 < covered < 0.98


def test_undefined_values_are_left_out_and_without_any_the_statistic_is_undefined():
    assert estimate(np.array([np.nan, 0.5, np.nan, 0.5]), "median", rng())[:4] == (2, 0.5, 0.5, 0.5)
    nothing = estimate(np.array([np.nan]), "median", rng())
    assert nothing.n == 0 and np.isnan([nothing.value, nothing.low, nothing.high]).all()


def test_only_features_whose_score_is_defined_count():
    table = feature_rows(A, np.linspace(0, 1, 11))
    table.loc[:4, "spearman"] = np.nan
    entry = estimates(table, 0)[A, "all", "spearman"]
    assert (entry.n, entry.value) == (6, pytest.approx(0.75))


def test_strata_put_features_by_density_and_by_single_token():
    density = [5e-5, 1e-4, 9e-4, 1e-3, 0.05, 0.5, 0.5]
    single = pd.array([True, True, False, None, False, False, None], dtype="boolean")
    found = estimates(feature_rows(A, np.arange(7) / 10).assign(density=density, single_token=single), 0)
    assert [found[A, stratum, "spearman"].n for stratum in STRATA] == [1, 2, 1, 1, 2]
    assert found[A, STRATA[1], "spearman"].value == pytest.approx(0.15)
    assert found[A, "single-token", "spearman"].value == pytest.approx(0.05)
    assert found[A, "not single-token", "spearman"].n == 3
    assert (found[A, "all", "single_token"].n, found[A, "all", "single_token"].value) == (5, pytest.approx(0.4))


def test_a_difference_covers_what_was_put_between_two_dictionaries():
    table = pd.concat(
        [feature_rows(A, rng(1).normal(0.7, 0.1, 400)), feature_rows(NEURONS, rng(2).normal(0.4, 0.1, 200))]
    )
    rows = differences_table(estimates(table, 0)).set_index(["measure", "left", "right"])
    there, back = (rows.loc[("spearman", str(one), str(other))] for one, other in ((A, NEURONS), (NEURONS, A)))
    assert 0.25 < there["low"] < 0.3 < there["high"] < 0.35
    assert there["difference"] == -back["difference"] and there["low"] == pytest.approx(-back["high"])
    assert (there["n_left"], there["n_right"]) == (400, 200)
    assert set(rows.index.get_level_values("measure")) == set(STATISTICS)


def test_dictionaries_at_different_places_are_not_compared():
    table = pd.concat([feature_rows(A, np.ones(3)), feature_rows(A._replace(site="mlp_out"), np.ones(3))])
    assert differences_table(estimates(table, 0)).empty


def test_what_one_dictionary_gets_does_not_depend_on_the_others():
    ours, theirs = feature_rows(A, rng(1).random(50)), feature_rows(NEURONS, rng(2).random(50))
    alone = estimates_table(estimates(ours, 0), {A: 50})
    beside = estimates_table(estimates(pd.concat([theirs, ours]), 0), {A: 50, NEURONS: 50})
    pd.testing.assert_frame_equal(alone, beside[beside["dictionary"] == "relu"].reset_index(drop=True))
    other_seed = estimates_table(estimates(ours, 1), {A: 50})
    assert (alone["value"].dropna() == other_seed["value"].dropna()).all() and not alone["low"].equals(
        other_seed["low"]
    )


def test_the_script_joins_tables_and_leaves_undefined_numbers_empty(tmp_path):
    words = {}
    for run in (A, NEURONS):
        table = feature_rows(run, np.full(30, np.nan) if run == NEURONS else np.linspace(0, 1, 30))
        files = {
            "tables": table.drop(columns=[*RUN, "density", "single_token"]),
            "explanations": pd.DataFrame({"feature": range(30), "text": "", "n_top": 9, "single_token": True}),
            "features": pd.DataFrame({"feature": range(30), "density": 0.05, "max_act": 1.0, "status": "alive"}),
        }
        for name, frame in files.items():
            frame.to_parquet(tmp_path / f"{run.dictionary}-{name}.parquet")
            words.setdefault(f"--{name}", []).append(str(tmp_path / f"{run.dictionary}-{name}.parquet"))
        record = tmp_path / f"{run.dictionary}.json"
        record.write_text(pd.Series(run._asdict()).to_json())
        words.setdefault("--scores", []).append(str(record))
    outputs = [f"--output-{name}={tmp_path / name}.tsv" for name in ("estimates", "differences")]
    compare_scores.main([word for flag, paths in words.items() for word in (flag, *paths)] + ["--seed", "0", *outputs])
    table = pd.read_csv(tmp_path / "estimates.tsv", sep="\t")
    assert list(table.columns) == ESTIMATE_COLUMNS
    rows = table.set_index(["dictionary", "stratum", "measure"])
    assert rows.loc[("relu", "all", "spearman"), ["n_features", "n", "value"]].tolist() == [30, 30, 0.5]
    assert rows.loc[("relu", STRATA[3], "spearman"), "n"] == 30
    assert rows.loc[("neurons", "all", "spearman"), "n"] == 0
    assert rows.loc[("neurons", "all", "spearman"), ["value", "low", "high"]].isna().all()
    differences = pd.read_csv(tmp_path / "differences.tsv", sep="\t")
    assert differences.loc[differences["measure"] == "spearman", ["difference", "low", "high"]].isna().all(axis=None)
