"""One-to-one pairs of planted dictionaries, and what is said of features that have none."""

import json
from itertools import permutations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import save_file
from scipy.optimize import linear_sum_assignment
from scipy.sparse import csr_array
from small_run import flags

import pair_features
from monosem.ground.artefacts import read_json
from monosem.investigations.correspondence import (
    COLUMNS,
    feature_table,
    group_summary,
    one_to_one,
    pair_summary,
    pair_table,
)
from monosem.measures.codes import Codes, write_codes
from monosem.measures.universality import best_matches, side

N_TOKENS, WIDTH = 3000, 24


def codes_of(seed, n_features=WIDTH, density=0.08):
    rng = np.random.default_rng(seed)
    fires_TF = rng.random((N_TOKENS, n_features)) < density
    return Codes(csr_array((rng.exponential(1, fires_TF.shape) * fires_TF).astype("f4")))


def permuted(codes, order):
    return Codes(csr_array(codes.matrix[:, order]))


def pairs(a, b, candidates=WIDTH):
    return one_to_one(*best_matches(side(a), side(b), candidates), b.n_features)


def logits(folder, n_features=WIDTH, seed=0):
    path = folder / f"logits-{n_features}-{seed}.safetensors"
    rows_FV = np.random.default_rng(seed).normal(size=(n_features, 40))
    save_file({"logit_weights": rows_FV.astype(np.float16)}, path)
    return path


@pytest.mark.parametrize("candidates", [1, 5, WIDTH])
def test_a_permuted_dictionary_is_paired_with_itself(candidates):
    order = np.random.default_rng(3).permutation(WIDTH)
    partner_A, correlation_A = pairs(codes_of(0), permuted(codes_of(0), order), candidates)
    assert np.array_equal(order[partner_A], np.arange(WIDTH))
    assert correlation_A == pytest.approx(1)


@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 9))
def test_with_all_candidates_it_is_the_hungarian_method(seed, n_a, n_b):
    correlation_AB = np.random.default_rng(seed).uniform(-1, 1, (n_a, n_b))
    partner_AK = np.argsort(-correlation_AB, axis=1)
    sorted_AK = np.take_along_axis(correlation_AB, partner_AK, axis=1)
    partner_A, found_A = one_to_one(partner_AK, sorted_AK, n_b)
    gains_AB = correlation_AB.clip(0)
    best = gains_AB[linear_sum_assignment(gains_AB, maximize=True)].sum()
    assert np.nansum(found_A) == pytest.approx(best)
    paired_A = partner_A >= 0
    assert len(set(partner_A[paired_A])) == paired_A.sum() and np.array_equal(paired_A, np.isfinite(found_A))
    assert correlation_AB[paired_A, partner_A[paired_A]] == pytest.approx(found_A[paired_A])


def test_a_partner_that_two_features_want_goes_to_one_of_them():
    whole = codes_of(0, 6).matrix.toarray()
    twice = whole.copy()
    twice[:, 1] = 0.8 * whole[:, 0] + 0.3 * whole[:, 1]
    partner_A, correlation_A = pairs(Codes(csr_array(twice)), Codes(csr_array(whole)), 6)
    best_A, _ = best_matches(side(Codes(csr_array(twice))), side(Codes(csr_array(whole))), 1)
    assert best_A[:2, 0].tolist() == [0, 0] and partner_A[:2].tolist() == [0, 1]
    assert correlation_A[0] == pytest.approx(1)


def test_the_better_of_all_small_assignments_is_found():
    a, b = codes_of(1, 5), codes_of(2, 5)
    a.matrix.data += 0.1
    _, correlation_A = pairs(a, b, 5)
    matrix_AB = np.corrcoef(a.matrix.toarray(), b.matrix.toarray(), rowvar=False)[:5, 5:].clip(0)
    assert np.nansum(correlation_A) == pytest.approx(
        max(matrix_AB[range(5), order].sum() for order in permutations(range(5)))
    )


def test_features_without_a_partner_are_alone_and_count_as_nothing(tmp_path):
    a, b = codes_of(0, 8), permuted(codes_of(0, 8), np.arange(3))
    table = pair_table(side(a), b, 8, (logits(tmp_path, 8), logits(tmp_path, 3)))
    assert list(table.columns) == COLUMNS
    found = pair_summary(table)
    assert found["n_paired"] == 3 and found["n_alone"] == 5 and found["n_dead"] == 0
    assert found["correlation"]["n"] == 8 and found["correlation"]["median"] == 0
    assert found["correlation"]["found_again"] == pytest.approx(3 / 8)
    assert table.loc[3:, "correlation"].isna().all() and (table.loc[3:, "partner"] == -1).all()
    assert table.loc[:2, "logit_correlation"].notna().all() and table.loc[3:, "logit_correlation"].isna().all()


def test_where_nothing_is_paired_there_is_no_number(tmp_path):
    silent = Codes(csr_array((N_TOKENS, 4), dtype="f4"))
    for a, b in ((codes_of(0, 4), silent), (silent, codes_of(0, 4))):
        table = pair_table(side(a), b, 4, (logits(tmp_path, 4), logits(tmp_path, 4, 1)))
        found = pair_summary(table)
        assert found["n_paired"] == 0
        assert found["correlation"]["median"] is None and found["correlation"]["found_again"] is None
        assert found["logit_correlation"]["median"] is None
    assert set(table["status"]) == {"dead"}


def known_features():
    table = pd.DataFrame({"feature": range(4), "density": [0.1, 0.01, 0.001, 0.0]})
    scores = pd.DataFrame({"feature": range(4), "spearman": [0.9, 0.5, np.nan, np.nan]})
    correlations = {"seed": [0.9, 0.8, 0.1, np.nan], "model": [0.8, np.nan, 0.2, np.nan]}
    tables = {
        name: pd.DataFrame({"correlation": column, "logit_correlation": column})
        for name, column in correlations.items()
    }
    return feature_table(tables, table, scores)


def test_features_that_another_model_has_are_set_beside_those_it_has_not():
    found = group_summary(known_features())
    assert found["shared"]["n"] == 1 and found["not_shared"]["n"] == 2, "the dead one is neither"
    assert found["shared"]["share_that_another_seed_has"] == 1
    assert found["not_shared"]["share_that_another_seed_has"] == 0.5
    assert found["not_shared"]["spearman"].items() >= {"n": 1, "mean": 0.5, "q1": 0.5, "median": 0.5, "q3": 0.5}.items()
    alone = known_features().assign(model_correlation=np.nan)
    assert group_summary(alone)["shared"]["share_that_another_seed_has"] is None


def write_side(folder, codes, seed, **changed):
    folder.mkdir(exist_ok=True)
    write_codes(folder / "codes.safetensors", codes)
    record = {"model": folder.name, "site": "mlp_post", "dictionary": "relu-w24", "n_tokens": N_TOKENS}
    (folder / "codes.json").write_text(json.dumps({**record, "tokens_digest": "x", **changed}))
    rows_FV = np.random.default_rng(seed).normal(size=(codes.n_features, 40)).astype(np.float16)
    save_file({"logit_weights": rows_FV}, folder / "logits.safetensors")
    by_feature = codes.by_feature()
    columns = {"density": np.diff(by_feature.indptr) / N_TOKENS, "max_act": 1.0, "status": "alive"}
    pd.DataFrame({"feature": range(codes.n_features), **columns}).to_parquet(folder / "features.parquet")
    scores = {"feature": range(codes.n_features), "status": "ok", "spearman": 0.5}
    pd.DataFrame(scores).to_parquet(folder / "scores.parquet")
    return folder


def script_flags(a, others, output, **changed):
    values = {"codes": a / "codes.safetensors", "record": a / "codes.json", "logits": a / "logits.safetensors"}
    values |= {"features": a / "features.parquet", "scores": a / "scores.parquet", "names": list(others)}
    values |= {"other_codes": [folder / "codes.safetensors" for folder in others.values()]}
    values |= {"other_records": [folder / "codes.json" for folder in others.values()]}
    values |= {"other_logits": [folder / "logits.safetensors" for folder in others.values()], "candidates": 8}
    outputs = {"pairs": "pairs.parquet", "features": "features.tsv", "record": "correspondence.json"}
    return flags(**{**values, **{f"output_{name}": output / file for name, file in outputs.items()}, **changed})


@pytest.fixture
def sides(tmp_path):
    a = codes_of(0)
    order = np.random.default_rng(1).permutation(WIDTH)
    half = Codes(csr_array(np.where(np.arange(WIDTH) < 12, a.matrix.toarray(), codes_of(5).matrix.toarray())))
    return (
        write_side(tmp_path / "A", a, 0),
        {
            "seed": write_side(tmp_path / "seed", permuted(a, order), 1),
            "model": write_side(tmp_path / "B", half, 2),
            "control": write_side(tmp_path / "control", codes_of(9), 3),
        },
    )


def test_the_script_ranks_planted_dictionaries_by_what_they_share(sides, tmp_path):
    pair_features.main(script_flags(*sides, tmp_path))
    record, known = read_json(tmp_path / "correspondence.json"), pd.read_csv(tmp_path / "features.tsv", sep="\t")
    shares = {name: found["correlation"]["found_again"] for name, found in record["comparisons"].items()}
    assert shares == {"seed": 1, "model": 0.5, "control": 0}
    assert record["features"]["shared"]["n"] == 12 and len(known) == WIDTH
    pairs_found = pd.read_parquet(tmp_path / "pairs.parquet")
    assert pairs_found.groupby("comparison").size().to_dict() == dict.fromkeys(shares, WIDTH)
    assert record["comparisons"]["model"]["model"] == "B"


def test_codes_of_other_tokens_are_an_error(sides, tmp_path):
    a, others = sides
    write_side(others["model"], codes_of(4), 0, tokens_digest="y")
    with pytest.raises(ValueError, match=r"of other tokens than .*encode both dictionaries on the same tokens"):
        pair_features.main(script_flags(a, others, tmp_path))
    with pytest.raises(ValueError, match="--candidates 0: at least 1 expected"):
        pair_features.main(script_flags(a, others, tmp_path, candidates=0))


@pytest.mark.parametrize("changed", [{"names": ["seed", "model"]}, {"names": ["seed", "other", "control"]}])
def test_what_is_compared_must_be_named(sides, tmp_path, capsys, changed):
    with pytest.raises(SystemExit):
        pair_features.main(script_flags(*sides, tmp_path, **changed))
    assert "--names" in capsys.readouterr().err
