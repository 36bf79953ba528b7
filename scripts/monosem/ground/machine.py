"""The machine that a job runs on, as its record tells it."""

import os
import platform
import re
import sys
from pathlib import Path
from typing import Any


def machine() -> dict[str, Any]:
    return {
        "node": platform.node(),
        "system": platform.platform(),
        "cpus": os.cpu_count(),
        "processor": processor(),
        "memory_mib": os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20,
        "gpus": gpus(),
    }


def processor() -> str:
    """The name of its model, which Linux keeps in a file."""
    file = Path("/proc/cpuinfo")
    named = re.search(r"^model name\s*: (.+)$", file.read_text(), re.MULTILINE) if file.is_file() else None
    return named[1] if named else platform.processor()


def gpus() -> list[str]:
    """Those that this job could use; none if it has not asked torch for any."""
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_initialized():
        return []
    return [torch.cuda.get_device_name(number) for number in range(torch.cuda.device_count())]
