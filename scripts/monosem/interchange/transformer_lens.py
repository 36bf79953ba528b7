"""TransformerLens: `cfg.json` and `model.safetensors`, the config and the state of a HookedTransformer.

    config = HookedTransformerConfig(**json.load(open("cfg.json")))
    model = HookedTransformer(config)
    model.load_and_process_state_dict(load_file("model.safetensors"), fold_ln=False, center_writing_weights=False,
                                      center_unembed=False, fold_value_biases=False)

It folds nothing that way, so its activations are ours. Shape suffixes as in `lm`.
"""

from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import Tensor

from monosem.interchange.forms import write_json
from monosem.lm.transformer import Block, LanguageModel, LMConfig

CONFIG, WEIGHTS = "cfg.json", "model.safetensors"


def write_transformer_lens(folder: Path, model: LanguageModel, name: str) -> None:
    config = model.config
    tensors = {
        "embed.W_E": model.W_E_VD,
        "pos_embed.W_pos": model.W_pos_LD,
        "ln_final.w": model.ln_final.scale_D,
        "ln_final.b": or_zeros(model.ln_final.bias_D, config.d_model),
        "unembed.W_U": model.W_U_DV,
        "unembed.b_U": torch.zeros(config.vocab_size),
    }
    for layer, block in enumerate(model.blocks):
        tensors |= {f"blocks.{layer}.{part}": tensor for part, tensor in block_tensors(block, config).items()}
    written = {
        "model_name": name,
        "n_layers": config.n_layers,
        "d_model": config.d_model,
        "n_ctx": config.context_length,
        "n_heads": config.n_heads,
        "d_head": config.d_model // config.n_heads,
        "d_mlp": config.d_mlp,
        "d_vocab": config.vocab_size,
        "act_fn": config.activation,
        "normalization_type": "LN",
        "eps": 1e-5,
        "positional_embedding_type": "standard",
        "attention_dir": "causal",
        "default_prepend_bos": True,
    }
    save_file({name: tensor.detach().contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    write_json(folder / CONFIG, written)


def block_tensors(block: Block, config: LMConfig) -> dict[str, Tensor]:
    D, H = config.d_model, config.n_heads
    W_QKV_3HDK = block.W_qkv_DD3.view(D, 3, H, D // H).permute(1, 2, 0, 3)
    b_QKV_3HK = or_zeros(block.b_qkv_D3, 3 * D).view(3, H, D // H)
    parts = {"ln1": block.ln_attn, "ln2": block.ln_mlp}
    return {
        **{f"{name}.w": norm.scale_D for name, norm in parts.items()},
        **{f"{name}.b": or_zeros(norm.bias_D, D) for name, norm in parts.items()},
        **{f"attn.W_{name}": W_QKV_3HDK[i] for i, name in enumerate("QKV")},
        **{f"attn.b_{name}": b_QKV_3HK[i] for i, name in enumerate("QKV")},
        "attn.W_O": block.W_O_DD.view(H, D // H, D),
        "attn.b_O": or_zeros(block.b_O_D, D),
        "mlp.W_in": block.W_in_DM,
        "mlp.b_in": block.b_in_M,
        "mlp.W_out": block.W_out_MD,
        "mlp.b_out": block.b_out_D,
    }


def or_zeros(bias: Tensor | None, size: int) -> Tensor:
    return torch.zeros(size) if bias is None else bias
