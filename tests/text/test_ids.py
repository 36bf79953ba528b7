"""Ids beyond what a store holds, or beyond what its record knows."""

import shutil

import numpy as np
import pytest
import zarr
from small_run import numbered_rows, pack_flags, write_lines

import pack_tokens
from monosem.acts.store import rows_of
from monosem.text.tokens import map_contexts, read_contexts


def test_ids_beyond_what_stores_hold(tmp_path, corpus, tokens):
    columns = {"token": np.array([0]), "context": np.array([1]), "position": np.array([65_536])}
    with pytest.raises(ValueError, match="position 65536: 0 to 65535 fit"):
        rows_of(np.zeros((1, 2), np.float32), columns, "float32")
    assert len(numbered_rows(3)) == 3
    lines = [{"text": "x", "category": f"kind{i}", "source": "s", "document": i, "split": "val"} for i in range(70_484)]
    write_lines(tmp_path / "d.zst", lines)
    with pytest.raises(ValueError, match=r"category \d+: 0 to 65535 fit where it is stored"):
        pack_tokens.main(pack_flags(corpus, tmp_path, "val", documents=tmp_path / "d.zst", n_tokens=140_000))
    assert not (tmp_path / "val.zarr").exists()


@pytest.mark.parametrize(("array", "value"), [("tokens", 4096), ("tokens", 280), ("category", 4)])
def test_ids_that_a_store_does_not_know(tokens, tmp_path, array, value):
    shutil.copytree(tokens / "val.zarr", tmp_path / "val.zarr")
    shutil.copy(tokens / "val.json", tmp_path / "val.json")
    zarr.open_array(tmp_path / f"val.zarr/{array}", mode="r+")[3, 5] = value
    with pytest.raises(ValueError, match=rf"val\.zarr/{array}: id {value}: 0 to \d+ expected"):
        read_contexts(tmp_path / "val.zarr", array=array)
    if array == "tokens":
        with pytest.raises(ValueError, match=rf"val\.zarr/tokens: id {value}"):
            map_contexts(tmp_path / "val.zarr")
