"""A small recipe for every architecture: 24 features, 20 steps."""

from dataclasses import replace

import torch

from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.kernels import Screen
from monosem.sae.recipe import Products, Recipe

CPU = torch.device("cpu")
LARGEST = {"k": 4, "k_aux": 3, "aux": 0.1}
HYPERPARAMETERS = {
    "relu": {"l1": 0.5},
    "relu-2024": {"l1": 0.5},
    "relu-unshifted": {"l1": 0.5},
    "topk": LARGEST,
    "batchtopk": LARGEST,
    "matryoshka": {**LARGEST, "prefixes": (0.25, 0.5, 1.0)},
    "jumprelu": {"l1": 0.5, "bandwidth": 1.0, "threshold": 0.1, "tanh_scale": 2.0, "pre_act": 0.01},
    "gated": {"l1": 0.5},
}
NAMES = list(HYPERPARAMETERS)
SPARSE_BELOW = {"dense": 0.0, "sparse": 1.1}  # every step is of the one kind
ALL_WAYS = [(name, way) for name in NAMES for way in SPARSE_BELOW if way == "sparse" or ARCHITECTURES[name].has_dense]
FLOAT32 = Products(Screen(torch.float32, margin=False), torch.float32, sparse_below=0.04)


def products(way, dtype=torch.float32):
    return Products(Screen(dtype, margin=False), dtype, SPARSE_BELOW[way])


def architecture(name, **changed):
    return ARCHITECTURES[name](**{**HYPERPARAMETERS[name], **changed})


def recipe(name="relu", **changed):
    common = Recipe(
        architecture(name), n_features=24, vectors=20 * 64, batch=64, lr=0.01, beta1=0.9, beta2=0.999, warmup=0.1,
        decay=0.2, ramp=0, grad_clip=None, resample_at=(0.25, 0.5), resample_inputs=100, dead_window=0.15,
        log_every=6, seed=1,
    )  # fmt: skip
    return replace(common, **changed)


def hyperparameter_flags(name):
    """For `sae_flags`; None takes a flag away."""
    return {"l1": None, **{key: list(v) if isinstance(v, tuple) else v for key, v in HYPERPARAMETERS[name].items()}}
