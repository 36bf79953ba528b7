"""Why autoencoders work, and on what: planted curves, spaces and directions found again, and what is asked in vain."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from default_jobs import DEFAULT, job
from hypothesis import given, settings
from hypothesis import strategies as st
from investigated import nothing

from monosem.autointerp.statistics import estimate
from monosem.costs import Job, acts_of, measured, recipe
from monosem.findings.measurements import NotMeasuredError
from monosem.findings.theory_why import likeness_for_a_word
from monosem.ground.records import NEURONS, OFFLINE
from monosem.sae.architectures.relu import Relu
from monosem.sae.autoencoder import random_rows, unit_rows
from monosem.sae.recipe import Recipe
from monosem.theory.encoders import share_left
from monosem.theory.naming import Named, against, by_doubling, drawn_out, line, power_law, tabulated
from monosem.theory.penalties import row_of, summary
from monosem.theory.planted import best_cosines, plant, trained
from monosem.theory.targets import likeness, null_space

SEEDS = st.integers(0, 2**32 - 1)
WIDTHS = pd.Series([512, 2048, 4096])


@given(st.floats(0.01, 100), st.floats(-2, 2))
def test_a_planted_power_law_and_a_planted_line_are_found(factor, exponent):
    found = power_law(WIDTHS, factor * WIDTHS.astype(float) ** exponent)
    assert (found["factor"], found["exponent"]) == (pytest.approx(factor), pytest.approx(exponent, abs=1e-9))
    assert found["exponent_se"] == pytest.approx(0, abs=1e-6)
    assert line(WIDTHS, factor + exponent * WIDTHS) == {"start": pytest.approx(factor), "each": pytest.approx(exponent)}


def test_of_one_size_or_of_costs_of_nothing_there_is_no_curve():
    assert set(power_law(WIDTHS[:1], WIDTHS[:1]).values()) == set(line(WIDTHS[:1], WIDTHS[:1]).values()) == {None}
    assert set(power_law(WIDTHS, 0 * WIDTHS).values()) == {None}
    assert power_law(WIDTHS[:2], WIDTHS[:2])["exponent"] == pytest.approx(1)
    assert power_law(WIDTHS[:2], WIDTHS[:2])["exponent_se"] is None


@settings(max_examples=20)
@given(SEEDS, st.floats(-0.2, 0.2))
def test_a_planted_change_of_quality_is_found_and_its_interval_holds_it(seed, slope):
    rng = np.random.default_rng(seed)
    medians = [estimate(slope * np.log2(width) + rng.normal(0, 1e-4, 400), "median", rng) for width in WIDTHS]
    found = by_doubling(WIDTHS, medians)
    assert found["per_doubling"] == pytest.approx(slope, abs=1e-4) and found["low"] <= found["per_doubling"]
    assert found["high"] >= found["per_doubling"] and found["high"] - found["low"] < 1e-3


def named(client, dictionary, n_features, n_asked, work, **more):
    given = {"calls": 3 * n_asked, "tokens_in": 900 * n_asked, "tokens_out": 100 * n_asked, "usd": 0.0} | more
    score_F = np.full(n_asked, 0.5)
    return Named(client, "A", "mlp_post", dictionary, n_features, n_asked, score_F, work_F=np.full(n_asked, work),
                 seconds=2.0 * n_asked, **given)  # fmt: skip


def test_a_language_model_costs_in_proportion_and_a_token_table_by_its_curve():
    offline = [named(OFFLINE, f"w{width}", width, width, 400.0, calls=0) for width in WIDTHS]
    model = [named("m", "w512", 512, 20, 1000.0), named("m", NEURONS, 512, 20, 1e9)]
    table, curves = tabulated([*offline, *model], (1.0, 5.0), seed=0)
    assert curves[OFFLINE]["work"]["exponent"] == pytest.approx(1) and curves["m"]["n_sizes"] == 1
    assert curves["m"]["work"] == {"factor": 1000.0, "factor_se": 0.0, "exponent": 1.0}, "neurons are not of it"
    assert table.set_index(["client", "dictionary"]).loc[("m", "w512"), "usd_at_price"] == pytest.approx(0.028)
    drawn = drawn_out(curves, [1000])
    assert drawn["m"]["1000"] == pytest.approx({"work": 1e6, "calls": 3000, "usd_at_price": 1.4, "seconds": 2000})
    assert drawn[OFFLINE]["1000"]["work"] == pytest.approx(400_000)


def test_scores_are_held_against_those_of_the_same_features_only():
    found = against(pd.Series({1: 0.5, 2: 0.1, 3: np.nan}), pd.Series({1: 0.4, 2: 0.2, 9: 0.0}), seed=0)
    assert found["n"] == 2 and found["difference"] == pytest.approx(0)
    assert against(pd.Series({1: np.nan}), pd.Series({1: 0.4}), seed=0)["difference"] is None


@given(SEEDS, st.integers(1, 5), st.floats(0.1, 3))
def test_what_a_matrix_does_not_see_is_found(seed, n_seen, size):
    """Neurons of which the first few alone are read; the others vary `size` times as much."""
    rng = torch.Generator().manual_seed(seed)
    W_out_MD = torch.zeros(8, n_seen)
    W_out_MD[:n_seen] = torch.randn(n_seen, n_seen, generator=rng) + 3 * torch.eye(n_seen)
    x_BM = torch.randn(4000, 8, generator=rng)
    x_BM[:, n_seen:] *= size
    recon_BM = x_BM * (torch.arange(8) < n_seen)  # right in what is seen, nothing of the rest
    found = null_space(W_out_MD, x_BM, recon_BM, torch.eye(8))
    unseen = (8 - n_seen) * size**2
    assert found["activations"] == pytest.approx(unseen / (unseen + n_seen), abs=0.03)
    assert [found["dimensions"], found["decoder"]] == pytest.approx(2 * [1 - n_seen / 8])
    assert found["reconstructions"] == pytest.approx(0, abs=1e-9) and found["error"] == pytest.approx(1)
    assert found["explained_seen"] == pytest.approx(1)
    assert found["explained_unseen"] == pytest.approx(0, abs=1e-2)


@given(SEEDS, st.integers(2, 6))
def test_likeness_is_the_mean_correlation_of_two(seed, n):
    weights_FV = np.random.default_rng(seed).normal(size=(n, 9))
    assert likeness(weights_FV) == pytest.approx(np.corrcoef(weights_FV)[np.triu_indices(n, 1)].mean())
    assert likeness(weights_FV[:1]) is None


@pytest.mark.parametrize("n", [0, 4, 5])
def test_features_of_a_word_are_judged_from_five_on(n):
    alike = {"likeness": 0.0, "word": {"n": n, "likeness": 0.1 if n > 1 else None}}
    run = replace(nothing(), investigations={"targets": {"note": "", "sites": {"mlp_post": alike}}})
    if n == 5:
        assert likeness_for_a_word(run).numbers == {"for the word": 0.1, "any two": 0.0, "features": 5}
        return
    with pytest.raises(NotMeasuredError, match=f"needs 5 features for the word, has {n}"):
        likeness_for_a_word(run)


def learnt(x_TN, l1):
    schedule = {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2, "ramp": 0.0, "grad_clip": 1.0}
    silent = {"resample_at": (0.3,), "resample_inputs": 1024, "dead_window": 0.1, "log_every": 100}
    return trained(x_TN, Recipe(Relu(l1), 32, 100_000, 256, **schedule, **silent, seed=0))


def test_planted_directions_are_found_with_a_penalty_and_without_one_only_given_back():
    D_FN = random_rows(16, 12, torch.Generator().manual_seed(0))
    x_TN = plant(D_FN, 4000, 0.1, torch.Generator().manual_seed(1)).x_TN
    free, sparse = learnt(x_TN, 0.0), learnt(x_TN, 0.5)
    cosines = {name: float(best_cosines(D_FN, sae.W_dec_FN).mean()) for name, sae in (("0", free), ("1", sparse))}
    left = {name: share_left(x_TN, sae.decode(sae.encode(x_TN))) for name, sae in (("0", free), ("1", sparse))}
    assert left["0"] < 0.02 < left["1"] and cosines["1"] > 0.9 > cosines["0"]
    on = [float((sae.encode(x_TN) > 0).float().mean()) for sae in (free, sparse)]
    assert on[0] > 3 * on[1]
    torch.testing.assert_close(sparse.W_dec_FN, unit_rows(sparse.W_dec_FN))


def swept(penalty, score, name):
    features = pd.DataFrame({"status": ["alive", "dead"], "density": [0.1, 0.0], "enc_dec_cosine": [0.5, np.nan]})
    record = {"dictionary": name, "n_features": 2, "l0": 1.0, "explained_variance": 0.9, "loss_recovered": 1 - penalty}
    return row_of(penalty, record, features, np.array([score, np.nan]), seed=0)


def test_penalties_are_put_in_order_and_the_usual_one_must_be_there():
    rows = [swept(0.5, 0.7, "usual"), swept(0.0, 0.2, "none"), swept(0.25, 0.3, "some")]
    rows += [swept(np.nan, 0.25, name) for name in ("neurons-tokens9", "random-tokens9")]
    found = summary(pd.DataFrame(rows), usual=0.5)
    assert found["none"]["score"] == 0.2 and found["usual"]["score"] == 0.7 and found["neurons"]["penalty"] is None
    assert found["steps"] == pytest.approx({"smallest_gain": 0.25, "smallest_fall": 0.1})
    assert found["none"]["share_on"] == 0.5 and found["none"]["dead"] == 0.5 and found["none"]["cosine"] == 0.5
    with pytest.raises(ValueError, match=r"--usual 3: not one of the penalties 0.5, 0.25, 0"):
        summary(pd.DataFrame(rows), usual=3)
    with pytest.raises(ValueError, match=r"some: the least penalty is 0.25, not 0; train one without"):
        summary(pd.DataFrame([row for row in rows if row["dictionary"] != "none"]), usual=0.5)
    unexplained = swept(0.25, np.nan, "some")
    steps = summary(pd.DataFrame([*rows[:2], unexplained, *rows[3:]]), usual=0.5)["steps"]
    assert steps == {"smallest_gain": pytest.approx(0.25), "smallest_fall": None}, "a median is missing"


def test_runs_of_experiments_have_costs_of_their_own_and_the_main_path_none_of_them():
    name, own = measured(DEFAULT, "free-0.1-tokens40000")
    assert (name, own["n_tokens"]) == ("free-0.1", 40_000) and own["loss_tokens"] < 10_000
    assert recipe(DEFAULT, "free-0.1")["l1"] == 0.1 and recipe(DEFAULT, "target")["arch"] == "topk"
    assert measured(DEFAULT, "neurons") == ("neurons", DEFAULT["evaluation"])
    assert acts_of(DEFAULT, "mlp_post") == DEFAULT["acts"]
    assert acts_of(DEFAULT, "logits")["n_vectors"] == DEFAULT["theory"]["targets"]["vectors"]
    place = {"model": "A", "site": "mlp_post"}
    dense, sparse = (job("evaluate_dictionary", place | {"run": run}) for run in ("free-tokens40000", "relu-w2048"))
    assert dense.held_out == 40_000 and dense.usual_codes == 40_000 * 1024 > sparse.usual_codes
    assert isinstance(dense, Job) and job("evaluate_dictionary", place | {"run": "neurons-tokens7"}).dictionary is None
