"""Untrained language models whose predictions are far from even, so that what is done to them shows."""

import torch

from monosem.lm.transformer import LanguageModel, LMConfig


def sharp_model(config: LMConfig) -> LanguageModel:
    model = LanguageModel(config, seed=0)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(20 if parameter.ndim == 2 else 1)
    return model
