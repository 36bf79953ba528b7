"""Exports loaded by the packages that they are for, and imports of what these packages saved: the same numbers.

Each package is installed from PyPI into an environment of its own, once, beside those of tests/benchmarks: about 6 GB
and ten minutes the first time. Run with: python -m pytest -m interop
"""

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import recipes
import torch
from exported import (
    SITES,
    exact,
    exact_activations,
    exact_logits,
    exact_of,
    export_dictionaries,
    export_model,
    export_neuronpedia_of_planted,
    random_model,
    read_lines,
    save_input,
    vectors,
)

from monosem.ground.artefacts import sha256
from monosem.interchange.gpt2 import read_gpt2
from monosem.interchange.sae_lens import read_sae_lens
from monosem.lm.transformer import load_lm
from monosem.text.tokenizer import load_tokenizer

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "benchmarks"))

from trainers import CACHE, python_of, run_script  # noqa: E402

pytestmark = pytest.mark.interop
TEXT = "the cat saw no dog; café 猫\n\n x = 1"
WITHOUT_THRESHOLDS = ["relu", "relu-2024", "relu-unshifted", "topk"]


def run_peer(package: str, script: str, folder: Path) -> None:
    run_script(python_of(package, CACHE), HERE / "packages" / f"{script}.py", [str(folder)], threads=1)


def left(folder: Path, name: str) -> dict[str, torch.Tensor]:
    return {key: torch.from_numpy(array) for key, array in np.load(folder / f"{name}.npz").items()}


def close(found: torch.Tensor, expected: torch.Tensor) -> None:
    torch.testing.assert_close(found.double(), expected.double(), rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("form", "package", "names"),
    [
        ("saelens", "sae_lens", recipes.NAMES),
        ("dictionary_learning", "dictionary_learning", recipes.NAMES),
        ("sparsify", "sparsify", WITHOUT_THRESHOLDS),
    ],
)
def test_a_dictionary_gives_the_same_codes_there(dictionaries, lm, tmp_path, form, package, names):
    export_dictionaries(dictionaries, lm, form, tmp_path, names)
    x_BN = vectors()
    save_input(tmp_path, "inputs", x_BN.double())
    run_peer(package, f"{package}_reader", tmp_path)
    for name in names:
        codes_BF, recon_BN = exact_of(dictionaries / name, x_BN)
        found = left(tmp_path, name)
        assert (codes_BF > 0).any() and found["codes"].shape == codes_BF.shape
        folded = form == "dictionary_learning" and name not in WITHOUT_THRESHOLDS  # a bias added up in float32
        tolerance = 1e-5 if folded else 1e-9
        torch.testing.assert_close(found["codes"], codes_BF, rtol=tolerance, atol=tolerance)
        torch.testing.assert_close(found["recon"], recon_BN, rtol=tolerance, atol=tolerance)


def test_autoencoders_of_saelens_are_imported(tmp_path):
    kinds = ["standard", "standard-bare", "topk", "jumprelu", "gated", "gated-bare"]
    x_BN = vectors()
    save_input(tmp_path, "inputs", x_BN.double())
    for kind in kinds:
        (tmp_path / kind).mkdir()
    run_peer("sae_lens", "sae_lens_writer", tmp_path)
    for kind in kinds:
        sae, architecture, _ = read_sae_lens(tmp_path / kind)
        assert architecture == kind.removesuffix("-bare")
        torch.testing.assert_close(sae.W_dec_FN.norm(dim=1), torch.ones(40))
        (codes_BF, recon_BN), theirs = exact(sae, x_BN), left(tmp_path, kind)
        norm_F = theirs["norms"] if kind != "topk" else torch.ones(40)  # which has them in its codes
        assert 0 < (codes_BF > 0).double().mean() < 0.9
        torch.testing.assert_close(codes_BF, theirs["codes"] * norm_F, rtol=1e-5, atol=1e-5)
        torch.testing.assert_close(recon_BN, theirs["recon"], rtol=1e-5, atol=1e-5)


@pytest.fixture
def models(lm, tmp_path):
    """Folders of weights.safetensors and lm.json: the trained model, and one of two layers with GELU and biases."""
    made = tmp_path / "biased"
    made.mkdir()
    random_model(made / "weights.safetensors", activation="gelu_new", biases=True)
    digest = sha256(made / "weights.safetensors")[:16]
    (made / "lm.json").write_text(json.dumps({"model": "biased", "digest": digest}))
    return {"ours": lm, "biased": made}


@pytest.mark.parametrize("form", ["huggingface", "transformer_lens"])
def test_a_model_gives_the_same_logits_there(models, corpus, tmp_path, form):
    folder, tokenizer = tmp_path / form, load_tokenizer(corpus.tokenizer)[0]
    tokens_SL = torch.randint(tokenizer.get_vocab_size(), (20, 12))
    save_input(folder, "tokens", tokens_SL)
    save_input(folder, "weights", torch.zeros(1, dtype=torch.float64))
    (folder / "text.txt").write_text(TEXT)
    for name, lm in models.items():
        export_model(lm, corpus.tokenizer, form, folder / name)
    run_peer("sae_lens", f"{form}_reader", folder)
    for name, lm in models.items():
        model, found = load_lm(lm / "weights.safetensors"), left(folder, name)
        close(found["logits"], exact_logits(model, tokens_SL))
        if form == "huggingface":
            assert found["ids"].int().tolist() == tokenizer.encode(TEXT, add_special_tokens=False).ids
            assert found["bos"] == load_tokenizer(corpus.tokenizer)[1]
        else:
            for site in SITES:
                close(found[site], exact_activations(model, tokens_SL, site))


def test_models_of_transformers_are_imported(tmp_path):
    tokens_SL = torch.randint(50, (20, 24))
    tokens_SL[0, 0] = 49
    save_input(tmp_path, "tokens", tokens_SL)
    for kind in ("gpt2", "relu-untied", "gelu"):
        (tmp_path / kind).mkdir()
    run_peer("sae_lens", "huggingface_writer", tmp_path)
    for kind in ("gpt2", "relu-untied", "gelu"):
        close(exact_logits(read_gpt2(tmp_path / kind), tokens_SL), left(tmp_path, kind)["logits"])


def test_what_goes_to_neuronpedia_is_what_saedashboard_makes_of_it(tmp_path):
    """Its importer is a web application with a database; SAEDashboard makes what that is given."""
    folder = tmp_path / "one"
    given = export_neuronpedia_of_planted(folder)
    np.savez(folder / "given.npz", **given)
    run_peer("sae_dashboard", "sae_dashboard_reader", tmp_path)
    remade = json.loads((folder / "remade.json").read_text())
    rows = read_lines(folder, "features")
    assert len(remade) == len(rows) == given["decoder"].shape[0]
    for row, expected, code_T in zip(rows, remade, given["codes"].T, strict=True):
        for name, values in expected.items():
            if name.startswith("freq") and len(np.unique(code_T[code_T > 0])) == 1:
                continue  # of equal values, its bars and their places are of different ranges
            assert row[name] == pytest.approx(values, abs=2e-5), name


def test_a_stream_of_datasets_goes_on_after_the_document_it_gave_last(tmp_path):
    (tmp_path / "shards").mkdir()
    for shard in range(3):
        rows = [json.dumps({"text": f"{shard} {row}", "meta": {"pile_set_name": "ArXiv"}}) for row in range(40)]
        (tmp_path / "shards" / f"{shard}.jsonl").write_text("\n".join(rows) + "\n")
    run_peer("datasets", "datasets_stream", tmp_path)
    found = json.loads((tmp_path / "found.json").read_text())
    source, whole = f"hf:{tmp_path / 'shards'}", found["whole"]
    assert whole[41] == ["1 1", "ArXiv", f"{source} row 42", source]
    assert [text for text, *_ in whole] == [f"{shard} {row}" for shard in range(3) for row in range(40)]
    assert {1, 40, 80, 120} <= {int(number) for number in found["rests"]}
    assert all(rest == whole[int(number) :] for number, rest in found["rests"].items())
