"""The sparse autoencoder of Towards Monosemanticity (appendix "Sparse autoencoder").

    f = ReLU(W_e (x - b_d) + b_e)      x' = W_d f + b_d      loss = mean over x of ||x - x'||^2 + lambda sum(f)

Squared error is summed over neurons (the paper's prose divides it by 512, so its lambda 0.004 is 2.05 here).
Shape suffixes: B vectors of a batch, N neurons, F features. Row i of both matrices belongs to feature i; decoder rows
have unit norm.
"""

import json
from dataclasses import dataclass, fields
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from monosem.artefacts import replacing

NAMES = {"W_enc_FN": "W_enc", "b_enc_F": "b_enc", "W_dec_FN": "W_dec", "b_dec_N": "b_dec"}
ARCHITECTURES = ("relu",)


@dataclass
class SparseAutoencoder:
    W_enc_FN: Tensor
    b_enc_F: Tensor
    W_dec_FN: Tensor
    b_dec_N: Tensor

    @property
    def n_features(self) -> int:
        return self.W_enc_FN.shape[0]

    def parameters(self) -> list[Tensor]:
        return [getattr(self, field.name) for field in fields(self)]

    def encode(self, x_BN: Tensor) -> Tensor:
        return torch.relu((x_BN - self.b_dec_N) @ self.W_enc_FN.T + self.b_enc_F)

    def decode(self, codes_BF: Tensor) -> Tensor:
        return codes_BF @ self.W_dec_FN + self.b_dec_N

    def folded(self, scale: float) -> "SparseAutoencoder":
        """The same function on unscaled inputs: what was trained on `scale * x` now takes x, and gives f / scale.

        (W_e (s x - b_d) + b_e) / s = W_e (x - b_d / s) + b_e / s, so only the biases change.
        """
        return SparseAutoencoder(self.W_enc_FN, self.b_enc_F / scale, self.W_dec_FN, self.b_dec_N / scale)

    def to(self, device: torch.device | str) -> "SparseAutoencoder":
        return SparseAutoencoder(*(tensor.to(device) for tensor in self.parameters()))


def new_sae(n_neurons: int, n_features: int, *, b_dec_N: Tensor, seed: int) -> SparseAutoencoder:
    """Paper's start: PyTorch's default Kaiming-uniform for both matrices and the encoder bias, untied; decoder rows
    normalised; decoder bias given (the geometric median of the data)."""
    rng = torch.Generator().manual_seed(seed)

    def uniform(*shape: int, fan_in: int) -> Tensor:
        return (torch.rand(*shape, generator=rng) * 2 - 1) / fan_in**0.5

    W_enc_FN = uniform(n_features, n_neurons, fan_in=n_neurons)
    b_enc_F = uniform(n_features, fan_in=n_neurons)
    W_dec_FN = uniform(n_features, n_neurons, fan_in=n_features)
    return SparseAutoencoder(W_enc_FN, b_enc_F, unit_rows(W_dec_FN), b_dec_N.clone())


def unit_rows(W_FN: Tensor) -> Tensor:
    return W_FN / W_FN.norm(dim=1, keepdim=True)


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
    tensors = {NAMES[field.name]: getattr(sae, field.name).contiguous().cpu() for field in fields(sae)}
    with replacing(path) as tmp:
        save_file(tensors, tmp, metadata={"config": json.dumps({"architecture": architecture})})


def load_sae(path: Path) -> SparseAutoencoder:
    """Raises ValueError naming the file when it is missing, cut short, or not exactly one of our autoencoders."""
    try:
        with safe_open(path, "pt") as file:
            architecture = json.loads(file.metadata()["config"])["architecture"]
        tensors = load_file(path)
    except FileNotFoundError:
        raise ValueError(f"{path}: no such file; run train_sae first") from None
    except (SafetensorError, KeyError, TypeError) as error:
        raise ValueError(f"{path}: not an autoencoder of this project ({error})") from None
    if architecture not in ARCHITECTURES:
        raise ValueError(f"{path}: architecture {architecture}; one of {', '.join(ARCHITECTURES)} expected")
    if set(tensors) != set(NAMES.values()):
        raise ValueError(f"{path}: tensors {sorted(tensors)}; exactly {sorted(NAMES.values())} expected")
    return SparseAutoencoder(**{name: tensors[stored] for name, stored in NAMES.items()})
