"""What a training of an autoencoder is told: the recipe, and the precision of its products."""

from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import torch

from monosem.ground.devices import matmul_dtype
from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.architectures.steps import Architecture
from monosem.sae.kernels import Screen

# Name: type, least value, meaning.
HYPERPARAMETERS: dict[str, tuple[type, float, str]] = {
    "l1": (float, 0, "weight of the sparsity penalty, in scaled units"),
    "k": (int, 1, "codes of a vector"),
    "k_aux": (int, 1, "dead features of a vector that explain what is left over"),
    "aux": (float, 0, "weight of that term"),
    "prefixes": (float, 0, "shares of the features that must do on their own"),
    "bandwidth": (float, 1e-6, "width of the stand-in derivative of a threshold, in scaled units"),
    "threshold": (float, 1e-6, "threshold at the start, in scaled units"),
    "tanh_scale": (float, 1e-6, "scale of a code inside the tanh of the penalty"),
    "pre_act": (float, 0, "weight of the term that revives dead features"),
}


@dataclass(frozen=True)
class Recipe:
    """Shares are of the steps: `warmup` with rising and `decay` with falling learning rate, `ramp` with rising sparsity
    penalty, `resample_at` when dead features are resampled, and `dead_window`, the time without activity after which a
    feature counts as dead. Gradients are scaled down to a common norm of `grad_clip`, if it is set."""

    architecture: Architecture
    n_features: int
    vectors: int
    batch: int
    lr: float
    beta1: float
    beta2: float
    warmup: float
    decay: float
    ramp: float
    grad_clip: float | None
    resample_at: tuple[float, ...]
    resample_inputs: int
    dead_window: float
    log_every: int
    seed: int

    def __post_init__(self) -> None:
        for flag, value in (("width", self.n_features), ("batch", self.batch), ("log-every", self.log_every)):
            if value < 1:
                raise ValueError(f"--{flag} {value}: at least 1 expected")

    @property
    def steps(self) -> int:
        if self.vectors < self.batch:
            raise ValueError(f"--vectors {self.vectors}: at least one batch ({self.batch}) expected")
        return self.vectors // self.batch

    @property
    def window(self) -> int:
        """Steps without activity after which a feature counts as dead."""
        return max(1, round(self.dead_window * self.steps))

    @property
    def resample_steps(self) -> set[int]:
        return {round(share * self.steps) for share in self.resample_at}

    def learning_rate(self, step: int) -> float:
        rising, falling = self.warmup * self.steps, self.decay * self.steps
        up = (step + 1) / rising if rising else 1.0
        down = (self.steps - step) / falling if falling else 1.0
        return self.lr * min(1.0, up, down)

    def penalty_factor(self, step: int) -> float:
        rising = self.ramp * self.steps
        return min(1.0, (step + 1) / rising) if rising else 1.0


class Products(NamedTuple):
    """Precision of the two kinds of step; see `kernels.support` for why the first costs no exactness."""

    screen: Screen
    dense: torch.dtype
    sparse_below: float  # share of entries under which sparse steps are cheaper on a CPU: tests/benchmarks/switch.py

    @classmethod
    def of(cls, precision: str, device: torch.device) -> "Products":
        """`float32` is exact: bfloat16 only finds candidates, widened by its rounding error. `bfloat16` takes its word
        for which codes are above zero, and uses it for dense products too."""
        dtype = matmul_dtype(precision, device)
        if dtype == torch.float32:
            return cls(Screen.exact(device), dtype, sparse_below=0.2)
        return cls(Screen(dtype, margin=False), dtype, sparse_below=0.07)


def architecture_of(name: str, given: dict[str, Any]) -> Architecture:
    """The named architecture with its HYPERPARAMETERS from `given`, in which None stands for "not given".

    Raises ValueError when one is missing, or given though the architecture has none of that name.
    """
    kind = ARCHITECTURES[name]
    own = [item.name for item in fields(kind)]
    values = {key: tuple(value) if isinstance(value, list) else value for key, value in given.items()}
    for setting, (_, least, _) in HYPERPARAMETERS.items():
        flag, value = f"--{setting.replace('_', '-')}", values.get(setting)
        if setting in own and value is None:
            raise ValueError(f"{flag}: needed by the architecture {name}")
        if setting not in own and value is not None:
            listed = ", ".join(f"--{item.replace('_', '-')}" for item in own)
            raise ValueError(f"{flag} {value}: not a setting of the architecture {name}, which has {listed}")
        if value is not None and min(value if isinstance(value, tuple) else [value]) < least:
            raise ValueError(f"{flag} {value}: at least {least:g} expected")
    return kind(**{setting: values[setting] for setting in own})


def penalty_units(architecture: Architecture, scale: float, n_neurons: int) -> dict[str, float]:
    """The weight of an L1 penalty on scaled inputs, on raw ones, and as the paper counts it (mean squared error, raw).

    Nothing where the penalty is none, or not linear in the codes.
    """
    l1 = getattr(architecture, "l1", None)
    if l1 is None or hasattr(architecture, "tanh_scale"):
        return {}
    return {"l1_scaled_units": l1, "l1_raw_units": l1 / scale, "l1_paper_units": l1 / scale / n_neurons}
