"""The folder for Neuronpedia: its files, and rows that say what the tables say."""

import json

import numpy as np
import pandas as pd
import pytest
from exported import export_neuronpedia_of_planted, read_lines


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("neuronpedia") / "one"
    return folder, export_neuronpedia_of_planted(folder)


def test_files(exported):
    source = exported[0] / "out" / "0-mlp_post-tiny"
    names = {path.relative_to(source).as_posix() for path in source.rglob("*") if path.is_file()}
    batches = {f"{kind}/batch-0.jsonl.gz" for kind in ("features", "activations", "explanations")}
    assert names == batches | {"release.jsonl", "model.jsonl", "sourceset.jsonl", "source.jsonl"}
    rows = {name: json.loads((source / f"{name}.jsonl").read_text()) for name in ("model", "sourceset", "source")}
    assert rows["source"]["id"] == source.name and rows["source"]["modelId"] == rows["model"]["id"] == "A"
    assert rows["source"]["setName"] == rows["sourceset"]["name"] == "mlp_post-tiny"
    assert (exported[0] / "out" / "monosem.json").exists()


def test_a_row_for_every_feature(exported):
    folder, given = exported
    rows = read_lines(folder, "features")
    assert [row["index"] for row in rows] == [str(i) for i in range(len(given["decoder"]))]
    for row, code_T, logit_V, decoder_N in zip(rows, given["codes"].T, given["logits"], given["decoder"], strict=True):
        active = code_T[code_T > 0]
        assert row["frac_nonzero"] == len(active) / len(code_T)
        assert row["maxActApprox"] == pytest.approx(active.max() if len(active) else 0, abs=1e-5)
        assert sum(row["freq_hist_data_bar_heights"]) == len(active) and len(row["pos_str"]) == 10
        assert sum(row["logits_hist_data_bar_heights"]) == len(logit_V)
        assert row["pos_values"] == pytest.approx(np.sort(logit_V)[::-1][:10], abs=1e-5)
        assert row["neg_values"] == pytest.approx(np.sort(logit_V)[:10], abs=1e-5)
        assert row["neuron_alignment_values"] == pytest.approx(np.sort(decoder_N)[::-1][:3], abs=1e-5)
        assert row["hookName"] == "blocks.0.mlp.hook_post"


def test_examples_are_the_windows_without_what_lies_outside(exported):
    folder, given = exported
    windows = pd.read_parquet(folder / "examples.parquet").query("kind in ('top', 'interval')")
    rows = read_lines(folder, "activations")
    assert len(rows) == len(windows) == len({row["id"] for row in rows}) and all(len(row["id"]) == 25 for row in rows)
    at = {(str(w.feature), f"{w.context}:{w.position}"): w for w in windows.itertuples()}
    for row in rows:
        window = at[row["index"], row["dataIndex"]]
        seen_W = np.array(window.tokens) != -1
        assert row["values"] == pytest.approx(np.array(window.activations)[seen_W], abs=1e-5)
        assert len(row["tokens"]) == len(row["values"]) and row["maxValue"] == max(row["values"])
        assert row["values"][row["maxValueTokenIndex"]] == row["maxValue"]
        assert row["values"][row["qualifyingTokenIndex"]] > 0
        code_T = given["codes"][:, window.feature]
        if window.kind == "interval":
            inside_T = (code_T > code_T.max() * window.interval / 5) & (
                code_T <= code_T.max() * (window.interval + 1) / 5
            )
            assert row["binContains"] == pytest.approx(inside_T.mean(), rel=1e-6)


def test_explanations_are_those_there_are(exported):
    rows = read_lines(exported[0], "explanations")
    assert {row["index"]: row["description"] for row in rows} == {str(i): f"fires on {i}" for i in (1, 3, 5)}


def test_the_same_tables_give_the_same_bytes(exported, tmp_path):
    export_neuronpedia_of_planted(tmp_path / "two")
    for kind in ("activations", "explanations"):
        first, second = (
            next((folder / "out").glob(f"*/{kind}/batch-0.jsonl.gz")).read_bytes()
            for folder in (exported[0], tmp_path / "two")
        )
        assert first == second
