"""What the investigations cost: seconds and MiB of each of their jobs (`seconds` and `memory` have the units)."""

from collections.abc import Callable

from monosem.costs.jobs import Job

SECONDS: dict[str, Callable[[Job], float]] = {}
MEMORY: dict[str, Callable[[Job], float]] = {}
