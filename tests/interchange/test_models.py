"""Language models in the formats of other packages, without them, and what cannot be imported."""

import json
import shutil

import pytest
import torch
from exported import LENGTH, exact_logits, export_model, random_model
from safetensors.torch import load_file, save_file
from small_run import flags

import import_lm
from monosem.interchange.gpt2 import read_gpt2, write_gpt2
from monosem.investigations.ablation import ablate
from monosem.lm.transformer import load_lm
from monosem.text.tokenizer import train_bpe


def import_flags(folder, corpus, tokens, output, **changed):
    values = {"folder": folder, "tokenizer": corpus.tokenizer, "val": tokens / "val.zarr", "name": "X"}
    values |= {"val_tokens": 240, "threads": 1, "output": output / "weights.safetensors"}
    return flags(**{**values, "output_record": output / "lm.json", **changed})


@pytest.fixture
def folder(lm, corpus, tmp_path):
    """The model as Hugging Face has it."""
    return export_model(lm, corpus.tokenizer, "huggingface", tmp_path / "hf")


def test_out_to_hugging_face_and_in_again_is_the_same_file(folder, lm, corpus, tokens, tmp_path):
    names = {path.name for path in folder.iterdir()}
    assert names == {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json", "monosem.json"}
    config = json.loads((folder / "config.json").read_text())
    assert (config["model_type"], config["activation_function"]) == ("gpt2", "relu") and not config[
        "tie_word_embeddings"
    ]
    import_lm.main(import_flags(folder, corpus, tokens, tmp_path / "in"))
    assert (tmp_path / "in/weights.safetensors").read_bytes() == (lm / "weights.safetensors").read_bytes()
    before, after = (json.loads((path / "lm.json").read_text()) for path in (lm, tmp_path / "in"))
    assert all(after[name] == before[name] for name in ("digest", "val_loss", "val_tokens", "n_parameters", "d_mlp"))


def test_biases_and_gelu_go_out_and_in(tmp_path):
    model = random_model(tmp_path / "w.safetensors", activation="gelu_new", biases=True)
    (tmp_path / "hf").mkdir()
    write_gpt2(tmp_path / "hf", model, bos=0)
    again, tokens_SL = read_gpt2(tmp_path / "hf"), torch.randint(280, (5, LENGTH))
    assert again.config == model.config
    assert torch.equal(exact_logits(again, tokens_SL), exact_logits(load_lm(tmp_path / "w.safetensors"), tokens_SL))


def test_biases_of_zero_are_none_and_others_count(tmp_path):
    plain = random_model(tmp_path / "w.safetensors")
    biased = random_model(tmp_path / "b.safetensors", biases=True)
    optional = {name for name, _ in biased.named_parameters()} - {name for name, _ in plain.named_parameters()}
    assert len(optional) == 2 * 4 + 1
    zeros = {name: torch.zeros_like(biased.state_dict()[name]) for name in optional}
    tokens_SL, expected = torch.randint(280, (5, LENGTH)), exact_logits(plain, torch.arange(12)[None])
    biased.load_state_dict({**plain.float().state_dict(), **zeros})
    torch.testing.assert_close(exact_logits(biased, torch.arange(12)[None]), expected)
    before = exact_logits(biased, tokens_SL)
    for name in optional:
        biased.load_state_dict({**plain.state_dict(), **zeros, name: torch.randn(zeros[name].shape)})
        assert not torch.allclose(exact_logits(biased, tokens_SL), before), name


def test_an_edit_of_nothing_has_no_effect_in_a_model_with_biases(tmp_path):
    model = random_model(tmp_path / "w.safetensors", biases=True)
    x_PD, next_P, at_Z = torch.randn(6, 16), torch.arange(6), torch.tensor([0, 3, 5])
    effects = ablate(model, x_PD, next_P, at_Z, torch.zeros(3, 16))
    for name in ("effect", "frozen"):
        torch.testing.assert_close(effects[name], torch.zeros(3), rtol=0, atol=1e-5)


def test_several_files_and_names_without_a_prefix(folder, lm, tmp_path):
    """As large models and the first GPT-2 are kept; buffers of old versions are passed over."""
    tensors = {name.removeprefix("transformer."): t for name, t in load_file(folder / "model.safetensors").items()}
    tensors["h.0.attn.bias"] = torch.ones(1, 1, 4, 4)
    names, weight_map = sorted(tensors), {}
    (folder / "model.safetensors").unlink()
    for number, part in enumerate((names[:5], names[5:])):
        file = f"model-0000{number + 1}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file)
        weight_map |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    for tensor, expected in zip(
        read_gpt2(folder).parameters(), load_lm(lm / "weights.safetensors").parameters(), strict=True
    ):
        assert torch.equal(tensor, expected)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"model_type": "llama"}, "config.json: model_type llama; only gpt2 can be imported exactly"),
        ({"layer_norm_epsilon": 1e-6}, "layer_norm_epsilon 1e-06; only 1e-05"),
        ({"scale_attn_by_inverse_layer_idx": True}, "scale_attn_by_inverse_layer_idx True; only False"),
        ({"activation_function": "silu"}, "activation_function silu; one of relu, gelu, gelu_new expected"),
        ({"n_layer": 2}, "h.1.attn.c_attn.bias.* missing; all weights of a GPT2LMHeadModel expected"),
        ({"n_inner": 20}, "weights of other sizes than config.json says"),
    ],
)
def test_another_model_is_refused(folder, changed, message):
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **changed}))
    with pytest.raises(ValueError, match=message):
        read_gpt2(folder)


def test_missing_and_damaged_weights_are_named(folder):
    (folder / "model.safetensors").write_bytes(b"no")
    with pytest.raises(ValueError, match=r"model\.safetensors: not a safetensors file"):
        read_gpt2(folder)
    (folder / "model.safetensors").unlink()
    with pytest.raises(ValueError, match=r"model\.safetensors: no such file; save the model with save_pretrained"):
        read_gpt2(folder)


def test_the_text_must_be_in_its_tokens(folder, corpus, tokens, tmp_path):
    own = shutil.copy(corpus.tokenizer, tmp_path / "own.json")
    train_bpe(["some other text that is long enough"] * 9, 280).save(str(folder / "tokenizer.json"))
    with pytest.raises(
        ValueError, match=r"another tokenizer than this run's; write tokens: {tokenizer: .*tokenizer\.json}"
    ):
        import_lm.main(import_flags(folder, corpus, tokens, tmp_path, tokenizer=own))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ValueError, match=r"tokenizer\.json: no such file; save it there with AutoTokenizer"):
        import_lm.main(import_flags(folder, corpus, tokens, tmp_path))


@pytest.mark.parametrize(
    ("size", "message"),
    [
        ({"context_length": 11}, "11 positions; set tokens: context_length to that or less"),
        ({"vocab_size": 270}, "270 embeddings, and its tokenizer has 280 tokens; as many expected"),
    ],
)
def test_contexts_and_vocabulary_must_fit(folder, corpus, tokens, tmp_path, size, message):
    write_gpt2(folder, random_model(tmp_path / "w.safetensors", **size), bos=0)
    with pytest.raises(ValueError, match=message):
        import_lm.main(import_flags(folder, corpus, tokens, tmp_path / "in"))
    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize("n_padded", [1, 24, 1768])
def test_ids_beyond_the_tokenizer_are_left_out(corpus, tokens, folder, lm, tmp_path, n_padded):
    """As nearly every published model has them; they may be as likely as they like."""
    tensors = load_file(folder / "model.safetensors")
    for name in ("transformer.wte.weight", "lm_head.weight"):
        tensors[name] = torch.cat([tensors[name], torch.randn(n_padded, tensors[name].shape[1])])
    save_file(tensors, folder / "model.safetensors")
    import_lm.main(import_flags(folder, corpus, tokens, tmp_path / "in"))
    assert (tmp_path / "in/weights.safetensors").read_bytes() == (lm / "weights.safetensors").read_bytes()
    before, after = (json.loads((path / "lm.json").read_text()) for path in (lm, tmp_path / "in"))
    assert (after["padding_left_out"], after["vocab_size"]) == (n_padded, 280)
    assert after["val_loss"] == before["val_loss"]


def test_what_is_null_in_a_config_is_not_said(folder, lm):
    config = json.loads((folder / "config.json").read_text())
    nulls = dict.fromkeys(("n_inner", "scale_attn_weights", "add_cross_attention", "layer_norm_epsilon"))
    (folder / "config.json").write_text(json.dumps({**config, **nulls} | {"n_inner": 16}))
    assert read_gpt2(folder).config == load_lm(lm / "weights.safetensors").config


def test_transformer_lens_has_heads_apart(lm, corpus, tmp_path):
    folder = export_model(lm, corpus.tokenizer, "transformer_lens", tmp_path / "tl")
    config = json.loads((folder / "cfg.json").read_text())
    assert (config["d_head"], config["act_fn"], config["n_ctx"], config["normalization_type"]) == (4, "relu", 12, "LN")
    tensors = load_file(folder / "model.safetensors")
    model = load_lm(lm / "weights.safetensors")
    block = model.blocks[0]
    joined = torch.cat([torch.cat([*tensors[f"blocks.0.attn.W_{name}"]], dim=1) for name in "QKV"], dim=1)
    assert torch.equal(joined, block.W_qkv_DD3) and torch.equal(tensors["unembed.W_U"], model.W_U_DV)
    assert torch.equal(tensors["blocks.0.attn.W_O"].flatten(0, 1), block.W_O_DD)
    assert not any(
        tensors[name].any() for name in tensors if name.split(".")[-1] in ("b_Q", "b_K", "b_V", "b_O", "b_U")
    )
