"""Carriers and coupled features by their scripts, in small: files, equal bytes, records that findings are judged by."""

import json
import re
from dataclasses import replace
from importlib import import_module
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest
from investigated import nothing
from small_run import flags

from monosem.findings import theory_ideal
from monosem.findings.scoreboard import NOT_RUN, judge
from monosem.ground.artefacts import read_json
from monosem.lm.transformer import load_lm
from monosem.measures.codes import Codes, read_codes, read_held_out, write_codes
from monosem.theory.coupled_text import BEFORE, Texts, divisors
from theory import count_carriers, find_coupled_features

RECIPE = {"vectors": 12_800, "batch": 128, "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2}
RECIPE |= {"ramp": 0, "grad_clip": 1, "resample_at": [0.3], "dead_window": 0.1, "resample_inputs": 512, "log_every": 50}
LM = {"d_model": 16, "n_heads": 2, "d_mlp": 24, "tokens": 20_000, "batch": 16, "lr": 0.01, "warmup": 0.1}
LM |= {"weight_decay": 0.01, "grad_clip": 1, "val_every": 50, "data_seed": 0, "precision": "float32", "compile": False}
CARRIERS = {"length": 16, "n_words": 6, "noise": 1.5, "contexts": 400, "held_contexts": 60, "layers": [1, 2]}
CARRIERS |= {"starts": 1, "lm": json.dumps(LM), "acts_contexts": 100, "restored": 0.9, "widths": [16, 32], "l1": 0.3}
COUPLED = {"min_count": 5, "min_overlap": 0.2, "min_lift": 1, "bins": 3, "promoted": 4, "min_seen": 1}
COUPLED |= {"min_turn": 1e-4, "draws": 2, "most_triples": 50, "listed": 3}
SMALL = {"carriers": ("count_carriers", CARRIERS | RECIPE), "coupled_features": ("find_coupled_features", COUPLED)}


@pytest.fixture
def files(tokens, corpus, lm, acts, evaluated):
    found = {
        "model": lm / "weights.safetensors",
        "acts_record": acts.with_suffix(".json"),
        "tokens": tokens / "val.zarr",
    }
    found |= {"codes": evaluated / "codes.safetensors", "codes_record": evaluated / "codes.json"}
    return found | {"logits": evaluated / "logits.safetensors", "tokenizer": corpus.tokenizer}


def made(name, folder, files):
    script, settings = SMALL[name]
    outputs = {"output": folder / f"{name}.tsv", "output_figure": folder / f"{name}.svg"}
    outputs |= {"output_record": folder / f"{name}.json"}
    read = files if name == "coupled_features" else {}
    import_module(f"theory.{script}").main(flags(**settings, **read, seed=3, **outputs))
    return outputs


@pytest.mark.parametrize("name", SMALL)
def test_an_experiment_leaves_equal_files_and_a_record_by_which_its_findings_are_judged(name, tmp_path, files):
    first, second = (made(name, tmp_path / folder, files) for folder in "ab")
    for kind in ("output", "output_figure"):
        assert first[kind].read_bytes() == second[kind].read_bytes()
    assert len(pd.read_csv(first["output"], sep="\t")) > 3
    assert ElementTree.parse(first["output_figure"]).getroot().tag.endswith("svg")
    record = read_json(first["output_record"])
    assert record["investigation"] == name and record["flags"]["seed"] == 3
    rows = [judge(finding, replace(nothing(), investigations={name: record})) for finding in theory_ideal.ROWS]
    judged = {row["id"]: row for row in rows if row["verdict"] != NOT_RUN}
    own = {row["id"]: row for row, finding in zip(rows, theory_ideal.ROWS, strict=True) if finding.figure == name}
    for id in own.keys() - judged.keys():
        assert re.search("no dictionary holds it in the|nats that ablating all features costs", str(own[id])), own[id]
    assert judged.keys() <= own.keys()
    assert {row["run"] for row in judged.values()} <= {f"({record['note']})"}
    assert name == "carriers" or own.keys() == judged.keys()


def test_carriers_of_every_model_width_and_feature_are_counted_and_restore_what_was_asked(tmp_path, files):
    table = pd.read_csv(made("carriers", tmp_path, files)["output"], sep="\t")
    counts = table[table["what"] == "count"]
    assert len(counts) == 2 * 2 * 3 and (counts["n_put_back"] >= 1).all()
    held = counts["kl_reconstruction"] <= 0.1 * counts["kl_ablated"]
    assert (held == counts["held"].astype(bool)).all() and (held == counts["n_features"].notna()).all()
    assert (counts["kl_carried"] <= 0.1 * counts["kl_ablated"] + 1e-9).all()
    weights = table[table["what"] == "logit weight"]
    assert len(weights) == 3 * counts["n_put_back"].sum()


def test_coupled_groups_come_with_their_paths_and_texts(tmp_path, files):
    outputs = made("coupled_features", tmp_path, files)
    table, record = pd.read_csv(outputs["output"], sep="\t"), read_json(outputs["output_record"])
    assert record["pairs"]["turning"] > 0 and len(record["pairs"]["by_chance_each"]) == 2
    first = table[(table["kind"] == "pairs") & (table["rank"] == 1)]
    ratio = first[first["what"] == "log ratio"].set_index("x")["y"]
    acts = first[first["what"] == "activation"]
    rebuilt = (acts["y"] * acts["weight"]).groupby(acts["x"]).sum()
    np.testing.assert_allclose(ratio, rebuilt, rtol=1e-4, atol=1e-6)
    assert first["text"].dropna().str.contains("[", regex=False).any()
    heights = table[(table["what"] == "turn") & (table["kind"] == "pairs") & (table["case"] == "measured")]["y"]
    assert len(heights) == record["pairs"]["candidates"] and heights.is_monotonic_decreasing


def test_where_nothing_fires_together_the_figure_is_drawn_all_the_same(tmp_path, files):
    outputs = {"output": tmp_path / "n.tsv", "output_figure": tmp_path / "n.svg", "output_record": tmp_path / "n.json"}
    find_coupled_features.main(flags(**{**COUPLED, "min_count": 10**6}, **files, seed=0, **outputs))
    assert read_json(outputs["output_record"])["pairs"] == {
        "candidates": 0, "turning": 0, "greatest": 0.0, "by_chance": 0, "by_chance_each": [0, 0]
    }  # fmt: skip


def test_of_a_dictionary_that_never_fires_there_are_no_carriers_and_the_figure_is_drawn_all_the_same(tmp_path):
    outputs = {"output": tmp_path / "n.tsv", "output_figure": tmp_path / "n.svg", "output_record": tmp_path / "n.json"}
    dead = {"l1": 1e9, "layers": [1], "widths": [8], "lr": 1, "warmup": 0, "resample_at": []}
    count_carriers.main(flags(**{**CARRIERS, **RECIPE, **dead}, seed=0, **outputs))
    found = read_json(outputs["output_record"])["ratios"]["deepest"]
    assert (found["held"], found["dictionaries"], found["median"]) == (0, 1, None)


def test_more_bins_than_tokens_and_codes_of_other_tokens_are_errors(tmp_path, files):
    outputs = {name: tmp_path / name for name in ("output", "output_figure", "output_record")}
    with pytest.raises(ValueError, match="--bins 6: 3 or more expected, and at most --min-count, 5"):
        find_coupled_features.main(flags(**{**COUPLED, "bins": 6}, **files, seed=0, **outputs))
    shorter = tmp_path / "codes.safetensors"
    write_codes(shorter, Codes(read_codes(files["codes"]).matrix[:-1]))
    with pytest.raises(ValueError, match=r"codes.safetensors: \d+ tokens, not \d+; encode them again"):
        find_coupled_features.main(flags(**COUPLED, **{**files, "codes": shorter}, seed=0, **outputs))


def test_divisors_and_texts_are_of_the_counted_positions_in_their_order(files, corpus):
    held_out = read_held_out(files["tokens"], files["codes_record"])
    divisor_T = divisors(load_lm(files["model"]), held_out)
    assert divisor_T.shape == held_out.token_T.shape and (divisor_T > 0).all()
    texts = Texts(held_out, [f"<{token}>" for token in range(300)])
    row = int(np.flatnonzero(held_out.position_T == 3)[0])
    around = held_out.tokens_SL[held_out.context_T[row], max(1, 3 - BEFORE) : 5]
    assert texts.around(row) == "<{}><{}>[<{}>]<{}>".format(*around)
