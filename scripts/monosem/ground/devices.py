"""What the machine can do: device, matmul precision, threads, compiler."""

import argparse
import ctypes
import re
import sys
from contextlib import suppress
from functools import cache
from subprocess import SubprocessError

import torch

from monosem.ground.caches import find_room_for_torch
from monosem.ground.claims import claim

CAUSE = re.compile(r"error: |No working|No such file|denied|failed to|No space left|Read-only")
TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # as malloc.h numbers them
KEPT_BYTES = 64 << 20  # of a block that is kept, at most
PRECISIONS = ("auto", "float32", "bfloat16")


def use_device(name: str, threads: int, processes: int = 1) -> torch.device:
    """`auto` is a CUDA device if there is one, and where there are several a process takes one of them for itself.

    Sets torch's CPU threads; sums stay float32. `processes` of this machine work together and need a GPU each.
    """
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"--device {name}: no CUDA device found; use --device cpu or auto")
    torch.set_num_threads(threads)
    keep_freed_memory()
    find_room_for_torch()
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    device = torch.device(name)
    if device.type == "cuda":
        device = torch.device("cuda", own_gpu(processes) if device.index is None else device.index)
        torch.cuda.set_device(device)
    return device


def keep_freed_memory() -> None:
    """What a step frees, the next step gets again, as long as the process lives; but for blocks over 64 MiB.

    By default glibc gives blocks over 32 MiB, and often smaller ones, back to the kernel at once, and the next step
    pays for thousands of new pages, each zeroed: a third of a small model's time (mallopt(3)). Where blocks are so
    large that a job's memory is made of a few, keeping them would leave gaps that no other fits in: a training of
    65,536 features then took from 2.4 to 3.4 GiB, by chance. Other libraries of C have no such call, and go without.
    """
    with suppress(AttributeError):
        mallopt = ctypes.CDLL(None).mallopt
        mallopt(MMAP_THRESHOLD, KEPT_BYTES)
        mallopt(TRIM_THRESHOLD, 2**31 - 1)


def device_of(args: argparse.Namespace) -> torch.device:
    """The one asked for; in `args`, and so in the record, its type replaces `auto`."""
    device = use_device(args.device, args.threads)
    args.device = device.type
    return device


def own_gpu(processes: int) -> int:
    """Number of the one GPU to work on. Raises ValueError when `processes` together can never have one each.

    A scheduler, or CUDA_VISIBLE_DEVICES, that shows a job a single GPU has chosen. Of several the job claims one, by
    the hardware's own name, since two jobs may see the same GPU by different numbers.
    """
    n_gpus = torch.cuda.device_count()
    if processes > n_gpus:
        raise ValueError(f"{processes} processes on {n_gpus} GPUs: set lm.processes to {n_gpus} at most")
    if n_gpus == 1:
        return 0
    return claim([f"gpu-{torch.cuda.get_device_properties(number).uuid}" for number in range(n_gpus)])


def native_bfloat16(device: torch.device) -> bool:
    """Whether the hardware multiplies bfloat16 matrices itself, with float32 accumulation."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.ops.mkldnn._is_mkldnn_bf16_supported()


def matmul_dtype(precision: str, device: torch.device) -> torch.dtype:
    """`auto` is bfloat16 where it is native, else float32."""
    if precision not in PRECISIONS:
        raise ValueError(f"precision {precision}: one of {', '.join(PRECISIONS)} expected")
    if precision != "auto":
        return getattr(torch, precision)
    return torch.bfloat16 if native_bfloat16(device) else torch.float32


def resolved(precision: str, device: torch.device) -> str:
    """The name of the precision that `auto` stands for on this machine."""
    return str(matmul_dtype(precision, device)).removeprefix("torch.")


@cache
def compilable(device: torch.device) -> bool:
    """Whether torch.compile works here, by a trial; where it does not, one line says why, and everything runs slower.

    On a CPU it needs a C++ compiler, the headers of Python, and a folder for what it makes that libraries may be loaded
    from. What is missing shows as errors of many kinds.
    """
    x_N = torch.ones(64, device=device, requires_grad=True)
    try:
        torch.compile(lambda x_N: (x_N.sin() * x_N).sum())(x_N).backward()
    except (RuntimeError, OSError, ImportError, KeyError, SubprocessError) as error:
        print(f"torch.compile does not work here, so this runs slower: {cause_of(error)}", file=sys.stderr, flush=True)
        return False
    return True


def cause_of(error: BaseException | None) -> str:
    """One line of what a compiler or a library said, from the errors that torch wraps around one another."""
    lines: list[str] = []
    while error:
        lines = [*f"{type(error).__name__}: {error}".splitlines(), *lines]
        error = error.__cause__ or error.__context__
    return next(filter(CAUSE.search, lines), lines[0]).strip()[:300]
