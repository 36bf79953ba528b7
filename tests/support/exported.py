"""Exports of small dictionaries and models, and what they are to give, for the tests with packages and without."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from planted import plant
from safetensors.numpy import load_file
from small_run import flags
from torch import Tensor

import export_dictionary
import export_lm
import export_neuronpedia
from monosem.lm.sites import Site
from monosem.lm.transformer import LanguageModel, LMConfig, save_lm
from monosem.measures.codes import read_codes
from monosem.sae.autoencoder import SparseAutoencoder, load_sae, save_sae, unit_rows

LENGTH = 12  # of the contexts of conftest's tokens
SITES = ("mlp_post", "mlp_out", "resid_post")


def export_dictionary_flags(trained: Path, lm: Path, form: str, output: Path) -> list[str]:
    files = {"sae": trained / "sae.safetensors", "sae_record": trained / "sae.json", "lm_record": lm / "lm.json"}
    return flags(format=form, **files, context_length=LENGTH, output=output)


def export_dictionaries(dictionaries: Path, lm: Path, form: str, folder: Path, names: list[str]) -> Path:
    for name in names:
        export_dictionary.main(export_dictionary_flags(dictionaries / name, lm, form, folder / name))
    return folder


def export_model(lm: Path, tokenizer: Path, form: str, output: Path) -> Path:
    files = {"model": lm / "weights.safetensors", "model_record": lm / "lm.json", "tokenizer": tokenizer}
    export_lm.main(flags(format=form, **files, output=output))
    return output


def exact(sae: SparseAutoencoder, x_BN: Tensor) -> tuple[Tensor, Tensor]:
    """Codes and reconstructions in float64."""
    wide = SparseAutoencoder(**{name: tensor.double() for name, tensor in sae.tensors().items()}, k=sae.k)
    codes_BF = wide.encode(x_BN.double())
    return codes_BF, wide.decode(codes_BF)


def exact_of(trained: Path, x_BN: Tensor) -> tuple[Tensor, Tensor]:
    return exact(load_sae(trained / "sae.safetensors"), x_BN)


def exact_logits(model: LanguageModel, tokens_SL: Tensor) -> Tensor:
    with torch.no_grad():
        wide = model.double()
        return wide(tokens_SL, dtype=torch.float64) @ wide.W_U_DV


def exact_activations(model: LanguageModel, tokens_SL: Tensor, name: str) -> Tensor:
    """Of the last layer, in float64."""
    seen: list[Tensor] = []
    with torch.no_grad():
        site = Site(name, model.config.n_layers - 1)
        model.double()(tokens_SL, dtype=torch.float64, edits={site: lambda x: seen.append(x) or x})
    return seen[0]


def random_model(path: Path, **changed: object) -> LanguageModel:
    """Every parameter far from its start, so that each of them matters."""
    size = {"vocab_size": 280, "context_length": LENGTH, "n_layers": 2, "d_model": 16, "n_heads": 4, "d_mlp": 40}
    model = LanguageModel(LMConfig(**{**size, **changed}), seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape) * 0.3)
    save_lm(path, model)
    return model


def vectors(n: int = 300, width: int = 16) -> Tensor:
    """Like the activations of a ReLU."""
    return torch.randn(n, width, generator=torch.Generator().manual_seed(1)).relu()


def save_input(folder: Path, name: str, tensor: Tensor) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / f"{name}.npy", tensor.numpy())


def export_neuronpedia_of_planted(folder: Path) -> dict[str, np.ndarray]:
    """An export of the planted dictionary, in `folder`/out; what it is made of: codes, logit weights, decoder."""
    folder.mkdir()
    plant(folder)
    codes_TF = read_codes(folder / "codes.safetensors").matrix.toarray()
    n_features = codes_TF.shape[1]
    density_F = (codes_TF > 0).mean(axis=0)
    status = np.where(density_F == 0, "dead", "alive")
    columns = {"feature": range(n_features), "density": density_F, "max_act": codes_TF.max(axis=0), "status": status}
    pd.DataFrame(columns).to_parquet(folder / "features.parquet")
    texts = [f"fires on {i}" if i % 2 else "" for i in range(n_features)]
    explained = {"feature": range(n_features), "text": texts, "single_token": None, "n_top": 1}
    pd.DataFrame(explained).to_parquet(folder / "explanations.parquet")
    decoder_FN = unit_rows(torch.randn(n_features, 8))
    encoder_FN, b_enc_F, b_dec_N = decoder_FN.clone(), torch.zeros(n_features), torch.zeros(8)
    sae = SparseAutoencoder(encoder_FN, b_enc_F, decoder_FN, b_dec_N, torch.zeros(n_features))
    save_sae(folder / "sae.safetensors", sae, "relu")
    run = {
        "model": "A",
        "site": "mlp_post",
        "dictionary": "tiny",
        "architecture": "relu",
        "digest": "d",
        "lm_digest": "m",
    }
    (folder / "sae.json").write_text(json.dumps(run))
    (folder / "lm.json").write_text(json.dumps({"n_layers": 1, "d_model": 4, "d_mlp": 8}))
    record = json.loads((folder / "codes.json").read_text())
    (folder / "codes.json").write_text(json.dumps({**record, "written": "2026-01-01T00:00:00+00:00"}))
    names = {name: folder / f"{name}.parquet" for name in ("features", "examples", "explanations")}
    names |= {name: folder / f"{name}.safetensors" for name in ("sae", "codes", "logits")}
    names |= {f"{name}_record": folder / f"{name}.json" for name in ("sae", "lm", "codes")}
    others = {"tokenizer": folder / "tokenizer.json", "intervals": 5, "context_length": 32, "output": folder / "out"}
    export_neuronpedia.main(flags(**names, **others))
    logits_FV = load_file(folder / "logits.safetensors")["logit_weights"].astype(np.float32)
    return {"codes": codes_TF, "logits": logits_FV, "decoder": decoder_FN.numpy()}


def read_lines(folder: Path, kind: str) -> list[dict[str, Any]]:
    """All rows of a kind (features, activations, explanations) of an export to Neuronpedia."""
    files = sorted((folder / "out").glob(f"*/{kind}/batch-*.jsonl.gz"))
    return [json.loads(line) for file in files for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
