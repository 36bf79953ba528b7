"""One tensor of a safetensors file, for NumPy: logit weights of a dictionary, its decoder."""

from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open


def open_tensor(path: Path, name: str) -> Any:  # noqa: ANN401
    """Its rows are read where they are asked for, `[:]` reads all. Raises ValueError naming a file that has none."""
    try:
        return safe_open(path, "numpy").get_slice(name)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run the rule that writes it") from None
    except SafetensorError as error:
        raise ValueError(f"{path}: no tensor {name} to be read ({error}); delete it and rerun its rule") from None
