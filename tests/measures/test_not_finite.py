"""What holds a NaN or an infinity is refused by whatever reads it: weights, dictionaries, activations, codes."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
import torch
import zarr
from exported import export_dictionary_flags, export_model
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from small_run import acts_flags, evaluate_flags, flags, sae_flags

import evaluate_dictionary
import export_dictionary
import import_dictionary
import import_lm
import store_acts
import train_sae
from monosem.acts.store import open_store
from monosem.ground.tensors import open_tensor
from monosem.interchange.gpt2 import read_gpt2
from monosem.lm.sites import Site
from monosem.lm.transformer import load_lm
from monosem.measures.codes import read_codes, write_codes
from monosem.measures.universality import logit_correlations
from monosem.pages.rating.ratings import COLUMNS, read_ratings
from monosem.sae.autoencoder import load_sae

VALUES = [float("nan"), float("inf"), float("-inf")]


def spoil(path, name, value, dtype=None):
    """One number of one tensor of a file, with its metadata."""
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    tensors = load_file(path)
    if dtype:
        tensors = {key: tensor.to(dtype) for key, tensor in tensors.items()}
    tensors[name].view(-1)[-1] = value
    save_file({key: tensor.contiguous() for key, tensor in tensors.items()}, path, metadata)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize(
    ("name", "dtype"),
    [
        ("lm_head.weight", None),
        ("transformer.wpe.weight", torch.bfloat16),
        ("transformer.h.0.ln_2.bias", torch.float16),
        ("transformer.h.0.mlp.c_proj.weight", torch.float64),
    ],
)
def test_a_language_model_of_another_package(lm, corpus, tokens, tmp_path, name, dtype, value):
    folder = export_model(lm, corpus.tokenizer, "huggingface", tmp_path / "hf")
    spoil(folder / "model.safetensors", name, value, dtype)
    asked = {"folder": folder, "tokenizer": corpus.tokenizer, "val": tokens / "val.zarr", "val_tokens": 240}
    outputs = {"output": tmp_path / "in/w.safetensors", "output_record": tmp_path / "in/lm.json"}
    with pytest.raises(ValueError, match=rf"model\.safetensors {name} \[.*\]: -?(nan|inf), .*; the file is damaged"):
        import_lm.main(flags(**asked, name="X", threads=1, **outputs))
    assert not (tmp_path / "in").exists()


def test_one_of_several_files_of_weights_is_named(lm, corpus, tokens, tmp_path):
    folder = export_model(lm, corpus.tokenizer, "huggingface", tmp_path / "hf")
    tensors = load_file(folder / "model.safetensors")
    names = sorted(tensors)
    tensors[names[-1]].view(-1)[0] = float("nan")
    for number, part in enumerate((names[:5], names[5:])):
        save_file({name: tensors[name] for name in part}, folder / f"model-{number}.safetensors")
    where = {name: f"model-{int(place >= 5)}.safetensors" for place, name in enumerate(names)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": where}))
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=rf"model-1\.safetensors {names[-1]} \[0"):
        read_gpt2(folder)


@pytest.mark.parametrize("value", VALUES)
@pytest.mark.parametrize("name", ["W_enc", "b_enc", "W_dec", "b_dec"])
def test_a_dictionary_of_another_package_and_our_own(sae, lm, acts, tmp_path, name, value):
    export_dictionary.main(export_dictionary_flags(sae, lm, "saelens", tmp_path / "theirs"))
    spoil(tmp_path / "theirs/sae_weights.safetensors", name, value)
    records = {"acts_record": acts.with_suffix(".json"), "lm_record": lm / "lm.json"}
    outputs = {"output": tmp_path / "sae.safetensors", "output_record": tmp_path / "sae.json"}
    with pytest.raises(ValueError, match=rf"sae_weights\.safetensors {name} \[.*\]: -?(nan|inf)"):
        import_dictionary.main(flags(folder=tmp_path / "theirs", name="theirs", **records, **outputs))
    assert not (tmp_path / "sae.safetensors").exists()
    shutil.copy(sae / "sae.safetensors", tmp_path / "own.safetensors")
    spoil(tmp_path / "own.safetensors", name, value)
    with pytest.raises(ValueError, match=rf"own\.safetensors {name} \[.*\]: -?(nan|inf)"):
        load_sae(tmp_path / "own.safetensors")


@pytest.mark.parametrize("name", ["W_E_VD", "blocks.0.b_in_M", "ln_final.scale_D"])
def test_a_language_model_of_ours(lm, tmp_path, name):
    shutil.copy(lm / "weights.safetensors", tmp_path)
    spoil(tmp_path / "weights.safetensors", name, float("nan"))
    with pytest.raises(ValueError, match=rf"weights\.safetensors {name} \[.*\]: nan"):
        load_lm(tmp_path / "weights.safetensors")


@pytest.mark.parametrize("value", VALUES)
def test_an_activation_store(acts, tmp_path, value):
    shutil.copytree(acts, tmp_path / "acts.zarr")
    shutil.copy(acts.with_suffix(".json"), tmp_path / "acts.json")
    array = zarr.open_array(tmp_path / "acts.zarr/acts", mode="r+")
    array[200, 7] = value  # in the fourth chunk, of 64 rows
    with pytest.raises(ValueError, match=r"acts\.zarr/acts chunk 3 \[8, 7\]: -?(nan|inf), .*; delete the store"):
        open_store(tmp_path / "acts.zarr").chunk(3)
    with pytest.raises(ValueError, match="chunk 3"):
        train_sae.main(sae_flags(tmp_path / "acts.zarr", tmp_path / "out"))
    assert not (tmp_path / "out/sae.json").exists()


@pytest.mark.parametrize("value", VALUES)
def test_collected_activations(parts, tmp_path, value):
    shutil.copytree(parts[0], tmp_path / parts[0].name)
    bucket = sorted((tmp_path / parts[0].name).glob("bucket-*"))[0]
    row = np.dtype([("acts", np.float16, (16,)), ("token", "u4"), ("context", "u4"), ("position", "u2")])
    rows = np.fromfile(bucket, dtype=row)
    rows["acts"][1, 2] = value
    rows.tofile(bucket)
    with pytest.raises(ValueError, match=r"activations collected \[.*, 2\]: -?(nan|inf)"):
        store_acts.main(acts_flags([tmp_path / parts[0].name], tmp_path))
    assert not (tmp_path / "acts.json").exists()


def test_activations_that_overflow(lm):
    """Of finite weights, but too large ones."""
    model = load_lm(lm / "weights.safetensors")
    with torch.no_grad():
        model.blocks[0].W_in_DM.fill_(2e38).mul_(torch.sign(torch.randn(16)))
    with pytest.raises(ValueError, match=r"activations at mlp_post of layer 0 \[.*\]: (nan|inf), .*; its weights are"):
        model.activations(torch.arange(24).view(2, 12), Site("mlp_post", 0))


def test_codes_and_logit_weights(evaluated, tmp_path):
    for name, tensor, read in (
        ("codes.safetensors", "values", lambda path: read_codes(path)),
        ("logits.safetensors", "logit_weights", lambda path: open_tensor(path, "logit_weights")[:]),
        ("logits.safetensors", "logit_weights", lambda path: logit_correlations(path, path, np.arange(24))),
    ):
        shutil.copy(evaluated / name, tmp_path / name)
        spoil(tmp_path / name, tensor, float("nan"))
        with pytest.raises(ValueError, match=rf"{tensor} .*\[.*\]: nan"):
            read(tmp_path / name)
    codes = read_codes(evaluated / "codes.safetensors")
    codes.matrix.data[3] = np.inf
    with pytest.raises(ValueError, match=r"codes for .*c\.safetensors \[3\]: inf"):
        write_codes(tmp_path / "c.safetensors", codes)
    assert not (tmp_path / "c.safetensors").exists()


def test_losses_are_not_summed_without_one(tokens, lm, acts, sae, tmp_path, monkeypatch):
    """As pandas would."""
    losses = evaluate_dictionary.document_losses.__globals__["token_losses"]

    def one_is_nan(*args):
        found = losses(*args)
        found[0, 3] = float("nan")
        return found

    argv = evaluate_flags(tokens, lm, acts, sae, tmp_path)
    monkeypatch.setitem(evaluate_dictionary.document_losses.__globals__, "token_losses", one_is_nan)
    with pytest.raises(ValueError, match=r"eval\.json field `loss_(sae|recovered)`: nan"):
        evaluate_dictionary.main(argv)
    assert not (tmp_path / "eval.json").exists()


@pytest.mark.parametrize("given", ["nan", "NaN", "inf", "-1", "1e3", "3.0", "٣.٤"])
def test_ratings(tmp_path, given):
    row = dict.fromkeys(COLUMNS, "") | {"page": "p", "rater": "r", "item": "1", COLUMNS[3]: given}
    pd.DataFrame([row]).to_csv(tmp_path / "r.csv", index=False)
    with pytest.raises(ValueError, match=rf"r\.csv line 2: {COLUMNS[3]} {given}; 0 to"):
        read_ratings(tmp_path / "r.csv", {"page": "p", "items": [{}]})
