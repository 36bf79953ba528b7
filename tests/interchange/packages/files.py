"""What every reader is given and leaves: folders, each with what a package is to load, and arrays in float64.

Runs in the environment of each package, so it needs nothing but numpy and torch.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch


def folders() -> Iterator[Path]:
    """The sub-folders of the folder named on the command line."""
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    return (path for path in sorted(Path(sys.argv[1]).iterdir()) if path.is_dir())


def read(path: Path, name: str) -> torch.Tensor:
    return torch.from_numpy(np.load(path.parent / f"{name}.npy"))


def write(path: Path, **tensors: torch.Tensor) -> None:
    """`path`.npz, beside the folder `path`."""
    np.savez(f"{path}.npz", **{name: tensor.detach().double().numpy() for name, tensor in tensors.items()})
