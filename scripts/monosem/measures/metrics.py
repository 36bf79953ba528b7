"""What a reconstruction keeps, by running sums that do not depend on how data was cut into batches; how much
numbers or rows are alike, and how well a number tells two kinds apart.

Shape suffixes: B vectors of a batch, N neurons, I items, R rows.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Union

import numpy as np

if TYPE_CHECKING:  # figures and findings use this module without paying for the import
    from torch import Tensor


@dataclass
class ReconstructionSums:
    """Float64 sums over vectors x [N] and their reconstructions: a bias and what codes add to it."""

    n: int = 0
    squared_error: float = 0.0
    squared_norm: float = 0.0
    sum_N: Union["Tensor", float] = 0.0
    wanted: float = 0.0  # x without the bias, along what codes add
    added: float = 0.0  # squared norm of that

    def add(self, x_BN: "Tensor", recon_BN: "Tensor", bias_N: Union["Tensor", float] = 0.0) -> None:
        self.n += len(x_BN)
        decoded_BN = (recon_BN - bias_N).double()
        self.wanted += ((x_BN - bias_N) * decoded_BN).sum().item()
        self.added += decoded_BN.square().sum().item()
        self.squared_error += (x_BN - recon_BN).double().square().sum().item()
        self.squared_norm += x_BN.double().square().sum().item()
        self.sum_N = self.sum_N + x_BN.double().sum(dim=0)

    @property
    def explained_variance(self) -> float:
        """1 - sum ||x - x'||^2 / sum ||x - mean||^2: 0 for predicting the mean, 1 for a perfect reconstruction."""
        assert self.n, "no vectors added"
        spread = self.squared_norm - self.sum_N.square().sum().item() / self.n
        return 1 - self.squared_error / spread

    @property
    def normalised_mse(self) -> float:
        """sum ||x - x'||^2 / sum ||x||^2: 1 for predicting zero."""
        return self.squared_error / self.squared_norm

    @property
    def rescaling(self) -> float:
        """The one factor on all codes with the least squared error: over 1 where a penalty has shrunk them."""
        return self.wanted / self.added if self.added else 1.0

    def record(self) -> dict[str, float]:
        return {name: getattr(self, name) for name in ("mse", "explained_variance", "normalised_mse", "rescaling")}

    @property
    def mse(self) -> float:
        """Mean over vectors of the squared error summed over neurons."""
        return self.squared_error / self.n


def loss_recovered(clean: float, replaced: float, ablated: float) -> float | None:
    """1 - (L_replaced - L_clean) / (L_ablated - L_clean): 1 when nothing is lost, 0 when as bad as ablation.

    None when ablation does not raise the loss, so that there is nothing to recover.
    """
    if ablated <= clean:
        return None
    return 1 - (replaced - clean) / (ablated - clean)


def correlation_of(x_I: np.ndarray, y_I: np.ndarray) -> float:
    """Pearson's; NaN where one of them never varies."""
    x_I, y_I = x_I - x_I.mean(), y_I - y_I.mean()
    norm = np.sqrt((x_I @ x_I) * (y_I @ y_I))
    return float(x_I @ y_I / norm) if norm > 0 else np.nan


def mean_cosine(unit_RN: np.ndarray) -> float:
    """Of two different rows, which have unit norm."""
    n = len(unit_RN)
    return float((np.square(unit_RN.sum(axis=0)).sum() - n) / (n * (n - 1)))


def roc_area_error(area: float, n_positive: int, n_negative: int) -> float:
    """Standard error of an area under the ROC curve (Hanley and McNeil, 1982,
    https://doi.org/10.1148/radiology.143.1.7063747); NaN when there is but one kind."""
    if not n_positive or not n_negative:
        return np.nan
    both, square = area / (2 - area), area * area
    spread = (n_positive - 1) * (both - square) + (n_negative - 1) * (2 * square / (1 + area) - square)
    return float(np.sqrt((area * (1 - area) + spread) / (n_positive * n_negative)))


def roc_area(value_I: np.ndarray, positive_I: np.ndarray) -> float:
    """Area under the ROC curve: how often a positive has the higher value of two, a tie counting half.

    0.5 tells nothing, 0 and 1 all; NaN when there is but one kind.
    """
    _, place_I, n_equal = np.unique(value_I, return_inverse=True, return_counts=True)
    rank = np.cumsum(n_equal) - (n_equal - 1) / 2
    n_positive = int(positive_I.sum())
    n_pairs = n_positive * (positive_I.size - n_positive)
    return float((rank[place_I[positive_I]].sum() - n_positive * (n_positive + 1) / 2) / n_pairs) if n_pairs else np.nan
