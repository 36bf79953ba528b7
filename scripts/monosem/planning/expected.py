"""What jobs cost together, as tables: expected from a config alone, or beside what a finished run measured."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.costs import Disk, Job, Settings, disk_mib, memory_mib, seconds
from monosem.ground.markdown import table
from monosem.planning.measured import Cost, duration, read_cost
from monosem.planning.planned import Planned

GIB = 1024


class Expected(NamedTuple):
    """One job and what it is expected to take."""

    job: Planned
    seconds: float
    memory_mib: int
    disk: Disk


class Comparison(NamedTuple):
    """One rule's jobs: what was measured, and what was expected of them."""

    rule: str
    measured: Cost
    expected_s: float
    expected_mib: float


def expected(jobs: Iterable[Planned], config: Settings) -> list[Expected]:
    costed = ((job, Job(job.rule, job.wildcards, config)) for job in jobs)
    return [Expected(job, seconds(cost), memory_mib(cost), disk_mib(cost)) for job, cost in costed]


def by_rule(rows: Iterable[Expected]) -> dict[str, list[Expected]]:
    groups: dict[str, list[Expected]] = {}
    for row in rows:
        groups.setdefault(row.job.rule, []).append(row)
    return groups


def expected_table(rows: Sequence[Expected]) -> str:
    """One line a rule, in the order in which work can begin, and one for all."""
    groups = by_rule(rows)
    lines = [line(f"`{rule}`", group) for rule, group in groups.items()]
    header = ("stage", "jobs", "all jobs", "longest", "CPU-hours", "GPU-hours", "memory", "disk", "temporary")
    return table(header, [*lines, line("all", rows)])


def line(name: str, rows: Sequence[Expected]) -> tuple[str, ...]:
    def hours(units: Callable[[Planned], int]) -> str:
        return f"{sum(row.seconds * units(row.job) for row in rows) / 3600:,.2f}"

    return (
        name,
        str(len(rows)),
        duration(sum(row.seconds for row in rows)),
        duration(max(row.seconds for row in rows)),
        hours(lambda job: job.threads),
        hours(lambda job: job.gpus),
        gib(max(row.memory_mib for row in rows)),
        gib(sum(row.disk.kept for row in rows)),
        gib(sum(row.disk.temporary for row in rows)),
    )


def gib(mib: float) -> str:
    return f"{mib / GIB:,.1f} GiB"


def compared(rows: Iterable[Expected], benchmarks: Mapping[str, Path]) -> list[Comparison]:
    """Rules of which all jobs were measured; `benchmarks` maps the benchmark file that a job names to where it lies."""
    found = []
    for rule, group in by_rule(rows).items():
        paths = [benchmarks[row.job.benchmark] for row in group]
        if all(path.is_file() for path in paths):
            total, largest = sum(row.seconds for row in group), max(row.memory_mib for row in group)
            found.append(Comparison(rule, read_cost(paths), total, largest))
    return found


def compared_table(comparisons: Sequence[Comparison], measured_wall_s: float, expected_wall_s: float) -> str:
    lines = [
        (
            f"`{row.rule}`",
            str(row.measured.jobs),
            *times(row.expected_s, row.measured.wall_s),
            f"{row.expected_mib:,.0f} MiB",
            f"{row.measured.peak_mib:,.0f} MiB",
        )
        for row in comparisons
    ]
    n_jobs = sum(row.measured.jobs for row in comparisons)
    total = times(sum(row.expected_s for row in comparisons), sum(row.measured.wall_s for row in comparisons))
    lines.append(("all jobs", str(n_jobs), *total, "", ""))
    lines.append(("wall clock", str(n_jobs), *times(expected_wall_s, measured_wall_s), "", ""))
    header = ("stage", "jobs", "expected", "measured", "difference", "memory asked for", "peak memory")
    return table(header, lines)


def times(expected_s: float, measured_s: float) -> tuple[str, str, str]:
    return duration(expected_s), duration(measured_s), f"{expected_s / measured_s - 1:+.0%}"
