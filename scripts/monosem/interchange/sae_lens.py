"""SAELens, version 6 on: `cfg.json` and `sae_weights.safetensors`, read by `SAE.load_from_disk`.

    standard  f = ReLU(W_e (x - b_d) + b_e)       topk  the k largest of these       jumprelu  those above a threshold
    gated     f = [W_e (x - b_d) + b_g > 0] ReLU(exp(r) W_e (x - b_d) + b_m)

Its matrices act on rows, so its W_enc is [N, F]. On the way in, the norms of decoder rows go into the codes, as its own
`fold_W_dec_norm` does, and what the encoder is not given of the bias (`apply_b_dec_to_input: false`) into b_e: the
function stays the same. Shape suffixes as in `sae`.
"""

from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from monosem.ground.artefacts import read_json
from monosem.ground.finite import DAMAGED
from monosem.ground.tensors import load_tensors
from monosem.interchange.forms import JUMPRELU, RELU, TOPK, Origin, kind_of, largest, write_json
from monosem.interchange.places import hook_name
from monosem.sae.autoencoder import SparseAutoencoder

CONFIG, WEIGHTS = "cfg.json", "sae_weights.safetensors"
VERSION = "6.54.12"  # whose loader tests/test_interop.py reads the files with
ARCHITECTURES = {RELU: "standard", TOPK: "topk", JUMPRELU: "jumprelu"}
TENSORS = {
    "standard": {"b_enc"},
    "topk": {"b_enc"},
    "jumprelu": {"b_enc", "threshold"},
    "gated": {"b_gate", "b_mag", "r_mag"},
}
UNIT = 1e-5  # decoder rows whose norms are this close to 1 are left as they are: it is float32 rounding


class Imported(NamedTuple):
    sae: SparseAutoencoder
    architecture: str  # SAELens's name
    settings: dict[str, Any]  # cfg.json with its metadata beside the rest


def write_sae_lens(folder: Path, sae: SparseAutoencoder, origin: Origin) -> None:
    kind = kind_of(sae, origin.name)
    tensors = {"W_enc": sae.W_enc_FN.T, "b_enc": sae.b_enc_F, "W_dec": sae.W_dec_FN, "b_dec": sae.b_dec_N}
    tensors |= {"threshold": sae.threshold_F} if kind == JUMPRELU else {}
    config = {
        "architecture": ARCHITECTURES[kind],
        "d_in": sae.W_dec_FN.shape[1],
        "d_sae": sae.n_features,
        "dtype": "float32",
        "device": "cpu",
        "apply_b_dec_to_input": True,
        "normalize_activations": "none",
        "reshape_activations": "none",
        **({"k": largest(sae)} if kind == TOPK else {}),
        "metadata": {
            "sae_lens_version": VERSION,
            "model_name": origin.model,
            "hook_name": hook_name(origin.site),
            "context_size": origin.context_length,
            "prepend_bos": True,
            "exclude_special_tokens": True,
            **{
                f"monosem_{name}": origin.record[name] for name in ("dictionary", "architecture", "digest", "lm_digest")
            },
        },
    }
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, folder / WEIGHTS)
    write_json(folder / CONFIG, config)


def read_sae_lens(folder: Path) -> Imported:
    """Raises ValueError naming the file where it is missing, damaged, or something that our form cannot say exactly."""
    path = folder / CONFIG
    config = settings(path)
    architecture = config["architecture"]
    check_settings(config, path)
    tensors = read_tensors(folder / WEIGHTS, TENSORS[architecture] | {"W_enc", "W_dec", "b_dec"})
    sae = encoder(tensors, architecture, config)
    if not config.get("apply_b_dec_to_input", True):
        sae = replace(sae, b_enc_F=sae.b_enc_F + sae.W_enc_FN @ sae.b_dec_N)
    free_top_k = architecture == "topk" and not config.get("rescale_acts_by_decoder_norm", False)
    sae = unit_decoder(sae, free_top_k, path)
    narrow = {name: tensor.float() for name, tensor in sae.tensors().items()}
    return Imported(replace(sae, **narrow), architecture, config)


def settings(path: Path) -> dict[str, Any]:
    """cfg.json with its metadata beside the rest, and what versions before 6 call otherwise by its later name."""
    found = said(read_json(path))
    config = {"architecture": "standard", **found, **said(found.get("metadata", {}))}
    for later, earlier in {"hook_name": "hook_point", "activation_fn": "activation_fn_str"}.items():
        config[later] = config.get(later, config.get(earlier))
    if config["activation_fn"] == "topk":
        config |= {"architecture": "topk", "activation_fn": "relu"}
        config |= said(config.get("activation_fn_kwargs", {}))
    return config


def said(settings: dict[str, Any]) -> dict[str, Any]:
    """Without what is null, which is what is not said."""
    return {name: value for name, value in settings.items() if value is not None}


def check_settings(config: dict[str, Any], path: Path) -> None:
    wanted = {
        "architecture": (*TENSORS,),
        "activation_fn": ("relu", None),
        "normalize_activations": ("none", None, False),
        "reshape_activations": ("none", None),
    }
    for name, allowed in wanted.items():
        if config.get(name) not in allowed:
            can = ", ".join(str(value) for value in allowed if value)
            raise ValueError(f"{path}: {name} {config[name]} cannot be imported exactly; {can or 'none'} can")
    k = config.get("k")
    if config["architecture"] == "topk" and not (isinstance(k, int | float) and k >= 1 and k == int(k)):
        raise ValueError(f"{path}: k {k} of topk; a whole number from 1 on expected")


def read_tensors(path: Path, names: set[str]) -> dict[str, Tensor]:
    """In float64: what is folded into one another is rounded once, in the end."""
    try:
        tensors = {name: tensor.double() for name, tensor in load_tensors(path, "pt", cure=DAMAGED).items()}
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; give the folder that SAELens saved") from None
    except SafetensorError as error:
        raise ValueError(f"{path}: not a safetensors file ({error})") from None
    scaling_F = tensors.pop("scaling_factor", torch.ones(()))
    if not bool((scaling_F == 1).all()):
        raise ValueError(f"{path}: scaling_factor other than 1 (of finetuning) cannot be imported exactly")
    if set(tensors) != names:
        raise ValueError(f"{path}: tensors {sorted(tensors)}; exactly {sorted(names)} expected")
    return tensors


def encoder(tensors: dict[str, Tensor], architecture: str, config: dict[str, Any]) -> SparseAutoencoder:
    W_enc_FN, W_dec_FN, b_dec_N = tensors["W_enc"].T.contiguous(), tensors["W_dec"], tensors["b_dec"]
    if architecture == "gated":  # gate > 0 where size > b_m - exp(r) b_g
        scale_F = tensors["r_mag"].exp()
        threshold_F = tensors["b_mag"] - scale_F * tensors["b_gate"]
        W_enc_FN, b_enc_F = W_enc_FN * scale_F[:, None], tensors["b_mag"]
    else:
        b_enc_F = tensors["b_enc"]
        threshold_F = tensors.get("threshold", torch.zeros_like(b_enc_F))
    k = int(config["k"]) if architecture == "topk" else None
    return SparseAutoencoder(W_enc_FN, b_enc_F, W_dec_FN, b_dec_N, threshold_F.clamp_min(0), k)


def unit_decoder(sae: SparseAutoencoder, free_top_k: bool, path: Path) -> SparseAutoencoder:
    """The same function with decoder rows of norm 1; rows of zeros, which say nothing, stay.

    The k largest codes are others once norms are in them, unless they were chosen with their norms.
    """
    norm_F = sae.W_dec_FN.norm(dim=1)
    norm_F = torch.where(norm_F > 0, norm_F, 1)
    if (norm_F - 1).abs().max() <= UNIT:
        return sae
    if free_top_k:
        raise ValueError(
            f"{path}: topk on codes whose decoder rows have norms of {norm_F.min():.4g} to {norm_F.max():.4g}; "
            "only with rescale_acts_by_decoder_norm, or with norms of 1, is it a function of ours"
        )
    return replace(
        sae,
        W_enc_FN=sae.W_enc_FN * norm_F[:, None],
        b_enc_F=sae.b_enc_F * norm_F,
        W_dec_FN=sae.W_dec_FN / norm_F[:, None],
        threshold_F=sae.threshold_F * norm_F,
    )
