"""Best matches between two dictionaries."""

import numpy as np
import pytest
from safetensors.numpy import save_file
from scipy.sparse import csr_array

from monosem.measures import universality
from monosem.measures.codes import Codes
from monosem.measures.universality import (
    best_matches,
    dense_covariances,
    logit_correlations,
    match_table,
    side,
    sparse_covariances,
)


def random_dense(n_tokens: int, n_features: int, density: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return (rng.exponential(1, (n_tokens, n_features)) * (rng.random((n_tokens, n_features)) < density)).astype("f4")


def codes_of(dense_TF: np.ndarray) -> Codes:
    return Codes(csr_array(dense_TF))


@pytest.fixture
def pair() -> tuple[np.ndarray, np.ndarray]:
    """Codes of A and B, some of whose features are alike."""
    a_TF, b_TF = random_dense(3000, 20, 0.1, seed=0), random_dense(3000, 30, 0.1, seed=1)
    b_TF[:, :10] += a_TF[:, 10:]
    return a_TF, b_TF


@pytest.mark.parametrize("dense_above", [0, 1])
@pytest.mark.parametrize("signed", [False, True])
def test_agrees_with_corrcoef(pair, signed, dense_above, monkeypatch):
    monkeypatch.setattr(universality, "DENSE_ABOVE", dense_above)
    a_TF, b_TF = (dense - 0.5 * (dense > 1.5) * dense * 2 for dense in pair) if signed else pair
    partner_AK, correlation_AK = best_matches(side(codes_of(a_TF)), side(codes_of(b_TF)), top_k=30)
    expected_AB = np.corrcoef(a_TF.astype("f8"), b_TF.astype("f8"), rowvar=False)[:20, 20:]
    assert np.array_equal(np.sort(partner_AK), np.tile(np.arange(30), (20, 1)))
    assert np.take_along_axis(expected_AB, partner_AK, axis=1) == pytest.approx(correlation_AK, abs=1e-9)
    assert (np.diff(correlation_AK, axis=1) <= 0).all()


def test_keeping_fewer_keeps_the_best(pair):
    a, b = (side(codes_of(dense)) for dense in pair)
    for few, all_of_them in zip(best_matches(a, b, 4), best_matches(a, b, 99), strict=True):
        assert np.array_equal(few, all_of_them[:, :4])


def test_a_permuted_copy_is_found_again():
    a_TF = random_dense(2000, 50, 0.05, seed=2)
    order = np.random.default_rng(0).permutation(50)
    partner_AK, correlation_AK = best_matches(side(codes_of(a_TF)), side(codes_of(3 * a_TF[:, order])), top_k=2)
    assert np.array_equal(order[partner_AK[:, 0]], np.arange(50))
    assert correlation_AK[:, 0] == pytest.approx(1)


def test_independent_features_hardly_correlate():
    a, b = (side(codes_of(random_dense(20_000, 30, 0.05, seed))) for seed in (3, 4))
    assert np.abs(best_matches(a, b, 30)[1]).max() < 6 / np.sqrt(20_000)


def test_dense_and_sparse_products_are_the_same(pair, monkeypatch):
    a, b = (side(codes_of(dense)) for dense in pair)
    monkeypatch.setattr(universality, "DENSE_ROWS", 7)
    dense, sparse = (dict(covariances(a, b)) for covariances in (dense_covariances, sparse_covariances))
    assert sorted(dense) == sorted(sparse) == list(range(20))
    assert all(dense[feature] == pytest.approx(sparse[feature], abs=1e-9) for feature in dense)


@pytest.mark.parametrize("size", [40, 1000, 10**9])
def test_block_sizes_do_not_matter(pair, monkeypatch, size):
    a, b = (side(codes_of(dense)) for dense in pair)
    whole = [dict(covariances(a, b)) for covariances in (dense_covariances, sparse_covariances)]
    for name in ("SPARSE_TOKENS", "DENSE_ENTRIES"):
        monkeypatch.setattr(universality, name, size)
    blocks = [dict(covariances(a, b)) for covariances in (dense_covariances, sparse_covariances)]
    for one, other in zip(whole, blocks, strict=True):
        assert all(one[feature] == pytest.approx(other[feature], abs=1e-9) for feature in one)


def test_what_never_varies_has_a_status_and_no_number(pair):
    a_TF, b_TF = pair
    a_TF[:, 3], a_TF[:, 4], b_TF[:, 5] = 0, 0.7, 0
    a, b = side(codes_of(a_TF)), side(codes_of(b_TF))
    table = match_table(a, b, top_k=30)
    assert table["status"].tolist() == ["ok"] * 3 + ["dead", "constant"] + ["ok"] * 15
    assert table.loc[[3, 4], "correlation"].isna().all() and (table.loc[[3, 4], "match"] == -1).all()
    matches = np.stack(table["matches"])
    assert 5 not in matches and (matches[[0, 1, 2], -1] == -1).all()
    fields = universality.summary(table, a, b)
    assert fields["n_alive_a"] == 19 and fields["n_alive_b"] == 29
    assert fields["correlation"]["n"] == 18
    assert fields["correlation"]["median"] == pytest.approx(table["correlation"].median())


def test_without_any_live_feature_in_b_there_is_no_partner(pair):
    a, b = side(codes_of(pair[0])), side(codes_of(np.zeros((3000, 2), dtype="f4")))
    table = match_table(a, b, top_k=1)
    assert set(table["status"]) == {"no_partner"}
    fields = universality.summary(table, a, b)
    assert fields["correlation"]["median"] is None and fields["correlation"]["share_at_least_0.7"] is None


def test_logit_weights_of_partners_are_correlated(tmp_path):
    rng = np.random.default_rng(0)
    rows = {"a": rng.normal(size=(4, 50)), "b": rng.normal(size=(3, 50))}
    rows["b"][1] = 0
    paths = [tmp_path / name for name in rows]
    for path, rows_FV in zip(paths, rows.values(), strict=True):
        save_file({"logit_weights": rows_FV.astype(np.float16)}, path)
    found = logit_correlations(*paths, np.array([2, -1, 1, 0]))
    expected = [np.corrcoef(rows["a"][feature], rows["b"][partner])[0, 1] for feature, partner in ((0, 2), (3, 0))]
    assert found[[0, 3]] == pytest.approx(expected, abs=1e-3)
    assert np.isnan(found[[1, 2]]).all()


@pytest.mark.parametrize("shape", [(3, 50), (4, 49)])
def test_logit_weights_of_another_width_or_vocabulary_are_an_error(tmp_path, shape):
    for name, size in (("a", shape), ("b", (3, 50))):
        save_file({"logit_weights": np.zeros(size, dtype=np.float16)}, tmp_path / name)
    with pytest.raises(ValueError, match="one row a feature and one column a token expected"):
        logit_correlations(tmp_path / "a", tmp_path / "b", np.array([0, 1, 2, 0]))


def test_missing_logit_weights_are_named(tmp_path):
    with pytest.raises(ValueError, match="logits: no such file"):
        logit_correlations(tmp_path / "logits", tmp_path / "logits", np.array([0]))
    (tmp_path / "logits").write_bytes(b"not this")
    with pytest.raises(ValueError, match="logits: no tensor logit_weights to be read"):
        logit_correlations(tmp_path / "logits", tmp_path / "logits", np.array([0]))
