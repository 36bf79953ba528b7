"""Logit weights read a block of features at a time. Shape suffixes: R features of a block, F features, V vocabulary."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from monosem.ground.tensors import open_tensor

ROWS = 1024


def logit_shape(path: Path) -> tuple[int, int]:
    """Features and tokens."""
    n_features, n_vocab = open_tensor(path, "logit_weights").get_shape()
    return n_features, n_vocab


def logit_blocks(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """The number of a block's first feature, and its logit weights as stored, [R, V]."""
    rows = open_tensor(path, "logit_weights")
    n_features, _ = rows.get_shape()
    for start in range(0, n_features, ROWS):
        yield start, rows[start : min(start + ROWS, n_features)]
