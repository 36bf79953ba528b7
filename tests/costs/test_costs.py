"""The formulas of costs: constants are the code's, operations are counted, memory is never exceeded."""

import json
import os
import sys

import numpy as np
import pytest
import torch
from default_jobs import DEFAULT, job
from places import SCRIPTS
from scipy.sparse import random_array
from small_run import lm_flags, sae_flags
from torch.utils.flop_counter import FlopCounterMode

from monosem.acts import sampling, shuffling
from monosem.acts.store import row_dtype
from monosem.costs import disk_mib, memory, memory_mib, needed_mib, seconds
from monosem.costs import jobs as sizes
from monosem.lm import cross_entropy
from monosem.lm.transformer import LanguageModel, LMConfig
from monosem.measures import losses, universality
from monosem.measures.codes import Codes, write_codes
from monosem.sae import training as sae_training
from monosem.sae.architectures import steps
from monosem.sae.kernels import largest, support
from monosem.text import packing
from monosem.text.corpus import buckets, catalogue

SITE = {"model": "A", "site": "mlp_post"}


def test_constants_are_those_of_the_code():
    assert sizes.BLOCK == packing.BLOCK and sizes.CONTEXTS == sampling.CONTEXTS == losses.CONTEXTS
    assert len(catalogue.PACKAGES) == sizes.MINI_PILE_PACKAGES
    assert memory.BUCKET_MIB << 20 == shuffling.BUCKET_BYTES and memory.MAX_BUCKETS == shuffling.MAX_BUCKETS
    assert memory.TEXT_BUCKETS == buckets.BUCKETS and memory.LOGIT_ROWS == cross_entropy.ROWS
    assert memory.DENSE_ENTRIES == steps.DENSE_ENTRIES and memory.MATCHED_ROWS == universality.DENSE_ROWS
    assert support.TILE[0] * support.TILE[1] == memory.TILE_ENTRIES and memory.WHOLE_ROWS == largest.ROWS
    assert memory.SCREENED == sae_training.INFERENCE_ROWS


@pytest.mark.parametrize("n_layers", [1, 3])
def test_parameters_and_operations_are_those_of_the_model(n_layers):
    model = LanguageModel(LMConfig(300, 32, n_layers, 16, 4, 48), seed=0)
    lm = {"n_layers": n_layers, "d_model": 16, "n_heads": 4, "d_mlp": 48}
    counted = job("train_lm", tokens={"vocab_size": 300, "context_length": 32}, lm=lm).model
    assert counted.parameters + (2 * n_layers + 1) * 16 + n_layers * (48 + 16) == sum(
        p.numel() for p in model.parameters()
    )
    tokens_SL = torch.zeros(2, 32, dtype=torch.long)
    with FlopCounterMode(display=False) as flops:
        model(tokens_SL) @ model.W_U_DV
    assert flops.get_total_flops() == 2 * 32 * (counted.forward + counted.logits)


@pytest.mark.parametrize(("site", "dtype"), [("mlp_post", "float16"), ("resid_post", "float32")])
def test_rows_of_a_store_are_as_long_as_they_are(site, dtype):
    costed = job("store_acts", {"model": "A", "site": site}, acts={"dtype": dtype, "n_vectors": 7}, sites=[site])
    assert costed.store_bytes == 7 * row_dtype(costed.neurons, dtype).itemsize


def test_codes_come_from_the_dictionary_or_the_neurons():
    tokens = {"n_tokens": 1000}
    wide = {
        "relu": {"width": 4096, "l1": 3},
        "top": {"arch": "topk", "width": 4096, "k": 7},
        "slim": {"width": 5, "l1": 3},
    }
    found = [
        job("evaluate_dictionary", {**SITE, "run": run}, evaluation=tokens, dictionaries=wide).codes(20, 0.25)
        for run in ("relu", "top", "slim", "neurons")
    ]
    assert found == [20_000, 7_000, 5_000, 128_000]
    signed = job("evaluate_dictionary", {"model": "A", "site": "resid_post", "run": "neurons"}, evaluation=tokens)
    assert signed.codes(20, 0.25) == 128_000


@pytest.mark.parametrize(
    ("rule", "changed"),
    [
        ("train_lm", {"tokens": {"vocab_size": 1 << 16}}),
        ("train_lm", {"lm": {"batch": 256}}),
        ("train_sae", {"dictionaries": {"relu-w512": {"width": 65536}}}),
        ("train_sae", {"sae": {"batch": 65536}}),
        ("store_acts", {"acts": {"n_vectors": 10**9}}),
        ("evaluate_dictionary", {"evaluation": {"n_tokens": 10**7}}),
        ("match_features", {"evaluation": {"n_tokens": 10**7}}),
        ("build_corpus", {"corpus": {"source": ["hf:x"], "max_mb": 10**6}}),
    ],
)
def test_what_is_larger_costs_more_of_everything_that_it_is(rule, changed):
    wildcards = {**SITE, "dict": "relu-w512", "run": "relu-w512"}
    small, large = job(rule, wildcards), job(rule, wildcards, **changed)
    assert needed_mib(large) > needed_mib(small) and memory_mib(small) >= needed_mib(small)
    if changed not in ({"lm": {"batch": 256}}, {"sae": {"batch": 65536}}):
        assert seconds(large) > seconds(small) and sum(disk_mib(large)) >= sum(disk_mib(small))


def test_a_gpu_takes_the_products_and_a_faster_core_the_rest():
    wildcards = {**SITE, "dict": "relu-w4096"}
    cpu = seconds(job("train_sae", wildcards))
    assert seconds(job("train_sae", wildcards, device="cuda")) < cpu / 3
    assert seconds(job("train_sae", wildcards, machine={"core": 2})) == pytest.approx(cpu / 2)
    plot = job("plot_pareto", device="cuda")
    assert seconds(plot) == seconds(job("plot_pareto"))


def test_a_language_model_takes_its_time_for_each_feature_that_is_asked_of():
    run = {**SITE, "run": "relu-w4096"}
    explain = seconds(job("explain_features", run))
    server = {"llm": {"explainer": {"concurrency": 4}, "scorer": {"concurrency": 8}}}
    at_once = [seconds(job(rule, run, autointerp=server)) for rule in ("explain_features", "score_explanations")]
    assert explain > 4 * at_once[0] - 60 and at_once[1] < at_once[0] < explain
    every = job("score_explanations", run, autointerp={"llm": {"n_features": None}})
    assert seconds(every) > 4096 * DEFAULT["machine"]["llm_s"]
    assert needed_mib(every) > needed_mib(job("score_explanations", run))


def peak_mib(script: str, flags: list[str]) -> float:
    """Of a script in a process of its own."""
    pid = os.spawnv(os.P_NOWAIT, sys.executable, [sys.executable, str(SCRIPTS / script), *flags])
    _, status, usage = os.wait4(pid, 0)
    assert status == 0
    return usage.ru_maxrss / 1024


def test_a_wide_training_stays_within_its_memory(acts, tmp_path):
    flags = sae_flags(acts, tmp_path, width=1 << 16, batch=1024, vectors=4096, resample_at=[])
    own = {"wide": {"width": 1 << 16, "l1": 1}}
    costed = job("train_sae", {**SITE, "dict": "wide"}, dictionaries=own, sae={"batch": 1024}, lm={"d_mlp": 16})
    used = peak_mib("train_sae.py", flags)
    assert 600 < used <= needed_mib(costed), "600: else the width does not show, and nothing is tested"


def test_a_large_vocabulary_and_batch_stay_within_their_memory(tmp_path):
    n_contexts, vocab = 64, 60_000
    for split in ("train", "val"):
        writer = packing.ContextWriter(tmp_path / f"{split}.zarr", n_contexts, 128, vocab, seed=0)
        tokens_SL = np.random.default_rng(0).integers(1, vocab, (n_contexts, 128))
        writer.write(dict.fromkeys(("tokens", "category", "document"), tokens_SL))
        record = {"n_contexts": n_contexts, "context_length": 128, "vocab_size": vocab, "bos": 0}
        (tmp_path / f"{split}.json").write_text(json.dumps(record))
    flags = lm_flags(tmp_path, tmp_path, d_model=128, n_heads=4, d_mlp=512, tokens=64 * 128, batch=64, val_every=100)
    changed = {"lm": {"batch": 64, "compile": False}, "tokens": {"vocab_size": vocab, "train": n_contexts * 128}}
    used = peak_mib("train_lm.py", flags)
    assert 700 < used <= needed_mib(job("train_lm", {"model": "A"}, **changed))


def test_matching_dense_codes_stays_within_its_memory(tmp_path):
    n_tokens, words = 60_000, ["--model", "A", "--other", "B", "--site", "mlp_post", "--dictionary", "neurons"]
    for side in "ab":
        matrix = random_array(
            (n_tokens, 512), density=0.4, format="csr", dtype=np.float32, rng=np.random.default_rng(0)
        )
        write_codes(tmp_path / f"{side}.safetensors", Codes(matrix))
        (tmp_path / f"{side}.json").write_text(json.dumps({"tokens_digest": "x", "n_tokens": n_tokens}))
        words += [
            f"--codes-{side}",
            str(tmp_path / f"{side}.safetensors"),
            f"--record-{side}",
            f"{tmp_path}/{side}.json",
        ]
    words += ["--top-k", "5", "--output", f"{tmp_path}/found.parquet", "--output-record", f"{tmp_path}/found.json"]
    used = peak_mib("match_features.py", words)
    costed = job("match_features", {"site": "mlp_post", "run": "neurons"}, evaluation={"n_tokens": n_tokens})
    assert 400 < used <= needed_mib(costed)
