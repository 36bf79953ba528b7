"""Codes: the sparse activations of a dictionary on held-out tokens, one file that needs no torch to read.

Shape suffixes: T held-out tokens (row-major over contexts, counted positions only), F features, Z stored entries.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file
from scipy.sparse import csc_array, csr_array

from monosem.ground.artefacts import replacing
from monosem.ground.finite import check_finite
from monosem.ground.tensors import load_tensors


@dataclass(frozen=True)
class Codes:
    """Activations above zero (or not equal to zero, for neurons of a signed site) as one CSR matrix [T, F], float32."""

    matrix: csr_array

    @property
    def n_tokens(self) -> int:
        return self.matrix.shape[0]

    @property
    def n_features(self) -> int:
        return self.matrix.shape[1]

    def by_feature(self) -> csc_array:
        """The same matrix with each feature's active tokens side by side and in order."""
        return self.matrix.tocsc()


def write_codes(path: Path, codes: Codes) -> None:
    check_finite(codes.matrix.data, f"codes for {path}", "a weight of the dictionary is too large; train it again")
    tensors = {
        "indptr": codes.matrix.indptr.astype(np.int64),
        "indices": codes.matrix.indices.astype(np.int32),
        "values": codes.matrix.data.astype(np.float32),
        "shape": np.array(codes.matrix.shape, dtype=np.int64),
    }
    with replacing(path) as tmp:
        save_file(tensors, tmp)


def read_codes(path: Path) -> Codes:
    """Raises ValueError naming the file when it is missing, cut short, or not a codes file."""
    try:
        tensors = load_tensors(path)
        narrow = np.int32 if tensors["values"].size < 1 << 31 else np.int64  # scipy widens both to the wider
        parts_Z = (tensors["values"], tensors["indices"], tensors["indptr"].astype(narrow))
        matrix = csr_array(parts_Z, shape=tuple(tensors["shape"].tolist()))
        matrix.check_format(full_check=True)
        return Codes(matrix)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run the rule that writes it") from None
    except (SafetensorError, KeyError, ValueError) as error:
        raise ValueError(f"{path}: not a codes file ({error}); delete it and rerun") from None
