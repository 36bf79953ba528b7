"""What the jobs of a workflow took, stage by stage: from the benchmarks of a run and the sizes of its artefacts."""

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.ground.markdown import table
from monosem.planning.rules import Rule

WILDCARD = re.compile(r"\{[^{}]*\}")
MEBI = 1 << 20
BREAK_S = 60  # without a job, after which a run is taken to have been stopped and started again
COLUMNS = ("stage", "jobs", "wall", "CPU", "peak memory", "disk")


class Cost(NamedTuple):
    """What all jobs of a rule took together: seconds, and the highest memory of any, MiB."""

    jobs: int
    wall_s: float
    cpu_s: float
    peak_mib: float


class Took(NamedTuple):
    """What a run took: in a sentence, and stage by stage under a header."""

    sentence: str
    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


class Stage(NamedTuple):
    """A rule's jobs and artefacts, or those of all rules."""

    name: str
    cost: Cost
    n_bytes: int


def read_cost(benchmarks: Iterable[Path]) -> Cost:
    """The sum over benchmark files of one rule. Snakemake writes NA for what it could not see; that counts as 0."""
    jobs, wall, cpu, peak = 0, 0.0, 0.0, 0.0
    for path in benchmarks:
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                jobs += 1
                wall += number(row["s"])
                cpu += number(row["cpu_time"])
                peak = max(peak, number(row["max_rss"]))
    return Cost(jobs, wall, cpu, peak)


def number(text: str) -> float:
    return 0.0 if text in ("NA", "-", "") else float(text)


def disk_use(rules: Sequence[Rule], root: Path) -> dict[str, int]:
    """Bytes on disk of each rule's outputs below `root`, each file counted once, for the rule that names it closest."""
    patterns = [(pattern, rule.name) for rule in rules for pattern in rule.outputs]
    bytes_of, taken = dict.fromkeys((rule.name for rule in rules), 0), set()
    for pattern, name in sorted(patterns, key=lambda item: len(WILDCARD.findall(item[0]))):
        for path in root.glob(WILDCARD.sub("*", pattern)):
            for file in [path] if path.is_file() else path.rglob("*"):
                if file.is_file() and file not in taken:
                    taken.add(file)
                    bytes_of[name] += file.stat().st_size
    return bytes_of


def stages(rules: Sequence[Rule], benchmarks: Path, root: Path) -> list[Stage]:
    """Each rule of which jobs have run, and last of all `all`; benchmarks has a folder of .tsv a rule."""
    disk = disk_use(rules, root)
    costs = {rule.name: read_cost(sorted((benchmarks / rule.name).rglob("*.tsv"))) for rule in rules}
    found = [Stage(name, cost, disk[name]) for name, cost in costs.items() if cost.jobs]
    columns = list(zip(*(stage.cost for stage in found), strict=True)) or [(0,)] * 4
    total = Cost(sum(columns[0]), sum(columns[1]), sum(columns[2]), max(columns[3]))
    return [*found, Stage("all", total, sum(stage.n_bytes for stage in found))]


def costs_table(rules: Sequence[Rule], benchmarks: Path, root: Path) -> str:
    *found, total = stages(rules, benchmarks, root)
    return table(COLUMNS, [*(cells(stage._replace(name=f"`{stage.name}`")) for stage in found), cells(total)])


def took(rules: Sequence[Rule], benchmarks: Path) -> Took:
    """Of the benchmarks in `results/benchmarks`, or the same in another folder."""
    found = stages(rules, benchmarks, root=benchmarks.parents[1])
    *each, total = found
    clock = duration(elapsed_seconds(benchmarks.rglob("*.tsv")))
    told = f"{total.cost.jobs} jobs took {duration(total.cost.wall_s)}, one after the other, and {clock} by the clock"
    if each:
        largest = max(each, key=lambda stage: stage.cost.peak_mib)
        told += f"; the largest, of {largest.name}, needed {largest.cost.peak_mib:,.0f} MiB of memory"
    return Took(f"{told}; {total.n_bytes / MEBI:,.0f} MiB are on disk.", COLUMNS, list(map(cells, found)))


def cells(stage: Stage) -> tuple[str, ...]:
    """As text, one for each of COLUMNS."""
    cost = stage.cost
    sizes = (f"{cost.peak_mib:,.0f} MiB", f"{stage.n_bytes / MEBI:,.1f} MiB")
    return (stage.name, str(cost.jobs), duration(cost.wall_s), duration(cost.cpu_s), *sizes)


def elapsed_seconds(benchmarks: Iterable[Path]) -> float:
    """Wall clock of a run, in one piece or several: breaks of over BREAK_S between jobs do not count.

    A benchmark file is written when its job ends.
    """
    ends = {path: path.stat().st_mtime for path in benchmarks}
    total, last = 0.0, float("-inf")
    for start, end in sorted((end - read_cost([path]).wall_s, end) for path, end in ends.items()):
        if start - last > BREAK_S:
            last = start
        total += max(0.0, end - last)
        last = max(last, end)
    return total


def duration(seconds: float) -> str:
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02d} min"
