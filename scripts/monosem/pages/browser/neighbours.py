"""Which features are alike, and which neurons a feature writes to: from directions, block by block.

Shape suffixes: F features, D dimensions of their directions, B features of a block, K nearest.
"""

import numpy as np

from monosem.ground.summary import most

BLOCK_ENTRIES = 1 << 24  # of a block of cosines


def highest(values_FD: np.ndarray, count: int, *, sign: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Columns and values of the `count` highest of each row; with sign -1 of the lowest, lowest first."""
    columns, values = [], []
    for rows_BD in np.array_split(values_FD, n_blocks(values_FD.shape)):
        columns.append(most(sign * rows_BD.astype(np.float32), count))
        values.append(np.take_along_axis(rows_BD, columns[-1], axis=1))
    return np.concatenate(columns), np.concatenate(values)


def similar(directions_FD: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    """The `count` others of highest cosine, and the cosines."""
    unit_FD = directions_FD / np.maximum(np.linalg.norm(directions_FD, axis=1, keepdims=True), 1e-12)
    found = []
    n_features = len(unit_FD)
    for own_B in np.array_split(np.arange(n_features), n_blocks((n_features, n_features))):
        cosines_BF = unit_FD[own_B] @ unit_FD.T
        cosines_BF[np.arange(own_B.size), own_B] = -np.inf
        columns_BK = most(cosines_BF, min(count, n_features - 1)) if n_features > 1 else np.empty((1, 0), np.int64)
        found.append((columns_BK, np.take_along_axis(cosines_BF, columns_BK, axis=1)))
    return np.concatenate([columns for columns, _ in found]), np.concatenate([values for _, values in found])


def n_blocks(shape: tuple[int, ...]) -> int:
    return max(1, -(-shape[0] * shape[1] // BLOCK_ENTRIES))


def centred(logits_FV: np.ndarray) -> np.ndarray:
    """A constant added to all logits changes no prediction. Float32."""
    return logits_FV.astype(np.float32) - logits_FV.mean(axis=1, keepdims=True, dtype=np.float32)
