"""Training of an autoencoder on a store, resumable at any step, bit for bit on a CPU.

Shape suffixes: B vectors of a batch, N neurons, F features.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monosem.acts.store import Store
from monosem.ground.checkpoints import Checkpoint
from monosem.ground.progress import progress
from monosem.sae.architectures.steps import Now, Step, dense_step, sparse_step
from monosem.sae.autoencoder import SparseAutoencoder, geometric_median
from monosem.sae.kernels import Adam, Screen, Weights, clip_factor, update
from monosem.sae.recipe import Products, Recipe
from monosem.sae.resampling import resample

MEDIAN_ROWS = 8192  # vectors the geometric median is taken over
INFERENCE_ROWS = 65536  # vectors a threshold of the saved form is found on


@dataclass
class Progress:
    """Everything that changes while training, so that a checkpoint is this and nothing else."""

    weights: Weights
    moments: dict[str, tuple[Tensor, Tensor]]
    last_active_F: Tensor  # step at which each feature was last above zero; -1 before the first
    step: int = 0
    density: float = 1.0  # share of the entries that the last step worked on
    rows: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)

    def dead(self, window: int) -> Tensor:
        return self.last_active_F < self.step - window

    def state(self) -> dict[str, Any]:
        return {item.name: getattr(self, item.name) for item in fields(self)}

    @classmethod
    def restored(cls, state: dict[str, Any], device: torch.device) -> "Progress":
        weights = {name: tensor.to(device) for name, tensor in state["weights"].items()}
        moments = {name: tuple(moment.to(device) for moment in pair) for name, pair in state["moments"].items()}
        last_active_F = state["last_active_F"].to(device)
        return cls(**{**state, "weights": weights, "moments": moments, "last_active_F": last_active_F})


def start(median_N: Tensor, recipe: Recipe, device: torch.device) -> Progress:
    rng = torch.Generator().manual_seed(recipe.seed)
    made = recipe.architecture.start(recipe.n_features, median_N, rng)
    weights = {name: tensor.to(device) for name, tensor in made.items()}
    moments = {name: (torch.zeros_like(tensor), torch.zeros_like(tensor)) for name, tensor in weights.items()}
    return Progress(weights, moments, torch.full((recipe.n_features,), -1, device=device))


def train_sae(
    store: Store, recipe: Recipe, device: torch.device, products: Products, checkpoint: Checkpoint
) -> tuple[SparseAutoencoder, list[dict[str, float]]]:
    """The trained autoencoder, in scaled units, and the rows of train.tsv (means since the row before).

    Raises FloatingPointError naming step and settings when the loss is not finite.
    """
    state = checkpoint.load()
    if state:
        run = Progress.restored(state, device)
    else:
        run = start(geometric_median(first_inputs(store, MEDIAN_ROWS)), recipe, device)
    batches = store.batches(recipe.batch, first=run.step, seed=recipe.seed)
    done, total = run.step * recipe.batch, recipe.steps * recipe.batch
    with progress(desc="train sae", unit="vector", unit_scale=True, total=total, initial=done) as bar:
        while run.step < recipe.steps:
            x_BN = torch.from_numpy(next(batches)).to(device)
            step = advance(run, x_BN, recipe, products)
            check_finite(run, recipe, float(step.mse + step.penalty))
            resampled = resample_dead(run, store, recipe, products) if run.step in recipe.resample_steps else 0
            record(run, step, recipe, resampled)
            bar.update(recipe.batch)
            if checkpoint.due():
                checkpoint.save(run.state())
    batches.close()
    check_finite(run, recipe, *(float(tensor.sum()) for tensor in run.weights.values()))
    sample_BN = first_inputs(store, INFERENCE_ROWS).to(device)
    return recipe.architecture.inference(run.weights, sample_BN), run.rows


def advance(run: Progress, x_BN: Tensor, recipe: Recipe, products: Products) -> Step:
    """One step on a batch; `run` is changed in place."""
    arch = recipe.architecture
    now = Now(recipe.penalty_factor(run.step), run.dead(recipe.window))
    if run.density < products.sparse_below or not arch.has_dense:
        step = sparse_step(arch, run.weights, x_BN, products.screen, now)
    else:
        step = dense_step(arch, run.weights, x_BN, products.dense, now)
    factor = None if recipe.grad_clip is None else clip_factor(step.gradients, recipe.grad_clip)
    at = Adam(run.step + 1, recipe.learning_rate(run.step), recipe.beta1, recipe.beta2)
    update(run.weights, step.gradients, run.moments, at, unit=arch.unit_decoder, factor=factor)
    run.last_active_F[step.active_F] = run.step
    run.density = step.n_entries / (len(x_BN) * recipe.n_features)
    run.step += 1
    return step


def resample_dead(run: Progress, store: Store, recipe: Recipe, products: Products) -> int:
    """Resample the features silent over the `dead_window` that ends with this step; returns how many."""
    dead_F = run.dead(recipe.window)
    if not dead_F.any() or dead_F.all():
        return 0
    x_BN = random_inputs(store, recipe, run.step - 1).to(dead_F.device)
    sae = recipe.architecture.inference(run.weights, x_BN)
    l1 = getattr(recipe.architecture, "l1", 0.0)
    loss_B = torch.cat([input_loss(sae, part_BN, l1, products.screen) for part_BN in x_BN.split(2048)])
    rng = torch.Generator().manual_seed(recipe.seed * 1_000_003 + run.step - 1)
    per_feature = recipe.architecture.per_feature
    run.weights, run.moments = resample(run.weights, run.moments, x_BN, loss_B, dead_F, per_feature, rng)
    run.last_active_F[dead_F] = run.step - 1
    return int(dead_F.sum())


def first_inputs(store: Store, n_rows: int) -> Tensor:
    """The first rows of the store, scaled; rows are shuffled, so they are a random sample."""
    n_chunks = min(store.acts_TN.nchunks, math.ceil(n_rows / store.acts_TN.chunks[0]))
    return torch.from_numpy(np.concatenate([store.scaled(number) for number in range(n_chunks)])[:n_rows])


def random_inputs(store: Store, recipe: Recipe, step: int) -> Tensor:
    """`resample_inputs` vectors from chunks drawn at random; rows are shuffled, so any chunk is a random sample."""
    n_chunks = store.acts_TN.nchunks
    wanted = min(n_chunks, math.ceil(recipe.resample_inputs / store.acts_TN.chunks[0]))
    drawn = np.random.default_rng([recipe.seed, step]).choice(n_chunks, wanted, replace=False)
    return torch.from_numpy(np.concatenate([store.scaled(int(number)) for number in drawn])[: recipe.resample_inputs])


def input_loss(sae: SparseAutoencoder, x_BN: Tensor, l1: float, screen: Screen) -> Tensor:
    """||x - x'||^2 + l1 sum f of each input, [B]."""
    codes = sae.encode_sparse(x_BN, screen)
    l1_B = x_BN.new_zeros(len(x_BN)).index_add_(0, codes.row_Z(), codes.value_Z)
    return (sae.decode_sparse(codes) - x_BN).square().sum(dim=1) + l1 * l1_B


def check_finite(run: Progress, recipe: Recipe, *values: float) -> None:
    """Of losses, and at the end of sums of weights, which an architecture may not notice while no code is active."""
    for value in values:
        if not math.isfinite(value):
            raise FloatingPointError(f"loss is {value} at step {run.step - 1} ({recipe}); lower the learning rate")


def record(run: Progress, step: Step, recipe: Recipe, resampled: int) -> None:
    """Note the step's figures; a row of means every `log_every` steps and at the end."""
    mse, penalty = step.mse.item(), step.penalty.item()
    l0 = step.n_active / recipe.batch
    figures = {"loss": mse + penalty, "mse": mse, "penalty": penalty, "l0": l0, "resampled": resampled}
    for name, value in {"steps": 1, **figures}.items():
        run.sums[name] = run.sums.get(name, 0) + value
    if run.step % recipe.log_every and run.step != recipe.steps:
        return
    sums, run.sums = run.sums, {}
    n_steps, resampled = sums.pop("steps"), sums.pop("resampled")
    run.rows.append(
        {
            "step": run.step,
            "vectors": run.step * recipe.batch,
            **{name: value / n_steps for name, value in sums.items()},
            "dead": int(run.dead(recipe.window).sum()),
            "resampled": resampled,
            "lr": recipe.learning_rate(run.step - 1),
        }
    )
