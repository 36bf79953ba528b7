"""Small transformers, trained as the main models are."""

from dataclasses import fields
from typing import Any

import numpy as np

from monosem.ground.arrays import MappedRows
from monosem.ground.checkpoints import Stoppable
from monosem.lm.training import LMTraining, train_lm
from monosem.lm.transformer import LanguageModel, LMConfig

SIZES = ("d_model", "n_heads", "d_mlp")


def small_model(
    settings: dict[str, Any],
    train_SL: np.ndarray | MappedRows,
    val_SL: np.ndarray,
    *,
    n_layers: int,
    vocab_size: int,
    bos: int,
    seed: int,
) -> LanguageModel:
    """`settings` are those of config `lm`, with a precision; what is of no use here is passed over."""
    sizes = {name: settings[name] for name in SIZES}
    config = LMConfig(vocab_size, train_SL.shape[1], n_layers, **sizes)
    known = {item.name for item in fields(LMTraining)} - {"seed", "bos"}
    given = {name: value for name, value in settings.items() if name in known}
    model = LanguageModel(config, seed=seed)
    train_lm(model, train_SL, val_SL, LMTraining(**given, seed=settings["data_seed"], bos=bos), Stoppable())
    return model.eval()
