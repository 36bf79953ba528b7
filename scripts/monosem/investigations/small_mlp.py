"""A small MLP, trained from scratch, in the place of the model's own.

It is given what the MLP is given and learns what the MLP puts out, by squared error, the rest of the model as it is: it
has fewer units, not the model's neurons written with fewer numbers. The paper's (#global-analysis-how-much) is a part
of a transformer trained whole, of a size it does not state; this one costs seconds, and is held to the same loss.

Shape suffixes: T vectors to train on, R vectors to replace, D residual width, H units.
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor, nn

from monosem.ground.progress import progress
from monosem.lm.sites import Site, keeping
from monosem.lm.transformer import LanguageModel
from monosem.text.tokens import counted

CONTEXTS = 64  # a forward pass
BATCH = 1024
PEAK_LR = 5e-3  # Adam, falling linearly to zero


@torch.no_grad()
def mlp_pairs(model: LanguageModel, tokens_SL: np.ndarray, bos: int, layer: int) -> tuple[Tensor, Tensor]:
    """What the MLP of a layer is given and what it puts out, [T, D] each, at the counted positions."""
    device, pairs = next(model.parameters()).device, []
    for start in progress(range(0, len(tokens_SL), CONTEXTS), desc="inputs and outputs of the MLP", unit="block"):
        part_SL = torch.from_numpy(tokens_SL[start : start + CONTEXTS].astype(np.int64)).to(device)
        seen: list[Tensor] = []
        model(part_SL, edits={Site(name, layer): keeping(seen) for name in ("mlp_in", "mlp_out")})
        pairs.append([x_SLD[counted(part_SL, bos)] for x_SLD in seen])
    given, put_out = zip(*pairs, strict=True)
    return torch.cat(given), torch.cat(put_out)


class SmallMLP(nn.Module):
    """W_2 ReLU(W_1 x + b_1) + b_2."""

    def __init__(self, width: int, units: int) -> None:
        super().__init__()
        self.into, self.out = nn.Linear(width, units), nn.Linear(units, width)

    def forward(self, in_RD: Tensor) -> tuple[Tensor, Tensor]:
        """The output [R, D] and the active units [R, H]."""
        units_RH = self.into(in_RD).relu()
        return self.out(units_RH), units_RH


def train_small_mlp(in_TD: Tensor, out_TD: Tensor, units: int, epochs: int, seed: int) -> SmallMLP:
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        mlp = SmallMLP(in_TD.shape[1], units).to(in_TD.device)
    with torch.no_grad():
        mlp.out.bias.copy_(out_TD.mean(dim=0))
    optimiser = torch.optim.Adam(mlp.parameters(), lr=PEAK_LR)
    batches = list(shuffled(len(in_TD), epochs, seed))
    for step, rows in enumerate(progress(batches, desc=f"small MLP of {units}", unit="step")):
        optimiser.param_groups[0]["lr"] = PEAK_LR * (1 - step / len(batches))
        loss = (mlp(in_TD[rows])[0] - out_TD[rows]).square().sum(dim=1).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return mlp


def shuffled(n_rows: int, epochs: int, seed: int) -> Iterator[Tensor]:
    """Rows of each batch, in a new order each epoch."""
    rng = torch.Generator().manual_seed(seed)
    for _ in range(epochs):
        yield from torch.randperm(n_rows, generator=rng).split(BATCH)


class Substitute:
    """Remembers what the MLP of a block is given, and puts the small one's output in the place of its own."""

    def __init__(self, mlp: SmallMLP) -> None:
        self.mlp, self.given = mlp, []

    def look(self, in_RD: Tensor) -> Tensor:
        return keeping(self.given)(in_RD)

    @torch.no_grad()
    def __call__(self, _: Tensor) -> tuple[Tensor, int]:
        out_RD, units_RH = self.mlp(self.given.pop())
        return out_RD, int((units_RH > 0).sum())
