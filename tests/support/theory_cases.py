"""What tests of the discussion's experiments draw from and train with."""

import torch
from hypothesis import strategies as st

SEEDS = st.integers(0, 2**32 - 1)
SCHEDULE = {"vectors": 50_000, "batch": 256, "lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.02, "decay": 0.2}
SCHEDULE |= {"ramp": 0.0, "grad_clip": 1.0, "resample_at": (0.3,), "resample_inputs": 512, "dead_window": 0.1}
SCHEDULE |= {"log_every": 100}


def generator(seed):
    return torch.Generator().manual_seed(seed)
