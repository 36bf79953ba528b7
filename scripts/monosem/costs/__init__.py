"""What each job of the workflow costs: memory, time and disk, as formulas of the config, stated once.

The rules ask for these (`resources:`), and scripts/estimate.py adds them up.
"""

from monosem.costs import imports
from monosem.costs.jobs import Job
from monosem.costs.recipes import Settings, acts_of, measured, recipe
from monosem.costs.rules import Disk, disk_mib, memory_mib, needed_mib, seconds

__all__ = [
    "Disk",
    "Job",
    "Settings",
    "acts_of",
    "disk_mib",
    "imports",
    "measured",
    "memory_mib",
    "needed_mib",
    "recipe",
    "seconds",
]
