"""dictionary_learning (saprmarks): `ae.pt` and `config.json`, read by its `load_dictionary`; SAEBench reads it too.

Its JumpReluAutoEncoder gives the encoder x itself, so there b_e - W_e b_d stands for b_e.
"""

from pathlib import Path

import torch
from torch import Tensor

from monosem.interchange.forms import JUMPRELU, RELU, TOPK, Origin, kind_of, largest, write_json
from monosem.interchange.places import module_name
from monosem.sae.autoencoder import SparseAutoencoder

CLASSES = {RELU: "AutoEncoder", TOPK: "AutoEncoderTopK", JUMPRELU: "JumpReluAutoEncoder"}
NO_THRESHOLD = -1.0  # as it marks one that was not estimated


def write_dictionary_learning(folder: Path, sae: SparseAutoencoder, origin: Origin) -> None:
    kind = kind_of(sae, origin.name)
    trainer = {
        "trainer_class": "monosem",
        "dict_class": CLASSES[kind],
        "activation_dim": sae.W_dec_FN.shape[1],
        "dict_size": sae.n_features,
        "k": largest(sae),
        "layer": origin.site.layer,
        "lm_name": origin.model,
        "submodule_name": module_name(origin.site),
    }
    config = {"trainer": trainer, "buffer": {"ctx_len": origin.context_length}}
    torch.save({name: tensor.contiguous() for name, tensor in state(sae, kind).items()}, folder / "ae.pt")
    write_json(folder / "config.json", config)


def state(sae: SparseAutoencoder, kind: str) -> dict[str, Tensor]:
    if kind == JUMPRELU:
        b_enc_F = sae.b_enc_F - sae.W_enc_FN @ sae.b_dec_N
        matrices = {"W_enc": sae.W_enc_FN.T, "b_enc": b_enc_F, "W_dec": sae.W_dec_FN, "b_dec": sae.b_dec_N}
        return {**matrices, "threshold": sae.threshold_F}
    linear = {"encoder.weight": sae.W_enc_FN, "encoder.bias": sae.b_enc_F, "decoder.weight": sae.W_dec_FN.T}
    if kind == RELU:
        return {**linear, "bias": sae.b_dec_N}
    whole = {"k": torch.tensor(largest(sae), dtype=torch.int), "threshold": torch.tensor(NO_THRESHOLD)}
    return {**linear, "b_dec": sae.b_dec_N, **whole}
