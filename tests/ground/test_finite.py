"""NaN and infinity are refused by name wherever numbers are read and written, and ids that do not fit."""

import argparse
import json

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from safetensors.torch import save_file

from monosem.ground.artefacts import read_json, write_record
from monosem.ground.finite import all_finite, check_finite, check_ids, check_within
from monosem.ground.records import read_table, read_tables
from monosem.ground.summary import defined, middle, or_none, summarise
from monosem.ground.tensors import load_tensors, open_tensor

NAN, INF = float("nan"), float("inf")


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e400"])
@pytest.mark.parametrize(
    ("form", "field"), [('{"loss": %s}', "loss"), ('{"a": {"b": [1, %s]}}', "a.b.1"), ('{"m": [[0.5], [%s]]}', "m.1.0")]
)
def test_a_record_with_a_number_that_is_none_is_not_read(tmp_path, word, form, field):
    (tmp_path / "r.json").write_text(form % word)
    with pytest.raises(ValueError, match=rf"r\.json field `{field}`: -?(nan|inf), a finite number expected"):
        read_json(tmp_path / "r.json")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"val_loss": NAN}, "val_loss"),
        ({"shares": {"2_0": {"features": np.float64(INF)}}}, "shares.2_0.features"),
        ({"mean": [0.0, 1.0, -INF]}, "mean.2"),
        ({"pair": (1, NAN)}, "pair.1"),
    ],
)
def test_a_record_with_a_number_that_is_none_is_not_written(tmp_path, fields, field):
    if "mean" in fields:
        fields = {"mean": [float(value) for value in fields["mean"]]}
    with pytest.raises(
        ValueError, match=rf"r\.json field `{field}`: -?(nan|inf), a finite number expected; nothing is"
    ):
        write_record(tmp_path / "r.json", fields, inputs=[], args=argparse.Namespace())
    assert not list(tmp_path.iterdir())
    write_record(tmp_path / "r.json", {"a": None, "b": 1e308}, inputs=[], args=argparse.Namespace())
    assert json.loads((tmp_path / "r.json").read_text())["a"] is None


@pytest.mark.parametrize("value", [NAN, INF, -INF])
@pytest.mark.parametrize("column", ["density", "loss", "max_act"])
def test_a_table_names_column_and_row(tmp_path, value, column):
    frame = pd.DataFrame({"feature": [0, 1, 2], column: [0.5, 1.0, value], "status": ["ok", "ok", "ok"]})
    frame.to_parquet(tmp_path / "t.parquet")
    pq.write_table(pa.table({"feature": [0, 1], column: pa.array([0.5, value])}), tmp_path / "other.parquet")
    frame.to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    for name, row in (("t.parquet", 2), ("other.parquet", 1), ("t.tsv", 2)):
        with pytest.raises(ValueError, match=rf"{name} column {column} row {row}: -?(nan|inf), "):
            read_table(tmp_path / name, ["feature", column])
        assert len(read_table(tmp_path / name, ["feature"])) > 1


@pytest.mark.parametrize("word", ["nan", "NaN", "-inf", "Infinity", "NA", "null", "None", "1e999"])
def test_words_among_the_numbers_of_a_tsv_are_refused(tmp_path, word):
    (tmp_path / "t.tsv").write_text(f"step\tloss\n1\t4.5\n2\t{word}\n3\t4.25\n")
    with pytest.raises(ValueError, match=r"t\.tsv column loss row 1: -?(nan|inf)"):
        read_table(tmp_path / "t.tsv", ["step", "loss"])


@pytest.mark.parametrize("word", ["nan", "NA", "null", "inf", "None", "n/a"])
def test_a_token_may_be_spelt_as_they_are(tmp_path, word):
    pd.DataFrame({"text": ["cat", word], "n": [1, 2]}).to_csv(tmp_path / "t.tsv", sep="\t", index=False)
    assert read_table(tmp_path / "t.tsv", ["text", "n"])["text"].tolist() == ["cat", word]


def test_the_undefined_has_its_columns_and_infinity_none(tmp_path):
    frame = pd.DataFrame(
        {"feature": [0, 1], "spearman": [0.5, NAN], "correlations": [np.array([0.5, NAN]), np.ones(1)]}
    )
    frame.to_parquet(tmp_path / "t.parquet")
    found = read_table(tmp_path / "t.parquet")
    assert np.isnan(found["spearman"][1]) and np.isnan(found["correlations"][0][1])
    frame.assign(spearman=[0.5, INF]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"column spearman row 1: inf"):
        read_table(tmp_path / "t.parquet", ["spearman"])
    frame.assign(costs=frame["correlations"]).to_parquet(tmp_path / "t.parquet")
    with pytest.raises(ValueError, match=r"column costs row 0: nan"):
        read_table(tmp_path / "t.parquet", ["costs"])


def test_tables_of_many_runs_name_the_one(tmp_path):
    for name, density in (("a", 0.5), ("b", NAN)):
        pd.DataFrame({"density": [0.25, density]}).to_parquet(tmp_path / f"{name}.parquet")
        (tmp_path / f"{name}.json").write_text(json.dumps({"model": name, "site": "s", "dictionary": "d"}))
    paths = [[tmp_path / f"{name}.{end}" for name in "ab"] for end in ("parquet", "json")]
    with pytest.raises(ValueError, match=r"b\.parquet column density row 1: nan"):
        read_tables(*paths, ["density"])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16, torch.float64, torch.float8_e5m2])
@pytest.mark.parametrize("value", [NAN, INF])
def test_a_tensor_file_names_tensor_and_place(tmp_path, dtype, value):
    matrix = torch.zeros(3, 4)
    matrix[2, 1] = value
    save_file({"fine": torch.ones(2), "W": matrix.to(dtype)}, tmp_path / "w.safetensors")
    with pytest.raises(ValueError, match=rf"w\.safetensors W \[2, 1\]: {value}, .*; take another"):
        load_tensors(tmp_path / "w.safetensors", "pt", "take another")


def test_rows_are_looked_at_as_they_are_read(tmp_path):
    matrix = torch.zeros(5, 3).half()
    matrix[3, 2] = NAN
    save_file({"W": matrix}, tmp_path / "w.safetensors")
    rows = open_tensor(tmp_path / "w.safetensors", "W")
    assert rows.get_shape() == [5, 3] and not rows[:3].any() and not rows[4].any()
    for part in (3, slice(2, 5), slice(None)):
        with pytest.raises(ValueError, match=r"w\.safetensors W from row \d on \[.*2\]: nan"):
            rows[part]


def test_of_each_float16_it_is_told_whether_it_is_finite():
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    assert [all_finite(every[place : place + 1]) for place in range(1 << 16)] == np.isfinite(every).tolist()
    assert not all_finite(every) and all_finite(every[np.isfinite(every)]) and all_finite(every[:0])
    with pytest.raises(ValueError, match=r"x \[1, 2\]: -inf"):
        check_finite(np.array([[1, 2, 3], [4, 5, -INF]], dtype=np.float16), "x")


def test_whatever_is_finite_passes():
    for values in (np.zeros((0, 3)), np.array([1, 2]), np.array([True]), torch.tensor(3), torch.tensor([1e38, -1e38])):
        check_finite(values, "x")


@pytest.mark.parametrize(("kind", "number"), [("uint16", 70_484), ("uint32", 1 << 32), ("uint16", -1)])
def test_ids_that_do_not_fit_are_refused(kind, number):
    with pytest.raises(ValueError, match=rf"category {number}: 0 to \d+ fit where it is stored \({kind}\)"):
        check_ids(np.array([0, number]), kind, "category")
    check_ids(np.array([0, 65_535]), "uint16", "category")


@pytest.mark.parametrize("number", [4096, 70_000, -1])
def test_ids_that_name_nothing_are_refused(number):
    with pytest.raises(ValueError, match=rf"token {number}: 0 to 4095 expected"):
        check_within(np.array([3, number]), 4096, "token")
    check_within(np.array([0, 4095]), 4096, "token")


def test_the_undefined_is_left_out_by_name():
    column = pd.Series([3.0, NAN, 1.0, NAN, 5.0])
    assert defined(column).tolist() == [3, 1, 5] and middle(column) == 3 and middle(column[1:2]) is None
    assert or_none(NAN) is None and or_none(0.5) == 0.5
    assert summarise(column.to_numpy())["n"] == 3 and summarise(np.array([NAN]))["mean"] is None
