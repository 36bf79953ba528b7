"""Training of an autoencoder on a store: the paper's 2023 recipe, resumable at any step, bit for bit on a CPU.

Shape suffixes: B vectors of a batch, N neurons, F features.
"""

import math
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monosem.checkpoints import Checkpoint
from monosem.devices import matmul_dtype
from monosem.kernels import SPARSE_BELOW, StepResult, dense_gradients, sparse_gradients
from monosem.progress import progress
from monosem.resampling import resample
from monosem.sae import SparseAutoencoder, geometric_median, new_sae, unit_rows
from monosem.store import Store

MEDIAN_ROWS = 8192  # vectors the geometric median is taken over


@dataclass(frozen=True)
class SAETraining:
    """`l1` is per vector against the squared error summed over neurons, both in scaled units. Shares are of the steps:
    `warmup` with rising and `decay` with falling learning rate, `resample_at` when dead features are resampled, and
    `dead_window`, the time without activity after which a feature counts as dead."""

    n_features: int
    vectors: int
    batch: int
    l1: float
    lr: float
    beta1: float
    beta2: float
    warmup: float
    decay: float
    resample_at: tuple[float, ...]
    resample_inputs: int
    dead_window: float
    precision: str
    log_every: int
    seed: int

    @property
    def steps(self) -> int:
        if self.vectors < self.batch:
            raise ValueError(f"--vectors {self.vectors}: at least one batch ({self.batch}) expected")
        return self.vectors // self.batch

    @property
    def window(self) -> int:
        """Steps without activity after which a feature counts as dead."""
        return max(1, round(self.dead_window * self.steps))

    def learning_rate(self, step: int) -> float:
        rising, falling = self.warmup * self.steps, self.decay * self.steps
        up = (step + 1) / rising if rising else 1.0
        down = (self.steps - step) / falling if falling else 1.0
        return self.lr * min(1.0, up, down)


@dataclass
class Progress:
    """Everything that changes while training, so that a checkpoint is this and nothing else."""

    sae: SparseAutoencoder
    moments: list[tuple[Tensor, Tensor]]
    last_active_F: Tensor  # step at which each feature was last above zero; -1 before the first
    step: int = 0
    density: float = 1.0
    rows: list[dict[str, float]] = field(default_factory=list)
    sums: dict[str, float] = field(default_factory=dict)

    def state(self) -> dict[str, Any]:
        kept = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**kept, "sae": self.sae.parameters()}

    @classmethod
    def restored(cls, state: dict[str, Any], device: torch.device) -> "Progress":
        moments = [tuple(moment.to(device) for moment in pair) for pair in state["moments"]]
        sae = SparseAutoencoder(*state["sae"]).to(device)
        return cls(**{**state, "sae": sae, "moments": moments, "last_active_F": state["last_active_F"].to(device)})


def start(store: Store, settings: SAETraining, device: torch.device) -> Progress:
    sample_BN = torch.from_numpy(store.chunk(0)[:MEDIAN_ROWS].astype(np.float32)) * store.scale
    median_N = geometric_median(sample_BN)
    sae = new_sae(store.width, settings.n_features, b_dec_N=median_N, seed=settings.seed).to(device)
    moments = [(torch.zeros_like(tensor), torch.zeros_like(tensor)) for tensor in sae.parameters()]
    return Progress(sae, moments, torch.full((settings.n_features,), -1, device=device))


def train_sae(
    store: Store, settings: SAETraining, device: torch.device, checkpoint: Checkpoint
) -> tuple[SparseAutoencoder, list[dict[str, float]]]:
    """The trained autoencoder, in scaled units, and the rows of train.tsv (means since the row before).

    Raises FloatingPointError naming step and settings when the loss is not finite.
    """
    dtype = matmul_dtype(settings.precision, device)
    state = checkpoint.load()
    run = Progress.restored(state, device) if state else start(store, settings, device)
    resample_steps = {round(share * settings.steps) for share in settings.resample_at}
    batches = store.batches(settings.batch, first=run.step, seed=settings.seed)
    total = settings.steps * settings.batch
    with progress(
        desc="train sae", unit="vector", unit_scale=True, total=total, initial=run.step * settings.batch
    ) as bar:
        for step in range(run.step, settings.steps):
            x_BN = torch.from_numpy(next(batches)).to(device, torch.float32) * store.scale
            gradients = sparse_gradients if run.density < SPARSE_BELOW else dense_gradients
            result = gradients(run.sae, x_BN, settings.l1, dtype)
            apply_gradients(run, result.gradients, settings, step)
            run.last_active_F[result.active_F] = step
            n_resampled = resample_dead(run, store, settings, step) if step + 1 in resample_steps else 0
            record(run, result, settings, step, n_resampled)
            bar.update(settings.batch)
            if checkpoint.due():
                checkpoint.save(run.state())
    batches.close()
    return run.sae, run.rows


def apply_gradients(run: Progress, gradients: list[Tensor], settings: SAETraining, step: int) -> None:
    """Adam, after removing from each decoder row's gradient the part that only changes its length; then unit norm."""
    sae, W_dec_grad_FN = run.sae, gradients[2]
    W_dec_grad_FN -= (W_dec_grad_FN * sae.W_dec_FN).sum(dim=1, keepdim=True) * sae.W_dec_FN
    count = torch.tensor(float(step + 1), device=sae.b_dec_N.device)
    first, second = ([pair[i] for pair in run.moments] for i in (0, 1))
    torch._fused_adam_(
        sae.parameters(),
        gradients,
        first,
        second,
        [],
        [count] * len(gradients),
        lr=settings.learning_rate(step),
        beta1=settings.beta1,
        beta2=settings.beta2,
        weight_decay=0.0,
        eps=1e-8,
        amsgrad=False,
        maximize=False,
    )
    sae.W_dec_FN.copy_(unit_rows(sae.W_dec_FN))


def resample_dead(run: Progress, store: Store, settings: SAETraining, step: int) -> int:
    """Resample the features silent over the `dead_window` that ends with this step; returns how many."""
    dead_F = run.last_active_F < step + 1 - settings.window
    if not dead_F.any() or dead_F.all():
        return 0
    x_BN = random_inputs(store, settings, step).to(dead_F.device)
    loss_B = torch.cat([input_loss(run.sae, part_BN, settings.l1) for part_BN in x_BN.split(2048)])
    rng = torch.Generator().manual_seed(settings.seed * 1_000_003 + step)
    run.sae, run.moments = resample(run.sae, run.moments, x_BN, loss_B, dead_F, rng)
    run.last_active_F[dead_F] = step
    return int(dead_F.sum())


def random_inputs(store: Store, settings: SAETraining, step: int) -> Tensor:
    """`resample_inputs` vectors from chunks drawn at random; rows are shuffled, so any chunk is a random sample."""
    n_chunks = store.acts_TN.nchunks
    wanted = min(n_chunks, math.ceil(settings.resample_inputs / store.acts_TN.chunks[0]))
    drawn = np.random.default_rng([settings.seed, step]).choice(n_chunks, wanted, replace=False)
    rows_BN = np.concatenate([store.chunk(int(number)) for number in drawn])[: settings.resample_inputs]
    return torch.from_numpy(rows_BN.astype(np.float32)) * store.scale


def input_loss(sae: SparseAutoencoder, x_BN: Tensor, l1: float) -> Tensor:
    codes_BF = sae.encode(x_BN)
    return (sae.decode(codes_BF) - x_BN).square().sum(dim=1) + l1 * codes_BF.sum(dim=1)


def record(run: Progress, result: StepResult, settings: SAETraining, step: int, n_resampled: int) -> None:
    """Note the step's figures; a row of means every `log_every` steps and at the end."""
    run.step = step + 1
    l0 = result.n_active / settings.batch
    run.density = l0 / settings.n_features
    figures = {"mse": result.mse.item(), "l1": result.l1.item(), "l0": l0, "resampled": n_resampled}
    loss = figures["mse"] + settings.l1 * figures["l1"]
    if not math.isfinite(loss):
        raise FloatingPointError(f"loss is {loss} at step {step} ({settings}); lower the learning rate")
    for name, value in {"steps": 1, "loss": loss, **figures}.items():
        run.sums[name] = run.sums.get(name, 0.0) + value
    if run.step % settings.log_every == 0 or run.step == settings.steps:
        n, resampled = run.sums.pop("steps"), int(run.sums.pop("resampled"))
        run.rows.append(
            {
                "step": run.step,
                "vectors": run.step * settings.batch,
                **{name: value / n for name, value in run.sums.items()},
                "dead": int((run.last_active_F < run.step - settings.window).sum()),
                "resampled": resampled,
                "lr": settings.learning_rate(step),
            }
        )
        run.sums = {}
