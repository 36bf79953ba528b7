"""Processes that train one model together, each on its share of every batch, on one machine or several: by torchrun.

Gradients are summed by hand, all at once when a step has them whole: they come in parts, and one matrix is used outside
the model's own call, which torch's DistributedDataParallel does not expect.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from torch import Tensor


def processes_here() -> int:
    """How many of this job's processes run on this machine."""
    return int(os.environ["LOCAL_WORLD_SIZE"]) if dist.is_torchelastic_launched() else 1


@dataclass(frozen=True)
class Team:
    """By default one process alone. The leader is the one that writes files and shows progress."""

    rank: int = 0
    size: int = 1

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def share(self, batch_SL: np.ndarray) -> np.ndarray:
        """This process's contexts of a batch."""
        return np.array_split(batch_SL, self.size)[self.rank]

    def add_up(self, tensors: list[Tensor], flag: bool) -> bool:
        """Sum tensors of one kind over the processes, in place; returns whether any process raised its flag."""
        if self.size == 1:
            return flag
        flat = torch.cat([*(tensor.flatten() for tensor in tensors), tensors[0].new_tensor([flag])])
        try:
            dist.all_reduce(flat)
        except RuntimeError as error:
            raise RuntimeError(
                f"process {self.rank} of {self.size}: another ended; what it printed says why"
            ) from error
        *sums, n_flags = flat.split([*(tensor.numel() for tensor in tensors), 1])
        for tensor, total in zip(tensors, sums, strict=True):
            tensor.copy_(total.view_as(tensor))
        return bool(n_flags.item())

    def from_leader(self, value: Any) -> Any:  # noqa: ANN401
        """The leader's value, in every process."""
        if self.size == 1:
            return value
        values = [value]
        dist.broadcast_object_list(values)
        return values[0]


@contextmanager
def team(device: torch.device) -> Iterator[Team]:
    """The processes that torchrun started; one alone without it. Those that are done wait for the leader."""
    if not dist.is_torchelastic_launched():
        yield Team()
        return
    on_gpu = device.type == "cuda"
    dist.init_process_group("nccl" if on_gpu else "gloo", device_id=device if on_gpu else None)
    stop = None
    try:
        yield Team(dist.get_rank(), dist.get_world_size())
    except SystemExit as asked:  # of all alike, after a step; an error, of one alone, must not wait for the others
        stop = asked
    dist.barrier()
    dist.destroy_process_group()
    if stop:
        raise stop
