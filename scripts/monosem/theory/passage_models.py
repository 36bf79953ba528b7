"""Small transformers trained on the generated corpus by the project's own code, and activations of their last MLP."""

import argparse

import numpy as np
import torch
from torch import Tensor

from monosem.checkpoints import Stoppable
from monosem.lm import LanguageModel, LMConfig, Site
from monosem.lm_training import LMTraining, train_lm
from monosem.theory.passages import BOS, VOCABULARY
from monosem.tokens import counted

SIZES = ("d_model", "n_heads", "d_mlp")
TRAINING = {"tokens": int, "batch": int, "lr": float, "warmup": float, "weight_decay": float, "grad_clip": float}
HELD_CONTEXTS = 64  # of the losses that the progress bar shows


def lm_flags(parser: argparse.ArgumentParser) -> None:
    """The settings of config `lm` that matter here, under the same names after `lm-`."""
    for name, kind in {**dict.fromkeys(SIZES, int), **TRAINING}.items():
        flag = f"--lm-{name.replace('_', '-')}"
        parser.add_argument(flag, type=kind, required=True, help="of the transformers, as in train_lm.py")


def trained_lm(args: argparse.Namespace, tokens_SL: np.ndarray, n_layers: int, seed: int) -> LanguageModel:
    sizes = (getattr(args, f"lm_{name}") for name in SIZES)
    model = LanguageModel(LMConfig(len(VOCABULARY), tokens_SL.shape[1], n_layers, *sizes), seed=seed)
    given = {name: getattr(args, f"lm_{name}") for name in TRAINING}
    settings = LMTraining(
        **given, val_every=args.lm_tokens, precision="float32", compile=False, bos=BOS, seed=args.seed
    )
    train_lm(model, tokens_SL, tokens_SL[:HELD_CONTEXTS], settings, Stoppable())
    return model.eval()


def activations(model: LanguageModel, tokens_SL: np.ndarray) -> Tensor:
    """Of the last MLP's neurons at all counted positions, [T, N]."""
    site, at_SL = Site("mlp_post", model.config.n_layers - 1), torch.from_numpy(counted(tokens_SL, BOS))
    parts = zip(torch.from_numpy(tokens_SL).split(256), at_SL.split(256), strict=True)
    return torch.cat([model.activations(part_SL, site)[at] for part_SL, at in parts])
