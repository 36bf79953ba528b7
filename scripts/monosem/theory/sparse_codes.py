"""Which code of a vector has the least L1 norm, and whether it is the sparsest: x = f D, unit rows, f not below zero.

A vector along one direction of a dictionary has the code of that direction alone, of norm |x|; any other code of it is
longer by the triangle inequality, so L1 prefers the sparser one, by a margin that is 0 only where directions coincide:
for the middle one of three, theta from the first to the last, 1 / cos(theta / 2) - 1. In the plane the least L1 has two
directions at most, as many as almost every vector needs. In more dimensions it may take more than there were.

Shape suffixes: N dimensions, F directions.
"""

from itertools import combinations
from typing import NamedTuple

import numpy as np

ON = 1e-7  # least code that counts


class Code(NamedTuple):
    value_F: np.ndarray

    @property
    def l0(self) -> int:
        return int((self.value_F > ON).sum())

    @property
    def l1(self) -> float:
        return float(self.value_F.sum())


def fan(angle: float) -> np.ndarray:
    """Three directions in the plane, radians: at 0, in the middle, at `angle`."""
    turned = np.array([0.0, angle / 2, angle])
    return np.stack([np.cos(turned), np.sin(turned)], axis=1)


def least_l1(x_N: np.ndarray, D_FN: np.ndarray) -> Code:
    """Exactly, as a linear program; for vectors that have a code."""
    from scipy.optimize import linprog

    found = linprog(np.ones(len(D_FN)), A_eq=D_FN.T, b_eq=x_N, bounds=(0, None), method="highs-ds")
    assert found.success, found.message
    return Code(found.x)


def least_l0(x_N: np.ndarray, D_FN: np.ndarray) -> Code:
    """By trying every set of directions, the smallest first."""
    from scipy.optimize import nnls

    for size in range(1, len(D_FN) + 1):
        for chosen in combinations(range(len(D_FN)), size):
            part, left = nnls(D_FN[list(chosen)].T, x_N)
            if left < ON:
                value_F = np.zeros(len(D_FN))
                value_F[list(chosen)] = part
                return Code(value_F)
    raise ValueError(f"vector {x_N}: no code in {len(D_FN)} directions")


def margin(angle: float) -> float:
    """How much longer, in L1, the middle direction of a fan is without itself; measured, not by the formula."""
    D_FN = fan(angle)
    return least_l1(D_FN[1], D_FN[[0, 2]]).l1 - least_l1(D_FN[1], D_FN).l1


def planted(D_FN: np.ndarray, n_on: int, rng: np.random.Generator) -> Code:
    value_F = np.zeros(len(D_FN))
    value_F[rng.choice(len(D_FN), n_on, replace=False)] = rng.uniform(0.5, 1.5, n_on)
    return Code(value_F)


def random_directions(n_directions: int, width: int, rng: np.random.Generator) -> np.ndarray:
    D_FN = rng.normal(size=(n_directions, width))
    return D_FN / np.linalg.norm(D_FN, axis=1, keepdims=True)
