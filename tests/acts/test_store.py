"""The activation store: every sampled row once, in random order, and no damage goes unnoticed."""

import json
import math
import os
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from small_run import make_acts

from monosem.acts import store as module
from monosem.acts.sampling import sample_positions
from monosem.acts.store import StoreWriter, cast, open_store, read_order, row_dtype, rows_of
from monosem.lm.sites import Site
from monosem.lm.transformer import load_lm
from monosem.text.tokens import counted, read_contexts


def test_float16_overflow_is_refused_and_float32_takes_it():
    columns = {"token": [1], "context": [1], "position": [1]}
    with pytest.raises(ValueError, match=r"activation 70000: not finite as float16; set the store's dtype: float32"):
        rows_of(np.array([[1.0, 70000.0]], dtype=np.float32), columns, "float16")
    assert rows_of(np.array([[1.0, 70000.0]], dtype=np.float32), columns, "float32")["acts"][0, 1] == 70000


def test_types_are_changed_as_numpy_changes_them():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    every = every[~np.isnan(every)]
    assert cast(every, "float32").tobytes() == every.astype(np.float32).tobytes()
    bits = np.random.default_rng(0).integers(0, 2**32, 1 << 18, dtype=np.uint32)
    wide = np.concatenate([bits.view(np.float32), np.float32([65519, 65520, -65520, 1e-8, 0, -0.0])])
    wide = wide[~np.isnan(wide)]
    with np.errstate(over="ignore", under="ignore"):
        assert cast(wide, "float16").tobytes() == wide.astype(np.float16).tobytes()
    rows = np.zeros(3, dtype=row_dtype(5, "float16"))
    rows["acts"] = np.arange(15).reshape(3, 5)
    assert np.array_equal(cast(rows["acts"], "float32"), np.arange(15).reshape(3, 5))


@settings(max_examples=40)
@given(st.integers(1, 8), st.integers(1, 9), st.integers(1, 12), st.integers(0, 99))
def test_positions_are_counted_ones_and_as_many_as_asked(S, L, per_context, seed):
    rng = np.random.default_rng(seed)
    counted_SL = rng.random((S, L)) < 0.7
    chosen_SL = sample_positions(counted_SL, per_context, rng)
    assert not (chosen_SL & ~counted_SL).any()
    assert np.array_equal(chosen_SL.sum(1), np.minimum(counted_SL.sum(1), per_context))


def test_positions_are_drawn_evenly():
    chosen_SL = sample_positions(np.tile([False, True, True, True, True], (8000, 1)), 2, np.random.default_rng(0))
    assert (chosen_SL.mean(0)[0] == 0) and np.allclose(chosen_SL.mean(0)[1:], 0.5, atol=0.03)


def columns_of(path):
    store = open_store(path)
    group = module.zarr.open_group(path, mode="r")
    return store, *(group[name][:].astype(np.int64) for name in ("token", "context", "position"))


def test_each_row_is_what_the_model_computes_there(acts, lm, tokens):
    store, token_T, context_T, position_T = columns_of(acts)
    tokens_SL = read_contexts(tokens / "train.zarr").astype(np.int64)
    places = list(zip(context_T.tolist(), position_T.tolist(), strict=True))
    assert len(set(places)) == len(places) == 700 and max(Counter(context_T.tolist()).values()) <= 8
    assert np.array_equal(tokens_SL[context_T, position_T], token_T) and counted(token_T, 0).all()
    model = load_lm(lm / "weights.safetensors")
    expected_TN = model.activations(torch.from_numpy(tokens_SL), Site("mlp_post", 0))[context_T, position_T].numpy()
    np.testing.assert_allclose(store.acts_TN[:].astype(np.float32), expected_TN, rtol=2e-3, atol=1e-5)
    assert abs(np.corrcoef(np.arange(700), context_T)[0, 1]) < 0.15 and (np.diff(context_T) < 0).mean() > 0.4


def test_scale_and_mean_are_those_of_what_is_stored(acts):
    store = open_store(acts)
    acts_TN = store.acts_TN[:].astype(np.float64)
    assert np.linalg.norm(acts_TN * store.scale, axis=1).mean() == pytest.approx(math.sqrt(16), rel=1e-5)
    np.testing.assert_allclose(store.record["mean"], acts_TN.mean(0), rtol=1e-5)
    assert (store.record["n_vectors"], store.record["width"], store.acts_TN.nchunks) == (700, 16, 11)


def test_a_seed_decides_the_store(acts, tokens, lm, tmp_path):
    same, other = make_acts(tokens, lm, tmp_path / "a"), make_acts(tokens, lm, tmp_path / "b", seed=4)
    first_TN = open_store(acts).acts_TN[:]
    assert np.array_equal(first_TN, open_store(same).acts_TN[:])
    assert not np.array_equal(first_TN, open_store(other).acts_TN[:])


def taken(store, batch, n, first=0, seed=1):
    batches = store.batches(batch, first=first, seed=seed)
    found = [next(batches) for _ in range(n)]
    batches.close()
    return found


@pytest.mark.parametrize("batch", [1, 50, 64, 99, 700, 900])
def test_skipping_batches_is_not_reading_them(acts, batch):
    store, n = open_store(acts), 6 + 1600 // batch
    whole = taken(store, batch, n)
    assert all(part.shape == (batch, 16) for part in whole)
    for first in {1, 2, n // 3, n // 2, n - 2, n - 1}:
        assert np.array_equal(taken(store, batch, n - first, first), whole[first:])


@pytest.mark.parametrize("batch", [50, 64, 70])
def test_an_epoch_shows_each_row_once_and_scaled_and_the_next_in_another_order(acts, batch):
    store = open_store(acts)
    n = 2 * 700 // batch + 1
    rows = np.concatenate(taken(store, batch, n))[:1400]
    stored = sorted(map(bytes, store.acts_TN[:].astype(np.float32) * np.float32(store.scale)))
    assert rows.dtype == np.float32 and np.linalg.norm(rows, axis=1).mean() == pytest.approx(math.sqrt(16), rel=1e-5)
    assert sorted(map(bytes, rows[:700])) == sorted(map(bytes, rows[700:])) == stored
    assert not np.array_equal(rows[:700], rows[700:])
    assert not np.array_equal(np.concatenate(taken(store, batch, n, seed=2)), np.concatenate(taken(store, batch, n)))


def test_chunks_are_read_in_a_new_order_each_epoch():
    order = read_order(5, 0, 3)
    epochs = [[next(order) for _ in range(5)] for _ in range(3)]
    assert all(sorted(epoch) == [0, 1, 2, 3, 4] for epoch in epochs) and len({tuple(epoch) for epoch in epochs}) > 1


@pytest.fixture
def copy(acts, tmp_path):
    shutil.copytree(acts, tmp_path / "acts.zarr")
    shutil.copy(acts.with_suffix(".json"), tmp_path / "acts.json")
    return tmp_path / "acts.zarr"


def test_a_missing_record_is_named(copy):
    copy.with_suffix(".json").unlink()
    with pytest.raises(ValueError, match=r"acts\.json: no such file"):
        open_store(copy)


def test_a_missing_store_is_named(copy):
    shutil.rmtree(copy)
    with pytest.raises((ValueError, FileNotFoundError), match=r"acts\.zarr"):
        open_store(copy)


def test_a_record_of_another_store_is_noticed(copy):
    record = json.loads(copy.with_suffix(".json").read_text())
    copy.with_suffix(".json").write_text(json.dumps({**record, "n_vectors": 701}))
    with pytest.raises(ValueError, match=r"acts\.zarr/acts: 700 rows, record says 701"):
        open_store(copy)


def test_parts_take_different_contexts(tokens, lm, tmp_path):
    stores = [make_acts(tokens, lm, tmp_path / str(part), n_vectors=300, part=part, parts=2) for part in (0, 1)]
    first, second = (set(zarr.open_array(path / "context", mode="r")[:].tolist()) for path in stores)
    assert first and second and all(context % 2 == 0 for context in first) and all(context % 2 for context in second)


def peak_mib_of_an_epoch(path):
    """Of a process of its own that reads the whole store in batches."""
    code = f"""
from pathlib import Path
from monosem.acts.store import open_store
store = open_store(Path({str(path)!r}))
batches = store.batches(2048, first=0, seed=0)
total = sum(float(next(batches)[0, 0]) for _ in range(store.acts_TN.shape[0] // 2048))
batches.close()
print(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0])
"""
    scripts = {**os.environ, "PYTHONPATH": str(Path(module.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=scripts)
    return int(done.stdout) / 1024


def test_memory_does_not_grow_with_the_store(tmp_path):
    """Some chunks and a batch, however many there are: 80 MiB of float16 against 240.

    With fewer the allocator is still filling the places that it will use again, and the first store takes less.
    """
    peaks = []
    for n_rows in (81_920, 245_760):
        path = tmp_path / f"{n_rows}.zarr"
        columns = {name: np.zeros(8192, dtype=int) for name in ("token", "context", "position")}
        block = rows_of(np.random.default_rng(0).random((8192, 512), dtype=np.float32), columns, "float16")
        writer = StoreWriter(path, n_rows, row_dtype(512, "float16"))
        for _ in range(n_rows // 8192):
            writer.write(block)
        path.with_suffix(".json").write_text(json.dumps({"n_vectors": n_rows, "scale": 2.0}))
        peaks.append(peak_mib_of_an_epoch(path))
    assert peaks[1] - peaks[0] < 48, peaks
