"""Logit weights read a block of features at a time. Shape suffixes: R features of a block, F features, V vocabulary."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from monosem.measures.universality import open_logits

ROWS = 1024


def logit_shape(path: Path) -> tuple[int, int]:
    """Features and tokens."""
    n_features, n_vocab = open_logits(path).shape
    return n_features, n_vocab


def logit_blocks(path: Path) -> Iterator[tuple[int, np.ndarray]]:
    """The number of a block's first feature, and its logit weights as stored, [R, V]."""
    rows = open_logits(path)
    for start in range(0, rows.shape[0], ROWS):
        yield start, rows[start : min(start + ROWS, rows.shape[0])]
