"""How long jobs of known lengths take together, on given cores and GPUs."""

import heapq
from collections import defaultdict
from collections.abc import Sequence

from monosem.planning.planned import Planned

BETWEEN_S = 0.1  # Snakemake's own work a job; a cluster's queue adds what it adds


def wall_seconds(jobs: Sequence[Planned], seconds: Sequence[float], cores: int, gpus: int) -> float:
    """When the last job ends, if each starts as soon as its inputs are made and cores and GPUs are free.

    Of those that may start the ones of higher priority go first, then in the order given, as in Snakemake.
    """
    waiting_for, users = dependencies(jobs)
    ready = [(-job.priority, number) for number, job in enumerate(jobs) if not waiting_for[number]]
    running: list[tuple[float, int]] = []
    free, now = [cores, gpus], 0.0
    while ready or running:
        held = []
        for entry in sorted(ready):
            needs = needed(jobs[entry[1]], cores, gpus)
            if all(need <= left for need, left in zip(needs, free, strict=True)):
                free = [left - need for need, left in zip(needs, free, strict=True)]
                heapq.heappush(running, (now + seconds[entry[1]] + BETWEEN_S, entry[1]))
            else:
                held.append(entry)
        now, number = heapq.heappop(running)
        needs = needed(jobs[number], cores, gpus)
        free = [left + need for need, left in zip(needs, free, strict=True)]
        for user in users[number]:
            waiting_for[user].discard(number)
            if not waiting_for[user]:
                held.append((-jobs[user].priority, user))
        ready = held
    return now


def needed(job: Planned, cores: int, gpus: int) -> tuple[int, int]:
    """Cores and GPUs, at most what there is: a job that asks for more gets all."""
    return min(job.threads, cores), min(job.gpus, gpus)


def dependencies(jobs: Sequence[Planned]) -> tuple[list[set[int]], dict[int, list[int]]]:
    """Which jobs each one waits for, and which wait for it."""
    maker = {output: number for number, job in enumerate(jobs) for output in job.outputs}
    waiting_for = [{maker[path] for path in job.inputs if path in maker} for job in jobs]
    users = defaultdict(list)
    for number, makers in enumerate(waiting_for):
        for other in makers:
            users[other].append(number)
    return waiting_for, users
