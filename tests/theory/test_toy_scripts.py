"""The experiments with a known truth by their scripts, in small: files, equal bytes, records that findings judge."""

import json
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import pandas as pd
import pytest
from investigated import nothing
from recipes import HYPERPARAMETERS
from small_run import flags

from monosem.findings import theory_layers, theory_toy
from monosem.findings.scoreboard import NOT_RUN, REPRODUCED, judge
from monosem.ground.artefacts import read_json
from theory import train_unembeddings

RECIPE = {"vectors": 12_800, "batch": 128, "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2}
RECIPE |= {"ramp": 0, "grad_clip": 1, "resample_at": [0.3], "dead_window": 0.1, "resample_inputs": 512, "log_every": 50}
ARCHITECTURES = {name: {**HYPERPARAMETERS[name], "resample_at": []} for name in ("relu", "topk", "jumprelu")}
ARCHITECTURES["topk"]["k"] = None
LM = {"d_model": 8, "n_heads": 2, "d_mlp": 16, "tokens": 2880, "batch": 8, "lr": 0.01, "warmup": 0.1, "compile": False}
LM |= {"weight_decay": 0.01, "grad_clip": 1, "val_every": 7, "data_seed": 0, "precision": "float32"}
SMALL = {
    "planted_recovery": (
        "recover_planted",
        {"true_features": 8, "dimensions": 6, "n_vectors": 800, "widths": [1, 0.25, 2], "shares_on": [0.1, 0.4]}
        | {"together": [0, 0.9], "haste": 5, "architectures": json.dumps(ARCHITECTURES), **RECIPE},
    ),
    "output_superposition": (
        "train_unembeddings",
        {"n_features": 16, "neurons": [2, 4], "mean_on": [0.5, 8], "steps": 1500, "batch": 64, "lr": 0.03},
    ),
    "layerwise_memory": (
        "train_residual_mlp",
        {"n_values": 8, "n_answers": 4, "n_layers": 2, "width": 16, "neurons": 32, "n_pairs": [4, 60], "steps": 150}
        | {"batch": 32, "lr": 0.01, "threshold": 0.1},
    ),
    "layerwise_features": (
        "match_layers",
        {"depths": [2, 3], "site": "mlp_post", "n_vectors": 700, "per_context": 8, "held_out": 240, "width": 24}
        | {"l1": 0.5, "correlation": 0.7, "lm": json.dumps(LM), **RECIPE},
    ),
}
ROWS = (*theory_toy.ROWS, *theory_layers.ROWS)
OF_EXPERIMENT = {  # those that hold in small too
    "planted_recovery": {"planted-wider-finds-more"},  # two features find two of eight at most
    "output_superposition": {
        "softmax-alone-makes-superposition",
        "squared-loss-makes-none",
        "dense-features-share-no-neurons",
    },
    "layerwise_memory": {"all-layers-are-taught"},
}


def made(name, folder, tokens):
    script, settings = SMALL[name]
    stores = {"train": tokens / "train.zarr", "val": tokens / "val.zarr"} if name == "layerwise_features" else {}
    outputs = {"output": folder / f"{name}.tsv", "output_figure": folder / f"{name}.svg"}
    outputs |= {"output_record": folder / f"{name}.json"}
    import_module(f"theory.{script}").main(flags(**settings, **stores, seed=3, **outputs))
    return outputs


@pytest.mark.parametrize("name", SMALL)
def test_an_experiment_leaves_table_figure_and_record_and_its_findings_are_judged(name, tmp_path, tokens):
    outputs = made(name, tmp_path, tokens)
    assert len(pd.read_csv(outputs["output"], sep="\t")) > 3
    assert ElementTree.parse(outputs["output_figure"]).getroot().tag.endswith("svg")
    record = read_json(outputs["output_record"])
    assert record["investigation"] == name and record["flags"]["seed"] == 3
    rows = [judge(finding, replace(nothing(), investigations={name: record})) for finding in ROWS]
    judged = {row["id"]: row for row in rows if row["verdict"] != NOT_RUN}
    assert judged and {row["run"] for row in judged.values()} == {f"({record['note']})"}
    assert {finding.id for finding in ROWS if finding.figure == name} == set(judged)
    assert OF_EXPERIMENT.get(name, set()) <= {id for id, row in judged.items() if row["verdict"] == REPRODUCED}


@pytest.mark.parametrize("name", ["layerwise_memory", "layerwise_features"])
def test_equal_seeds_give_equal_tables_and_figures(name, tmp_path, tokens):
    first, second = (made(name, tmp_path / folder, tokens) for folder in "ab")
    for kind in ("output", "output_figure"):
        assert first[kind].read_bytes() == second[kind].read_bytes()


def test_as_many_neurons_as_features_is_an_error(tmp_path):
    _, settings = SMALL["output_superposition"]
    outputs = {name: tmp_path / name for name in ("output", "output_figure", "output_record")}
    with pytest.raises(ValueError, match="--neurons 16: fewer than the 16 features expected"):
        train_unembeddings.main(flags(**{**settings, "neurons": [2, 16]}, seed=0, **outputs))
