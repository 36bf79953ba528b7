"""Sparse codes on disk."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from scipy.sparse import csr_array

from monosem.measures.codes import Codes, read_codes, write_codes


def random_codes(n_tokens, n_features, density, seed=0):
    rng = np.random.default_rng(seed)
    keep_TF = rng.random((n_tokens, n_features)) < density
    return Codes(csr_array(np.where(keep_TF, rng.normal(size=keep_TF.shape), 0).astype(np.float32)))


@settings(max_examples=30)
@given(st.integers(1, 20), st.integers(1, 12), st.floats(0, 1), st.integers(0, 99))
def test_round_trip(tmp_path_factory, n_tokens, n_features, density, seed):
    path = tmp_path_factory.getbasetemp() / "codes.safetensors"
    codes = random_codes(n_tokens, n_features, density, seed)
    write_codes(path, codes)
    back = read_codes(path)
    assert (back.n_tokens, back.n_features) == (n_tokens, n_features)
    assert back.matrix.dtype == np.float32 and np.array_equal(back.matrix.toarray(), codes.matrix.toarray())
    assert np.array_equal(back.by_feature().toarray(), codes.matrix.toarray())


def test_the_file_is_what_the_contract_says(tmp_path):
    codes = random_codes(7, 5, 0.4)
    write_codes(tmp_path / "c", codes)
    tensors = load_file(tmp_path / "c")
    assert {name: tensors[name].dtype.name for name in ("indptr", "indices", "values")} == {
        "indptr": "int64",
        "indices": "int32",
        "values": "float32",
    }
    assert len(tensors["indptr"]) == 8 and len(tensors["indices"]) == len(tensors["values"]) == codes.matrix.nnz


def test_by_feature_is_sorted_by_token():
    by_feature = random_codes(50, 4, 0.5).by_feature()
    assert by_feature.has_sorted_indices and by_feature.shape == (50, 4)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ValueError, match=r"c\.safetensors: no such file; run the rule"):
        read_codes(tmp_path / "c.safetensors")


@pytest.mark.parametrize("kept", [0, 4, 60, -1])
def test_a_cut_file_is_named(tmp_path, kept):
    path = tmp_path / "c.safetensors"
    write_codes(path, random_codes(9, 5, 0.5))
    path.write_bytes(path.read_bytes()[:kept])
    with pytest.raises(ValueError, match=r"c\.safetensors: not a codes file"):
        read_codes(path)


def test_another_kind_of_file_is_named(tmp_path):
    path = tmp_path / "c.safetensors"
    save_file({"values": np.zeros(3)}, path)
    with pytest.raises(ValueError, match=r"c\.safetensors: not a codes file"):
        read_codes(path)


@pytest.mark.parametrize("change", [{"indptr": [0, 5]}, {"shape": [3, 3]}, {"indices": [0, 7]}])
def test_parts_that_do_not_fit_together_are_refused(tmp_path, change):
    path = tmp_path / "c.safetensors"
    parts = {"indptr": [0, 1, 2], "indices": [0, 1], "values": [1.0, 2.0], "shape": [2, 3], **change}
    save_file({name: np.array(values) for name, values in parts.items()}, path)
    with pytest.raises(ValueError, match=r"c\.safetensors: "):
        read_codes(path)
