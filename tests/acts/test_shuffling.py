"""Collecting and shuffling of activations: every row once, in random order, the same however many jobs collect."""

import json
import resource
import shutil

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_run import acts_flags, collect, collect_flags, numbered_rows, shuffle

import collect_acts
import store_acts
from monosem.acts import sampling, store
from monosem.acts.shuffling import bucket_rng, count_buckets, gather, scatter
from monosem.acts.store import StoreWriter, row_dtype
from monosem.ground.artefacts import digest


def shuffled(rows, folder, n_buckets, n_blocks, seed):
    """Through the buckets of a new folder, by one generator."""
    shutil.rmtree(folder, ignore_errors=True)
    rng = np.random.default_rng(seed)
    scatter(np.array_split(rows, n_blocks), folder, n_buckets, rng)
    return np.concatenate(list(gather([folder], n_buckets, rows.dtype, rng)))


@settings(max_examples=40)
@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 7), st.integers(0, 99))
def test_the_shuffle_keeps_every_row_once(tmp_path_factory, n, n_buckets, n_blocks, seed):
    rows = numbered_rows(n)
    out = shuffled(rows, tmp_path_factory.getbasetemp() / "buckets", n_buckets, n_blocks, seed)
    assert np.array_equal(np.sort(out, order="token"), rows)


def test_every_place_is_equally_likely(tmp_path):
    """Chi square of where each of 6 rows ends up, over 3000 shuffles; 25 degrees of freedom."""
    rows, counts = numbered_rows(6), np.zeros((6, 6))
    for seed in range(3000):
        out = shuffled(rows, tmp_path / "buckets", 3, 2, seed)
        counts[out["token"], np.arange(6)] += 1
    assert ((counts - 500) ** 2 / 500).sum() < 60  # p < 1e-4


@settings(max_examples=60)
@given(st.integers(1, 9), st.lists(st.integers(0, 50), min_size=1, max_size=5), st.integers(0, 99))
def test_a_job_takes_up_the_draws_where_the_one_before_it_leaves_off(n_buckets, sizes, seed):
    whole = bucket_rng(seed, n_buckets, 0).integers(n_buckets, size=sum(sizes))
    starts = np.cumsum([0, *sizes])
    parts = [bucket_rng(seed, n_buckets, start).integers(n_buckets, size=n) for start, n in zip(starts, sizes)]  # noqa: B905
    assert np.array_equal(np.concatenate(parts), whole)


def test_more_buckets_than_files_may_be_open(tmp_path):
    """256 MiB a bucket: a store of 250 GB has 1000, where 1024 open files is a common limit."""
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, limits[1]))
    try:
        out = shuffled(numbered_rows(500), tmp_path / "buckets", 300, 3, 0)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert sorted(out["token"]) == list(range(500))


@pytest.mark.parametrize(("n", "expected"), [(1, 1), (259_608, 1), (259_609, 2), (2_000_000, 8), (10**10, 1024)])
def test_buckets_are_small_but_not_too_many(n, expected):
    assert count_buckets(n, row_dtype(512, "float16")) == expected  # of 1,034 bytes a row


def test_one_bucket_and_a_chunk_are_all_that_is_held(tmp_path, monkeypatch):
    """With rows spread over 20 buckets and chunks of 10, no more than a bucket and a chunk are ever pending."""
    monkeypatch.setattr(store, "CHUNK_BYTES", 80)
    rows, held = numbered_rows(1000), []
    real = np.concatenate
    rng = np.random.default_rng(0)
    scatter([rows], tmp_path / "buckets", 20, rng)
    largest = max(path.stat().st_size for path in (tmp_path / "buckets").iterdir()) // rows.dtype.itemsize
    monkeypatch.setattr(store.np, "concatenate", lambda parts: held.append(sum(map(len, parts))) or real(parts))
    writer = StoreWriter(tmp_path / "s.zarr", 1000, rows.dtype)
    for bucket in gather([tmp_path / "buckets"], 20, rows.dtype, rng):
        writer.write(bucket)
    assert largest < 90 and max(held) <= largest + 10


def bytes_in(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def by_one(tokens, lm, tmp_path_factory):
    """A store, and a function that makes it again by several jobs, from 12 blocks of 8 contexts."""

    def again(folder, jobs):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sampling, "CONTEXTS", 8)
            return shuffle(collect(tokens, lm, folder, jobs)[::-1], folder)

    return again(tmp_path_factory.mktemp("one"), 1), again


@pytest.mark.parametrize("jobs", [2, 3, 12, 15])
def test_the_store_is_the_same_however_many_jobs_collect_it(by_one, tmp_path, jobs):
    expected, again = by_one
    path = again(tmp_path, jobs)
    assert len(bytes_in(path)) > 40 and bytes_in(path) == bytes_in(expected)
    assert digest(path.with_suffix(".json")) == digest(expected.with_suffix(".json"))
    sizes = [json.loads(file.read_text())["n_rows"] for file in tmp_path.glob("*/part.json")]
    assert len(sizes) == jobs and sum(sizes) == 700 and max(sizes) <= 64 * -(-12 // jobs)


def test_the_record_says_how_the_rows_were_drawn(acts, parts):
    record, part = (json.loads(file.read_text()) for file in (acts.with_suffix(".json"), parts[0] / "part.json"))
    assert record["inputs"] == part["inputs"] and len(record["inputs"]) == 2 and record["collected_by"] == part["code"]
    wanted = {"n_vectors": 700, "per_context": 8, "seed": 3, "site": "mlp_post", "part": 0, "parts": 1, "device": "cpu"}
    assert wanted.items() <= record["flags"].items() and not {"job", "jobs", "threads"} & record["flags"].keys()


@pytest.fixture
def two(tokens, lm, tmp_path):
    return collect(tokens, lm, tmp_path, 2)


def test_a_missing_part_is_noticed(two, tmp_path):
    with pytest.raises(ValueError, match=r"acts-1-of-2: one part of each of 2 jobs expected"):
        store_acts.main(acts_flags(two[1:], tmp_path))
    assert not (tmp_path / "acts.zarr").exists()


def test_parts_of_different_stores_are_not_mixed(two, tokens, lm, tmp_path):
    other = collect(tokens, lm, tmp_path / "other", 2, seed=4)
    with pytest.raises(ValueError, match=r"other/acts-1-of-2: collected with other flags, inputs or code than"):
        store_acts.main(acts_flags([two[0], other[1]], tmp_path))


@pytest.mark.parametrize("lost", [1, 42, 100])
def test_a_part_that_was_cut_short_is_noticed(two, tmp_path, lost):
    bucket = two[1] / "bucket-0003"
    bucket.write_bytes(bucket.read_bytes()[:-lost])
    with pytest.raises(ValueError, match=r"acts-1-of-2: buckets of \d+ bytes, \d+ expected; delete"):
        store_acts.main(acts_flags(two, tmp_path))


def test_disk_use_is_refused_before_anything_is_written(tokens, lm, tmp_path):
    bytes_needed = 700 * row_dtype(16, "float16").itemsize
    with pytest.raises(ValueError, match=r"up to 0\.00 GiB for 700 vectors of 16 float16, over disk_gib"):
        collect_acts.main(collect_flags(tokens, lm, tmp_path / "x", disk_gib=0.99 * bytes_needed / 2**30))
    assert not (tmp_path / "x").exists()
    collect_acts.main(collect_flags(tokens, lm, tmp_path / "x", disk_gib=1.01 * bytes_needed / 2**30))
    assert [path.name for path in (tmp_path / "x").iterdir()] == ["acts-0-of-1"]
