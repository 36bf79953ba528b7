"""Which of the known kinds of autoencoder a saved one is: the formats name kinds, ours says it by threshold and k."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from monosem.ground.finite import write_numbers
from monosem.lm.sites import Site
from monosem.sae.autoencoder import SparseAutoencoder

RELU, TOPK, JUMPRELU = "relu", "topk", "jumprelu"


@dataclass(frozen=True)
class Origin:
    """Where a dictionary comes from, for the fields in which formats keep that."""

    model: str
    site: Site
    context_length: int
    record: dict[str, Any]  # sae.json

    @property
    def name(self) -> str:
        return self.record["dictionary"]


def kind_of(sae: SparseAutoencoder, name: str) -> str:
    """relu: none; topk: the k largest; jumprelu: a threshold for each feature (batchtopk, matryoshka, gated too)."""
    has_threshold = bool((sae.threshold_F > 0).any())
    if sae.k is None:
        return JUMPRELU if has_threshold else RELU
    if has_threshold:
        raise ValueError(f"{name}: both k and thresholds, which none of the formats has; it cannot be exported")
    return TOPK


def largest(sae: SparseAutoencoder) -> int:
    """How many codes are kept of a vector, at most."""
    return min(sae.k or sae.n_features, sae.n_features)


def write_json(path: Path, settings: dict[str, Any]) -> None:
    """As packages keep the settings of what lies beside them."""
    path.write_text(write_numbers(settings, path, indent=1) + "\n", encoding="utf-8")
