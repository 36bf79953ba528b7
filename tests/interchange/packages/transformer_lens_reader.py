"""Logits and activations by TransformerLens, loaded as scripts/monosem/interchange/transformer_lens.py says."""

import json

from files import folders, read, write
from safetensors.torch import load_file
from transformer_lens import HookedTransformer, HookedTransformerConfig

HOOKS = {"mlp_post": "mlp.hook_post", "mlp_out": "hook_mlp_out", "resid_post": "hook_resid_post"}

for folder in folders():
    config = HookedTransformerConfig(**json.loads((folder / "cfg.json").read_text()), device="cpu")
    model = HookedTransformer(config)
    folding = dict.fromkeys(("fold_ln", "center_writing_weights", "center_unembed", "fold_value_biases"), False)
    model.load_and_process_state_dict(load_file(folder / "model.safetensors"), **folding)
    model.to("cpu").to(read(folder, "weights").dtype)
    logits, cache = model.run_with_cache(read(folder, "tokens"))
    last = f"blocks.{config.n_layers - 1}"
    write(folder, logits=logits, **{site: cache[f"{last}.{hook}"] for site, hook in HOOKS.items()})
