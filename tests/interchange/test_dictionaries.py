"""Dictionaries in the formats of other packages, without them: names, shapes, the same codes on the way out and in."""

import json

import pytest
import recipes
import torch
from exported import exact, export_dictionaries, export_dictionary_flags, vectors
from safetensors.torch import load_file, save_file
from small_run import evaluate_flags, flags

import evaluate_dictionary
import export_dictionary
import import_dictionary
from monosem.interchange.sae_lens import read_sae_lens
from monosem.sae.autoencoder import load_sae, unit_rows

N, F = 16, 24
SAELENS = {"relu": "standard", "relu-2024": "standard", "relu-unshifted": "standard", "topk": "topk"}
LINEAR = {"encoder.weight": (F, N), "encoder.bias": (F,)}
SAELENS_SHAPES = {"W_enc": (N, F), "b_enc": (F,), "W_dec": (F, N), "b_dec": (N,)}


def shapes(tensors):
    return {name: tuple(tensor.shape) for name, tensor in tensors.items()}


@pytest.mark.parametrize("name", recipes.NAMES)
def test_a_dictionary_in_each_format(dictionaries, lm, tmp_path, name):
    kind = SAELENS.get(name, "jumprelu")
    threshold = {"threshold": (F,)} if kind == "jumprelu" else {}
    for form in ("saelens", "dictionary_learning"):
        export_dictionaries(dictionaries, lm, form, tmp_path / form, [name])
    folder = tmp_path / "saelens" / name
    assert {path.name for path in folder.iterdir()} == {"cfg.json", "sae_weights.safetensors", "monosem.json"}
    config = json.loads((folder / "cfg.json").read_text())
    assert (config["architecture"], config["d_in"], config["d_sae"]) == (kind, N, F) and config["apply_b_dec_to_input"]
    assert config["metadata"]["hook_name"] == "blocks.0.mlp.hook_post" and config.get("k") == (
        4 if kind == "topk" else None
    )
    assert shapes(load_file(folder / "sae_weights.safetensors")) == SAELENS_SHAPES | threshold
    folder = tmp_path / "dictionary_learning" / name
    trainer = json.loads((folder / "config.json").read_text())["trainer"]
    found = shapes(torch.load(folder / "ae.pt"))
    expected = {
        "standard": ("AutoEncoder", {**LINEAR, "decoder.weight": (N, F), "bias": (N,)}),
        "topk": ("AutoEncoderTopK", {**LINEAR, "decoder.weight": (N, F), "b_dec": (N,), "k": (), "threshold": ()}),
        "jumprelu": ("JumpReluAutoEncoder", SAELENS_SHAPES | threshold),
    }
    assert (trainer["dict_class"], found) == expected[kind]


def test_sparsify_has_the_largest_codes_and_no_thresholds(dictionaries, lm, tmp_path):
    export_dictionaries(dictionaries, lm, "sparsify", tmp_path, ["relu", "topk"])
    for name, k in {"relu": F, "topk": 4}.items():
        config = json.loads((tmp_path / name / "cfg.json").read_text())
        assert (config["num_latents"], config["k"], config["d_in"]) == (F, k, N)
        assert shapes(load_file(tmp_path / name / "sae.safetensors")) == LINEAR | {"W_dec": (F, N), "b_dec": (N,)}
    with pytest.raises(ValueError, match="gated: gated has thresholds, and sparsify none; export it to saelens"):
        export_dictionary.main(export_dictionary_flags(dictionaries / "gated", lm, "sparsify", tmp_path / "gated"))
    assert not (tmp_path / "gated").exists()


@pytest.mark.parametrize("name", recipes.NAMES)
def test_out_to_saelens_and_in_again_is_the_same(dictionaries, lm, tmp_path, name):
    export_dictionaries(dictionaries, lm, "saelens", tmp_path, [name])
    before, after = load_sae(dictionaries / name / "sae.safetensors"), read_sae_lens(tmp_path / name).sae
    assert before.k == after.k
    for tensor, expected in zip(after.tensors().values(), before.tensors().values(), strict=True):
        assert torch.equal(tensor, expected)


def test_an_imported_dictionary_is_evaluated_as_the_trained_one(tokens, lm, acts, sae, evaluated, tmp_path):
    export_dictionary.main(export_dictionary_flags(sae, lm, "saelens", tmp_path / "theirs"))
    records = {"acts_record": acts.with_suffix(".json"), "lm_record": lm / "lm.json"}
    outputs = {"output": tmp_path / "sae.safetensors", "output_record": tmp_path / "sae.json"}
    import_dictionary.main(flags(folder=tmp_path / "theirs", name="theirs", **records, **outputs))
    record = json.loads((tmp_path / "sae.json").read_text())
    assert record["imported"]["hook_name"] == "blocks.0.mlp.hook_post" and record["architecture"] == "saelens-standard"
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, tmp_path, tmp_path / "evaluated"))
    for file in ("codes.safetensors", "logits.safetensors", "features.parquet"):
        assert (tmp_path / "evaluated" / file).read_bytes() == (evaluated / file).read_bytes(), file


def write_saelens(folder, tensors, **config):
    folder.mkdir(exist_ok=True)
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / "sae_weights.safetensors")
    (folder / "cfg.json").write_text(json.dumps({"d_in": N, "d_sae": F, **config}))
    return folder


def free_tensors(*names):
    tensors = {name: torch.randn(shape) for name, shape in SAELENS_SHAPES.items() if not name.startswith("b_enc")}
    return tensors | {name: torch.randn(F) for name in names}


@pytest.mark.parametrize("centred", [True, False])
def test_norms_and_biases_of_saelens_are_folded(tmp_path, centred):
    """Of a gated one, whose gate is a threshold here, and of one saved before version 6."""
    t, x_BN = free_tensors("b_gate", "b_mag", "r_mag"), vectors()
    seen_BN = (x_BN - t["b_dec"] if centred else x_BN).double() @ t["W_enc"].double()
    size_BF = (seen_BN * t["r_mag"].double().exp() + t["b_mag"]).relu() * (seen_BN + t["b_gate"] > 0)
    sae = read_sae_lens(write_saelens(tmp_path, t, architecture="gated", apply_b_dec_to_input=centred)).sae
    codes_BF, recon_BN = exact(sae, x_BN)
    torch.testing.assert_close(codes_BF, size_BF * t["W_dec"].norm(dim=1), rtol=1e-5, atol=1e-5)
    torch.testing.assert_close(recon_BN, size_BF @ t["W_dec"].double() + t["b_dec"], rtol=1e-5, atol=1e-5)
    old = {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3}, "hook_point": "blocks.0.hook_mlp_out"}
    t = free_tensors("b_enc") | {"W_dec": unit_rows(torch.randn(F, N))}
    sae, architecture, settings = read_sae_lens(write_saelens(tmp_path, t, **old, normalize_activations=False))
    assert (architecture, sae.k, settings["hook_name"]) == ("topk", 3, "blocks.0.hook_mlp_out")


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"architecture": "topk", "k": 3}, "topk on codes whose decoder rows have norms of"),
        ({"normalize_activations": "layer_norm"}, "normalize_activations layer_norm cannot be imported exactly; none"),
        ({"architecture": "temporal"}, "architecture temporal cannot be imported exactly; standard, topk"),
        ({"activation_fn": "tanh-relu"}, "activation_fn tanh-relu cannot be imported exactly; relu can"),
        ({"activation_fn": "topk", "activation_fn_kwargs": None}, "k None of topk; a whole number from 1 on expected"),
        ({"architecture": "jumprelu"}, r"exactly \['W_dec', 'W_enc', 'b_dec', 'b_enc', 'threshold'\] expected"),
    ],
)
def test_what_cannot_be_said_exactly_is_refused(tmp_path, config, message):
    with pytest.raises(ValueError, match=message):
        read_sae_lens(write_saelens(tmp_path, free_tensors("b_enc"), **config))


@pytest.mark.parametrize(
    "config",
    [
        {"metadata": None},
        {"activation_fn_kwargs": None, "activation_fn": "relu"},
        {"architecture": None, "normalize_activations": None, "reshape_activations": None},
        {"finetuning_scaling_factor": True, "metadata": {"hook_name": None}},
        {"apply_b_dec_to_input": None, "model_from_pretrained_kwargs": None, "k": None},
    ],
)
@pytest.mark.parametrize("scaled", [True, False])
def test_what_is_null_or_one_changes_nothing(tmp_path, config, scaled):
    tensors = free_tensors("b_enc")
    expected = read_sae_lens(write_saelens(tmp_path / "plain", tensors)).sae
    ones = {"scaling_factor": torch.ones(F)} if scaled else {}
    found = read_sae_lens(write_saelens(tmp_path / "theirs", tensors | ones, **config)).sae
    for tensor, same in zip(found.tensors().values(), expected.tensors().values(), strict=True):
        assert torch.equal(tensor, same)


def test_a_scaling_that_is_not_one_is_refused(tmp_path):
    tensors = free_tensors("b_enc") | {"scaling_factor": torch.linspace(0.5, 1.5, F)}
    with pytest.raises(ValueError, match=r"scaling_factor other than 1 \(of finetuning\) cannot be imported exactly"):
        read_sae_lens(write_saelens(tmp_path, tensors))


@pytest.mark.parametrize(
    ("metadata", "site", "message"),
    [
        (
            {"hook_name": "blocks.3.mlp.hook_post"},
            "mlp_post",
            "reads blocks.3.mlp.hook_post, and the site is blocks.0.",
        ),
        ({"model_from_pretrained_kwargs": {"center_writing_weights": True}}, "resid_post", "center_writing_weights"),
        ({"hook_name": "blocks.1.hook_resid_pre"}, "resid_post", "of 16 neurons, and A/resid_post has 5"),
    ],
)
def test_a_dictionary_of_other_activations_is_refused(tmp_path, lm, metadata, site, message):
    write_saelens(tmp_path, free_tensors("b_enc"), metadata=metadata)
    acts = {"model": "A", "site": site, "lm_digest": "m", "scale": 1.0, "width": 5}
    (tmp_path / "acts.json").write_text(json.dumps(acts))
    outputs = {"output": tmp_path / "sae.safetensors", "output_record": tmp_path / "sae.json"}
    records = {"acts_record": tmp_path / "acts.json", "lm_record": lm / "lm.json"}
    with pytest.raises(ValueError, match=message):
        import_dictionary.main(flags(folder=tmp_path, name="x", **records, **outputs))
    assert not (tmp_path / "sae.safetensors").exists()
