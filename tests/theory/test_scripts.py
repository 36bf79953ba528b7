"""The experiments of `theory` by their scripts, in small: files, equal bytes, records that findings are judged by."""

from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import pandas as pd
import pytest
from investigated import nothing
from small_run import flags

from monosem.findings import theory, theory_codes
from monosem.findings.scoreboard import NOT_RUN, REPRODUCED, judge
from monosem.ground.artefacts import read_json

RECIPE = {"vectors": 20_000, "batch": 256, "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2}
RECIPE |= {"ramp": 0, "grad_clip": 1, "resample_at": [0.3], "dead_window": 0.1, "resample_inputs": 512, "log_every": 50}
PLANTED = {"angles": [30, 90], "true_features": 8, "dimensions": 6, "share_on": 0.1, "n_vectors": 1000, "penalty": 0.1}
FITTING = {"fit_steps": 60, "fit_batch": 64, "fit_lr": 0.01, "hidden": 16, "width": 8, "l1": 0.5}
SMALL = {
    "log_ratios": ("measure_log_ratios", {"width": 16, "n_tokens": 3, "draws": 5, "strengths": [1, 4]}),
    "fixed_triples": (
        "fit_fixed_triples",
        {"n_tokens": 32, "triples": 2, "widths": [2, 8, 16], "strengths": [0, 10], "steps": 200},
    ),
    "continuous_targets": (
        "fit_continuous_targets",
        {"points": 13, "features": [1, 2], "starts": 1, "steps": 200},
    ),
    "one_neuron": (
        "train_one_neuron",
        {"starts": 5, "steps": 60, "lr": 0.1, "l1": [0, 0.25, 1], "kept": [1]},
    ),
    "spread_features": (
        "spread_features",
        {"n_neurons": 100, "reach": 5, "points": 21, "negative": [0, 0.5, 1], "held_out": 0.2},
    ),
    "nonhomogeneity": (
        "measure_nonhomogeneity",
        {"n_neurons": 20, "reach": 5, "samples": 500, "probes": 1, "others": [0, 8], "spreads": [1, 20]}
        | {"threshold": 0.1, "most_mmcs": 0.3, "most_features": 64},
    ),
    "sparse_codes": ("find_sparse_codes", {"angles": [0, 60], "dimensions": [2, 4], "times": 2, "draws": 3}),
    "encoders": ("compare_encoders", PLANTED | FITTING | RECIPE),
}
OF_EXPERIMENT = {  # those that hold however small the experiment is, because they are exact
    "log_ratios": {"ratios-never-turn"},
    "fixed_triples": {"binary-takes-one"},
    "continuous_targets": {"three-modes-take-one", "turning-ratios-take-two"},
    "spread_features": {"spread-features-are-lines", "larger-inputs-bring-it-back", "half-negative-is-a-line"},
    "sparse_codes": {"l1-picks-the-sparser"},
    "encoders": {"tied-encoder-overshoots"},
}


def made(name, folder):
    script, settings = SMALL[name]
    outputs = {"output": folder / f"{name}.tsv", "output_figure": folder / f"{name}.svg"}
    outputs |= {"output_record": folder / f"{name}.json"}
    import_module(f"theory.{script}").main(flags(**settings, seed=3, **outputs))
    return outputs


@pytest.mark.parametrize("name", SMALL)
def test_an_experiment_leaves_table_figure_and_record_and_its_findings_are_judged(name, tmp_path):
    outputs = made(name, tmp_path)
    assert len(pd.read_csv(outputs["output"], sep="\t")) > 3
    assert ElementTree.parse(outputs["output_figure"]).getroot().tag.endswith("svg")
    record = read_json(outputs["output_record"])
    assert record["investigation"] == name and record["flags"]["seed"] == 3
    run = replace(nothing(), investigations={name: record})
    rows = [judge(finding, run) for finding in (*theory.ROWS, *theory_codes.ROWS)]
    judged = {row["id"]: row for row in rows if row["verdict"] != NOT_RUN}
    assert judged and {row["run"] for row in judged.values()} == {f"({record['note']})"}
    assert OF_EXPERIMENT.get(name, set()) <= {id for id, row in judged.items() if row["verdict"] == REPRODUCED}
    assert {row["tokens"] for row in judged.values()} == {""}


@pytest.mark.parametrize("name", ["spread_features", "one_neuron"])
def test_equal_seeds_give_equal_tables_and_figures(name, tmp_path):
    first, second = (made(name, tmp_path / folder) for folder in "ab")
    for kind in ("output", "output_figure"):
        assert first[kind].read_bytes() == second[kind].read_bytes()


def test_every_finding_is_of_some_experiment():
    ids = {finding.id for finding in (*theory.ROWS, *theory_codes.ROWS)}
    assert set().union(*OF_EXPERIMENT.values()) <= ids
    for finding in (*theory.ROWS, *theory_codes.ROWS):
        missing = judge(finding, nothing())["run"]
        assert missing.removeprefix("needs the investigation `").removesuffix("`") in SMALL
