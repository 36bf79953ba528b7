"""A trained sparse autoencoder: the one saved form of every architecture, read by all that follows training.

    pre = W_e (x - b_d) + b_e      f = pre [pre > threshold], of these the k largest if k is set      x' = W_d f + b_d

Inputs are raw activations and decoder rows have unit norm. Shape suffixes: B vectors of a batch, N neurons,
F features, Z codes above zero. Row i of both matrices belongs to feature i.
"""

import json
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import Tensor

from monosem.ground.artefacts import replacing
from monosem.ground.tensors import load_tensors, read_metadata
from monosem.sae.kernels import Csr, Screen, entries_above, largest_of_row

NAMES = {
    "W_enc_FN": "W_enc",
    "b_enc_F": "b_enc",
    "W_dec_FN": "W_dec",
    "b_dec_N": "b_dec",
    "threshold_F": "threshold",
}


@dataclass(frozen=True)
class SparseAutoencoder:
    W_enc_FN: Tensor
    b_enc_F: Tensor
    W_dec_FN: Tensor
    b_dec_N: Tensor
    threshold_F: Tensor  # not below zero
    k: int | None = None

    @property
    def n_features(self) -> int:
        return self.W_enc_FN.shape[0]

    def tensors(self) -> dict[str, Tensor]:
        return {name: getattr(self, name) for name in NAMES}

    def encode(self, x_BN: Tensor) -> Tensor:
        """Dense codes [B, F]."""
        pre_BF = (x_BN - self.b_dec_N) @ self.W_enc_FN.T + self.b_enc_F
        codes_BF = pre_BF * (pre_BF > self.threshold_F)
        if self.k is None:
            return codes_BF
        kept = codes_BF.topk(min(self.k, self.n_features), dim=1)
        return torch.zeros_like(codes_BF).scatter_(1, kept.indices, kept.values)

    def encode_sparse(self, x_BN: Tensor, screen: Screen) -> Csr:
        """The codes of `encode` that are not zero."""
        centred_BN = x_BN - self.b_dec_N
        if self.k is None:
            found = entries_above(centred_BN, self.W_enc_FN, self.b_enc_F, self.threshold_F, screen)
        else:
            found = largest_of_row(centred_BN, self.W_enc_FN, self.b_enc_F, self.k, screen)
        return found.where(found.value_Z > self.threshold_F[found.column_Z])

    def decode(self, codes_BF: Tensor) -> Tensor:
        """Reconstructions [B, N]."""
        return codes_BF @ self.W_dec_FN + self.b_dec_N

    def decode_sparse(self, codes: Csr) -> Tensor:
        return codes.times(codes.value_Z, self.W_dec_FN) + self.b_dec_N

    def folded(self, scale: float) -> "SparseAutoencoder":
        """The same function on unscaled inputs: what was trained on `scale * x` now takes x, and gives f / scale.

        (W_e (s x - b_d) + b_e) / s = W_e (x - b_d / s) + b_e / s, so only the biases and thresholds change.
        """
        return replace(
            self,
            b_enc_F=self.b_enc_F / scale,
            b_dec_N=self.b_dec_N / scale,
            threshold_F=self.threshold_F / scale,
        )

    def to(self, device: torch.device | str) -> "SparseAutoencoder":
        return replace(self, **{name: tensor.to(device) for name, tensor in self.tensors().items()})


def unit_rows(W_FN: Tensor) -> Tensor:
    return W_FN / W_FN.norm(dim=1, keepdim=True)


def random_rows(n_rows: int, width: int, rng: torch.Generator) -> Tensor:
    """Unit vectors drawn uniformly from the sphere."""
    return unit_rows(torch.randn(n_rows, width, generator=rng))


def geometric_median(x_BN: Tensor, *, tolerance: float = 1e-4, max_steps: int = 200) -> Tensor:
    """The point [N] with the least summed distance to the rows, by Weiszfeld's iteration."""
    point_N = x_BN.mean(dim=0)
    for _ in range(max_steps):
        weight_B = 1 / (x_BN - point_N).norm(dim=1).clamp_min(1e-8)
        moved_N = weight_B @ x_BN / weight_B.sum()
        done = (moved_N - point_N).norm() <= tolerance * moved_N.norm().clamp_min(1e-8)
        point_N = moved_N
        if done:
            break
    return point_N


def save_sae(path: Path, sae: SparseAutoencoder, architecture: str) -> None:
    tensors = {NAMES[name]: tensor.contiguous().cpu() for name, tensor in sae.tensors().items()}
    with replacing(path) as tmp:
        save_file(tensors, tmp, metadata={"config": json.dumps({"architecture": architecture, "k": sae.k})})


def load_sae(path: Path) -> SparseAutoencoder:
    """Raises ValueError naming the file when it is missing, cut short, or not exactly one of our autoencoders."""
    try:
        k = json.loads(read_metadata(path)["config"])["k"]
        tensors = load_tensors(path, "pt")
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run train_sae first") from None
    except (SafetensorError, KeyError, TypeError, json.JSONDecodeError) as error:
        raise ValueError(f"{path}: not an autoencoder of this project ({error})") from None
    if set(tensors) != set(NAMES.values()):
        raise ValueError(f"{path}: tensors {sorted(tensors)}; exactly {sorted(NAMES.values())} expected")
    return SparseAutoencoder(**{name: tensors[stored] for name, stored in NAMES.items()}, k=k)
