"""Training of the transformers: AdamW, warm-up and cosine, resumable at any step.

Shape suffixes as in `transformer`: S contexts of a batch, L position.
"""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from monosem.ground.arrays import MappedRows
from monosem.ground.checkpoints import Stoppable
from monosem.ground.devices import compilable, matmul_dtype
from monosem.ground.parallel import Team
from monosem.ground.progress import progress
from monosem.lm.cross_entropy import next_token_loss, tile_loss
from monosem.lm.transformer import LanguageModel, token_losses
from monosem.text.tokens import contexts_for, counted, read_contexts

VAL_CONTEXTS = 64  # enough for a curve; the final loss is measured on `val_tokens`


@dataclass(frozen=True)
class LMTraining:
    """`tokens` are token presentations, BOS included; `warmup` is a fraction of the steps; `seed` orders the data.

    A process takes `micro_batch` contexts at once; None: its whole share of the batch.
    """

    tokens: int
    batch: int
    lr: float
    warmup: float
    weight_decay: float
    grad_clip: float
    val_every: int
    precision: str
    compile: bool
    bos: int
    seed: int
    micro_batch: int | None = None

    def steps(self, context_length: int) -> int:
        steps = self.tokens // (self.batch * context_length)
        if steps < 1:
            raise ValueError(f"--tokens {self.tokens}: at least one batch ({self.batch * context_length}) expected")
        return steps

    def parts(self, batch_SL: np.ndarray) -> list[np.ndarray]:
        """As few parts, of even sizes, as the micro-batch allows."""
        return np.array_split(batch_SL, -(-len(batch_SL) // (self.micro_batch or self.batch)))


def learning_rate(step: int, steps: int, peak: float, warmup: float) -> float:
    """Linear from 0 over the first `warmup` share of the steps, then a cosine down to a tenth of the peak."""
    rising = warmup * steps
    if step < rising:
        return peak * (step + 1) / rising
    done = (step - rising) / max(1.0, steps - rising)
    return peak * (0.1 + 0.45 * (1 + math.cos(math.pi * done)))


class ContextOrder:
    """Batches of context numbers, each epoch in a new order drawn from the seed; random access by step."""

    def __init__(self, n_contexts: int, batch: int, seed: int) -> None:
        if batch > n_contexts:
            raise ValueError(f"--batch {batch}: at most the {n_contexts} stored contexts expected; store more tokens")
        self.n_contexts, self.batch, self.seed = n_contexts, batch, seed
        self.epoch, self.order = -1, np.empty(0, dtype=np.int64)

    def __getitem__(self, step: int) -> np.ndarray:
        per_epoch = self.n_contexts // self.batch
        epoch, place = divmod(step, per_epoch)
        if epoch != self.epoch:
            self.epoch, self.order = epoch, np.random.default_rng([self.seed, epoch]).permutation(self.n_contexts)
        return np.sort(self.order[place * self.batch : (place + 1) * self.batch])


def train_lm(
    model: LanguageModel,
    train_SL: np.ndarray | MappedRows,
    val_SL: np.ndarray,
    settings: LMTraining,
    checkpoint: Stoppable,
    team: Team = Team(),  # noqa: B008
) -> list[dict[str, Any]]:
    """Train in place; returns rows of step, tokens, loss (mean since the last row), lr, val_loss (nats a token).

    The processes of a team take every step together and have the same weights after it; the rows are the leader's.
    Raises FloatingPointError naming the step when the loss is not finite.
    """
    optimizer = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=settings.lr, betas=(0.9, 0.95), fused=True
    )
    order = ContextOrder(len(train_SL), settings.batch, settings.seed)
    steps, step_tokens = settings.steps(train_SL.shape[1]), train_SL.shape[1] * settings.batch
    gradients = BatchGradients(model, settings, team)
    first, rows, recent = 0, [], []
    if state := team.from_leader(checkpoint.load()):
        model.load_state_dict(state["model"])
        optimizer.load_state_dict(state["optimizer"])
        first, rows, recent = state["step"], state["rows"], state["recent"]

    with progress(
        desc="train lm", unit="token", unit_scale=True, total=steps * step_tokens, disable=not team.leads
    ) as bar:
        bar.update(first * step_tokens)
        for step in range(first, steps):
            lr = learning_rate(step, steps, settings.lr, settings.warmup)
            for group in optimizer.param_groups:
                group["lr"] = lr
            loss, told = gradients.add(train_SL[order[step]], told=checkpoint.told)
            torch.nn.utils.clip_grad_norm_(model.parameters(), settings.grad_clip)
            optimizer.step()
            optimizer.zero_grad()
            recent.append(finite(loss, step, settings))
            bar.update(step_tokens)
            if team.leads and ((step + 1) % settings.val_every == 0 or step + 1 == steps):
                val_loss = mean_loss(model, val_SL[:VAL_CONTEXTS], settings.bos)
                n_tokens, loss = (step + 1) * step_tokens, sum(recent) / len(recent)
                rows.append({"step": step + 1, "tokens": n_tokens, "loss": loss, "lr": lr, "val_loss": val_loss})
                recent = []
                bar.set_postfix_str(f"val loss {val_loss:.3f}", refresh=False)
            if checkpoint.due(told):
                state = {"step": step + 1, "rows": rows, "recent": recent}
                checkpoint.save({**state, "model": model.state_dict(), "optimizer": optimizer.state_dict()})
    return rows


class BatchGradients:
    """Loss and gradients of a step: of parts of the batch that fit the memory, summed over the processes of a team."""

    def __init__(self, model: LanguageModel, settings: LMTraining, team: Team) -> None:
        if settings.batch < team.size:
            raise ValueError(f"--batch {settings.batch}: a context for each of {team.size} processes expected")
        self.parameters, self.settings, self.team = list(model.parameters()), settings, team
        self.device = self.parameters[0].device
        self.dtype = matmul_dtype(settings.precision, self.device)
        self.model, self.forward, self.loss_of_tile = model, model, tile_loss
        if settings.compile and compilable(self.device):
            self.forward, self.loss_of_tile = torch.compile(model), torch.compile(tile_loss)

    def add(self, batch_SL: np.ndarray, *, told: bool) -> tuple[Tensor, bool]:
        """Adds to the parameters' gradients; returns the loss, and whether any process was told to stop."""
        loss = torch.zeros((), device=self.device)
        for part_SL in self.settings.parts(self.team.share(batch_SL)):
            tokens_SL = torch.from_numpy(part_SL.astype(np.int64)).to(self.device)
            x_SLD = self.forward(tokens_SL, self.dtype)
            part = next_token_loss(x_SLD, self.model.W_U_DV, tokens_SL, self.loss_of_tile, self.settings.batch)
            part.backward()
            loss += part.detach()
        return loss, self.team.add_up([loss, *(parameter.grad for parameter in self.parameters)], told)


def parameter_groups(model: LanguageModel, weight_decay: float) -> list[dict[str, Any]]:
    """Weight decay on matrices only, as in GPT-2 and its followers."""
    matrices = [parameter for parameter in model.parameters() if parameter.ndim == 2]
    vectors = [parameter for parameter in model.parameters() if parameter.ndim < 2]
    return [{"params": matrices, "weight_decay": weight_decay}, {"params": vectors, "weight_decay": 0.0}]


def finite(loss: Tensor, step: int, settings: object) -> float:
    value = loss.item()
    if not math.isfinite(value):
        raise FloatingPointError(f"loss is {value} at step {step} ({settings}); lower the learning rate")
    return value


def read_validation(path: Path, n_tokens: int) -> np.ndarray:
    """The held-out contexts [S, L] that hold so many tokens, or all where there are fewer."""
    return read_contexts(path)[: contexts_for(n_tokens, path)]


def validated(model: LanguageModel, val_SL: np.ndarray, bos: int) -> dict[str, float]:
    """Fields of a model's record: its held-out loss, and over how many predictions."""
    return {"val_loss": mean_loss(model, val_SL, bos), "val_tokens": int(counted(val_SL[:, :-1], bos).sum())}


def mean_loss(model: LanguageModel, tokens_SL: np.ndarray, bos: int) -> float:
    """Mean next-token loss in nats, float32, of the predictions made from counted positions."""
    device = next(model.parameters()).device
    total, n_predictions = 0.0, 0
    for part_SL in torch.from_numpy(tokens_SL.astype(np.int64)).to(device).split(VAL_CONTEXTS):
        losses_P = token_losses(model, part_SL)[counted(part_SL, bos)[:, :-1]]
        total, n_predictions = total + losses_P.double().sum().item(), n_predictions + len(losses_P)
    return total / n_predictions
