"""What the machine can do: device, matmul precision, threads, compiler."""

import shutil

import torch

PRECISIONS = ("auto", "float32", "bfloat16")


def use_device(name: str, threads: int) -> torch.device:
    """`auto` is the first CUDA device if there is one. Sets torch's CPU threads; sums stay float32."""
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    if name.startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"--device {name}: no CUDA device found; use --device cpu or auto")
    torch.set_num_threads(threads)
    torch.backends.cuda.matmul.allow_tf32 = False
    torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False
    return torch.device(name)


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


def compilable(device: torch.device) -> bool:
    """torch.compile needs a C++ compiler on a CPU; without one everything runs, slower."""
    return device.type == "cuda" or any(shutil.which(name) for name in ("g++", "clang++"))
