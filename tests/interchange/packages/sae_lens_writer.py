"""Autoencoders of SAELens with weights at random, saved by it, with the codes and reconstructions it gives."""

import torch
from files import folders, read, write
from sae_lens import (
    GatedSAE,
    GatedSAEConfig,
    JumpReLUSAE,
    JumpReLUSAEConfig,
    StandardSAE,
    StandardSAEConfig,
    TopKSAE,
    TopKSAEConfig,
)

SIZE = {"d_in": 16, "d_sae": 40}
KINDS = {
    "standard": (StandardSAE, StandardSAEConfig, {}),
    "standard-bare": (StandardSAE, StandardSAEConfig, {"apply_b_dec_to_input": False}),
    "topk": (TopKSAE, TopKSAEConfig, {"k": 5, "rescale_acts_by_decoder_norm": True}),
    "jumprelu": (JumpReLUSAE, JumpReLUSAEConfig, {}),
    "gated": (GatedSAE, GatedSAEConfig, {}),
    "gated-bare": (GatedSAE, GatedSAEConfig, {"apply_b_dec_to_input": False}),
}

for folder in folders():
    torch.manual_seed(0)
    kind, config, settings = KINDS[folder.name]
    sae = kind(config(**SIZE, **settings))
    for name, parameter in sae.named_parameters():
        parameter.copy_(torch.randn(parameter.shape) * (0.3 if name in ("r_mag", "threshold") else 0.7))
    sae.save_model(folder)
    sae = type(sae).load_from_disk(folder, dtype="float64")
    codes = sae.encode(read(folder, "inputs"))
    write(folder, codes=codes, recon=sae.decode(codes), norms=sae.W_dec.norm(dim=1))
