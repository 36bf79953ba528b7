"""What packed text is made of, counted by another path, and drawn."""

import json

import numpy as np
import pandas as pd
import pytest
from small_run import flags

import measure_text
from monosem.text import shares as module
from monosem.text.packed import read_packed
from monosem.text.shares import ALL, document_sizes, shares
from plot import text as plot_text


def test_shares_and_documents_are_those_of_the_store(tokens, tmp_path):
    files = {"output": tmp_path / "text.tsv", "output_record": tmp_path / "text.json"}
    measure_text.main(flags(train=tokens / "train.zarr", val=tokens / "val.zarr", **files))
    table, record = pd.read_csv(files["output"], sep="\t"), json.loads(files["output_record"].read_text())
    for split in ("train", "val"):
        packed, rows = read_packed(tokens / f"{split}.zarr", 10**6), table[table["split"] == split]
        names = np.array(packed.categories)[packed.category_T]
        assert set(rows["category"]) == {ALL, *names} and record[split][0]["category"] == ALL
        for row in rows.itertuples():
            chosen_T = packed.document_T[names == row.category] if row.category != ALL else packed.document_T
            size_D = np.unique(chosen_T, return_counts=True)[1]
            assert (row.tokens, row.documents) == (size_D.sum(), size_D.size)
            assert row.share == pytest.approx(size_D.sum() / packed.n_tokens, rel=1e-5)
            assert row.effective_documents == pytest.approx(size_D.sum() ** 2 / (size_D**2).sum(), rel=1e-5)
        assert rows["tokens"].is_monotonic_decreasing
    for attempt in (1, 2):
        drawn = {"output": tmp_path / f"{attempt}.svg", "output_data": tmp_path / f"{attempt}.tsv"}
        plot_text.main(flags(table=files["output"], **drawn))
    assert (tmp_path / "1.svg").read_bytes() == (tmp_path / "2.svg").read_bytes()


def test_of_a_large_store_the_beginning_is_counted(tokens, monkeypatch):
    monkeypatch.setattr(module, "MOST_TOKENS", 60)
    assert document_sizes(tokens / "train.zarr")["tokens"].sum() == read_packed(tokens / "train.zarr", 5).n_tokens


def test_equal_documents_all_count_and_one_long_one_counts_for_little_more_than_itself():
    equal, long = [7] * 10, [1000] + [1] * 9
    for sizes, effective in ((equal, 10), (long, 1009**2 / (1000**2 + 9))):
        rows = shares(pd.DataFrame({"category": "a", "document": range(10), "tokens": sizes}))
        assert [row["category"] for row in rows] == [ALL, "a"]
        assert rows[0]["documents"] == 10 and rows[0]["effective_documents"] == pytest.approx(effective)
