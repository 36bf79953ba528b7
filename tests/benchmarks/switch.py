#!/usr/bin/env python3
"""Time a sparse and a dense training step at rising densities: where they cost the same, `Products` switches.

Random inputs and weights; the encoder's bias sets the share of the pre-activations that are above zero. Both steps are
timed in turn, and the ratio sparse / dense is the median over the repeats. `equal_at` is the density at which the
ratio crosses 1, on a straight line between the two densities around it.

Example:
  python tests/benchmarks/switch.py --width 512 4096 --repeats 5
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from monosem.sae.architectures.relu import Relu
from monosem.sae.architectures.steps import Now, dense_step, sparse_step
from monosem.sae.kernels import Weights
from monosem.sae.recipe import Products

CPU = torch.device("cpu")
NEURONS = 512


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--width", type=int, nargs="+", default=[512, 4096], help="numbers of features")
    parser.add_argument(
        "--density", type=float, nargs="+", default=[0.02, 0.05, 0.1, 0.2, 0.3], help="shares of codes above zero"
    )
    parser.add_argument("--batch", type=int, default=2048, help="vectors a step")
    parser.add_argument("--repeats", type=int, default=5, help="of each pair of steps")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads")
    return parser.parse_args()


def random_weights(width: int, density: float, x_BN: torch.Tensor) -> Weights:
    W_enc_FN = torch.randn(width, NEURONS) / NEURONS**0.5
    threshold = (x_BN @ W_enc_FN.T).flatten()[:1_000_000].quantile(1 - density)
    W_dec_FN = torch.nn.functional.normalize(torch.randn(width, NEURONS), dim=1)
    b_dec_N = torch.zeros(NEURONS)
    return {"W_enc_FN": W_enc_FN, "b_enc_F": -threshold.expand(width).clone(), "W_dec_FN": W_dec_FN, "b_dec_N": b_dec_N}


def seconds(step: Callable[[], object]) -> float:
    started = time.perf_counter()
    step()
    return time.perf_counter() - started


def ratio(width: int, density: float, precision: str, batch: int, repeats: int) -> float:
    """Time of a sparse step in multiples of a dense one."""
    x_BN, arch, products = torch.randn(batch, NEURONS), Relu(l1=0.1), Products.of(precision, CPU)
    weights, now = random_weights(width, density, x_BN), Now(1.0, torch.zeros(width, dtype=torch.bool))
    ratios = []
    for _ in range(repeats + 1):  # the first is to warm up
        sparse = seconds(lambda: sparse_step(arch, weights, x_BN, products.screen, now))
        ratios.append(sparse / seconds(lambda: dense_step(arch, weights, x_BN, products.dense, now)))
    return statistics.median(ratios[1:])


def crossing(density_D: list[float], ratio_D: list[float]) -> float | None:
    """None where sparse steps are cheaper, or dearer, at all densities."""
    for i in range(1, len(density_D)):
        below, above = ratio_D[i - 1] - 1, ratio_D[i] - 1
        if below < 0 <= above:
            return density_D[i - 1] + (density_D[i] - density_D[i - 1]) * below / (below - above)
    return None


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(0)
    rows = []
    for precision in ("float32", "bfloat16"):
        for width in args.width:
            found = [ratio(width, density, precision, args.batch, args.repeats) for density in args.density]
            columns = {f"at {density:g}": value for density, value in zip(args.density, found, strict=True)}
            equal_at, switch = crossing(args.density, found), Products.of(precision, CPU).sparse_below
            rows.append({"precision": precision, "width": width, **columns, "equal_at": equal_at, "switch": switch})
    print(pd.DataFrame(rows).round(3).to_string(index=False))


if __name__ == "__main__":
    main()
