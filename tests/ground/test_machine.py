import json
import os
import platform
import resource
from pathlib import Path

import pytest
import torch

from monosem.ground.devices import use_device
from monosem.ground.machine import gpus, machine


def test_the_machine_is_told_in_json_with_its_size():
    told = json.loads(json.dumps(machine()))
    assert told["node"] == platform.node() and told["cpus"] == os.cpu_count()
    assert told["processor"] == "" or told["processor"] in (platform.processor(), *cpuinfo())
    assert told["memory_mib"] > 512


def cpuinfo() -> list[str]:
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]


def test_gpus_are_told_only_by_a_job_that_uses_them():
    if torch.cuda.is_initialized():
        pytest.skip("another test of this process has used a GPU")
    assert gpus() == []
    if not torch.cuda.is_available():
        pytest.skip("no GPU here")
    torch.cuda.init()
    assert gpus() and all(isinstance(name, str) and name for name in gpus())


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="no mallopt here")
def test_memory_that_a_step_frees_is_the_next_ones():
    use_device("cpu", torch.get_num_threads())
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        torch.empty(1 << 25, dtype=torch.uint8).fill_(1)
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
    assert faults < 8 * (1 << 25) / resource.getpagesize(), "pages of a few such tensors, not of all twenty"
