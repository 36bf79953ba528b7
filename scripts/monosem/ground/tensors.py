"""The one way to read tensors from files: of safetensors, whole or row by row, all of them finite.

Errors of the file itself (FileNotFoundError, SafetensorError) are the caller's, who knows what should be there.
"""

from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open

from monosem.ground.finite import AGAIN, check_finite


def load_tensors(path: Path, framework: str = "numpy", cure: str = AGAIN) -> dict[str, Any]:
    """All of a file, by name. Raises ValueError naming file, tensor and place of what is not finite."""
    with safe_open(path, framework) as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    for name, tensor in tensors.items():
        check_finite(tensor, f"{path} {name}", cure)
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    with safe_open(path, "numpy") as file:
        return file.metadata() or {}


class Rows:
    """Rows of a matrix in a file, read when they are asked for. Shape suffixes: R rows."""

    def __init__(self, stored: Any, what: str) -> None:  # noqa: ANN401
        self.stored, self.what = stored, what

    def get_shape(self) -> list[int]:
        return self.stored.get_shape()

    def __getitem__(self, rows: slice | int) -> np.ndarray:
        """Raises ValueError when one of them is not finite."""
        found = self.stored[rows]
        check_finite(found, f"{self.what} from row {rows.start or 0 if isinstance(rows, slice) else rows} on")
        return found


def open_tensor(path: Path, name: str) -> Rows:
    """Raises ValueError naming the file when it is missing, damaged, or has no such matrix."""
    try:
        return Rows(safe_open(path, "numpy").get_slice(name), f"{path} {name}")
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run the rule that writes it") from None
    except SafetensorError as error:
        raise ValueError(f"{path}: no tensor {name} to be read ({error}); delete it and rerun its rule") from None
