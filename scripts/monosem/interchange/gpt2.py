"""A Hugging Face folder of a GPT2LMHeadModel, out and in: `config.json` and `model.safetensors`.

GPT-2 is our transformer with GELU, biases in LayerNorms and attention, and one matrix for embedding and unembedding;
`activation_function: relu` and `tie_word_embeddings: false` give ours, with zeros for the biases it has not. Its
Conv1D keeps matrices as ours are, acting on rows, with queries, keys and values side by side.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from monosem.ground.artefacts import read_json
from monosem.ground.finite import DAMAGED
from monosem.ground.tensors import load_tensors
from monosem.interchange.forms import write_json
from monosem.lm.layers import ACTIVATIONS
from monosem.lm.transformer import LanguageModel, LMConfig

CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"
OF_BLOCK = {
    "ln_1.weight": "ln_attn.scale_D",
    "ln_1.bias": "ln_attn.bias_D",
    "attn.c_attn.weight": "W_qkv_DD3",
    "attn.c_attn.bias": "b_qkv_D3",
    "attn.c_proj.weight": "W_O_DD",
    "attn.c_proj.bias": "b_O_D",
    "ln_2.weight": "ln_mlp.scale_D",
    "ln_2.bias": "ln_mlp.bias_D",
    "mlp.c_fc.weight": "W_in_DM",
    "mlp.c_fc.bias": "b_in_M",
    "mlp.c_proj.weight": "W_out_MD",
    "mlp.c_proj.bias": "b_out_D",
}
OF_MODEL = {"wte.weight": "W_E_VD", "wpe.weight": "W_pos_LD", "ln_f.weight": "ln_final.scale_D"}
OF_MODEL |= {"ln_f.bias": "ln_final.bias_D"}
SAME = {"gelu_pytorch_tanh": "gelu_new"}  # two names of one function
FIXED = {  # what our transformer has no other form of: value, and what it is where config.json does not say
    "model_type": ("gpt2", None),
    "layer_norm_epsilon": (1e-5, 1e-5),
    "scale_attn_weights": (True, True),
    "scale_attn_by_inverse_layer_idx": (False, False),
    "add_cross_attention": (False, False),
}


def names(n_layers: int) -> dict[str, str]:
    """Our names of all weights but the unembedding, by theirs."""
    blocks = {
        f"h.{layer}.{theirs}": f"blocks.{layer}.{ours}"
        for layer in range(n_layers)
        for theirs, ours in OF_BLOCK.items()
    }
    return {**OF_MODEL, **blocks}


def write_gpt2(folder: Path, model: LanguageModel, bos: int) -> None:
    config, state = model.config, model.state_dict()
    tensors = {"lm_head.weight": state["W_U_DV"].T}
    for theirs, ours in names(config.n_layers).items():
        tensors[f"transformer.{theirs}"] = state[ours] if ours in state else zeros_like_bias(ours, config)
    written = {
        "architectures": ["GPT2LMHeadModel"],
        **{name: value for name, (value, _) in FIXED.items()},
        "vocab_size": config.vocab_size,
        "n_positions": config.context_length,
        "n_embd": config.d_model,
        "n_layer": config.n_layers,
        "n_head": config.n_heads,
        "n_inner": config.d_mlp,
        "activation_function": config.activation,
        "tie_word_embeddings": False,
        **dict.fromkeys(("attn_pdrop", "embd_pdrop", "resid_pdrop"), 0.0),
        "bos_token_id": bos,
        "eos_token_id": bos,
        "dtype": "float32",
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS, {"format": "pt"})
    write_json(folder / CONFIG, written)


def zeros_like_bias(ours: str, config: LMConfig) -> Tensor:
    return torch.zeros(3 * config.d_model if ours.endswith("b_qkv_D3") else config.d_model)


def without_padding(model: LanguageModel, n_tokens: int, folder: Path) -> LanguageModel:
    """The model of the tokens that there are: ids beyond them, which fill a vocabulary up to a round number, are never
    predicted. Raises ValueError when there are too few."""
    state, found = model.state_dict(), model.config.vocab_size
    if found < n_tokens:
        raise ValueError(f"{folder}: {found} embeddings, and its tokenizer has {n_tokens} tokens; as many expected")
    state |= {"W_E_VD": state["W_E_VD"][:n_tokens], "W_U_DV": state["W_U_DV"][:, :n_tokens]}
    smaller = LanguageModel(replace(model.config, vocab_size=n_tokens), seed=0)
    smaller.load_state_dict(state)
    return smaller.eval()


def read_gpt2(folder: Path) -> LanguageModel:
    """The model, on the CPU in float32; with no biases but the MLP's where all others are zero.

    Raises ValueError naming the file where it is missing, damaged or another kind of model.
    """
    path = folder / CONFIG
    config = checked({name: value for name, value in read_json(path).items() if value is not None}, path)
    tensors = read_weights(folder)
    embedding = "wte.weight"
    unembedding = embedding if config.get("tie_word_embeddings", True) else "lm_head.weight"
    wanted = names(config["n_layer"])
    missing = sorted({*wanted, unembedding} - set(tensors))
    if missing:
        raise ValueError(f"{folder}: {', '.join(missing[:5])} missing; all weights of a GPT2LMHeadModel expected")
    state = {ours: tensors[theirs].float() for theirs, ours in wanted.items()}
    state["W_U_DV"] = tensors[unembedding].float().T.contiguous()
    optional = {ours for theirs, ours in wanted.items() if theirs.endswith("bias") and ".mlp." not in theirs}
    biases = any(bool(state[name].any()) for name in optional)
    size = LMConfig(
        vocab_size=state["W_E_VD"].shape[0],
        context_length=state["W_pos_LD"].shape[0],
        n_layers=config["n_layer"],
        d_model=config["n_embd"],
        n_heads=config["n_head"],
        d_mlp=config.get("n_inner") or 4 * config["n_embd"],
        activation=activation(config),
        biases=biases,
    )
    model = LanguageModel(size, seed=0)
    try:
        model.load_state_dict({name: tensor for name, tensor in state.items() if biases or name not in optional})
    except RuntimeError as error:
        raise ValueError(f"{folder}: weights of other sizes than {CONFIG} says ({error})") from None
    return model.eval()


def activation(config: dict[str, Any]) -> str:
    name = config.get("activation_function", "gelu_new")
    return SAME.get(name, name)


def checked(config: dict[str, Any], path: Path) -> dict[str, Any]:
    for name, (value, default) in FIXED.items():
        if config.get(name, default) != value:
            raise ValueError(f"{path}: {name} {config.get(name, default)}; only {value} can be imported exactly")
    if activation(config) not in ACTIVATIONS:
        raise ValueError(f"{path}: activation_function {activation(config)}; one of {', '.join(ACTIVATIONS)} expected")
    return config


def weight_files(folder: Path) -> list[Path]:
    """One, or those that the index names."""
    index = folder / INDEX
    names = sorted(set(read_json(index)["weight_map"].values())) if index.exists() else [WEIGHTS]
    return [folder / name for name in names]


def read_weights(folder: Path) -> dict[str, Tensor]:
    """By names with no `transformer.` before them; files with and without it are in use."""
    tensors = {}
    for file in weight_files(folder):
        try:
            tensors |= load_tensors(file, "pt", cure=DAMAGED)
        except FileNotFoundError:
            raise ValueError(f"{file}: no such file; save the model with save_pretrained") from None
        except SafetensorError as error:
            raise ValueError(f"{file}: not a safetensors file ({error})") from None
    return {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
