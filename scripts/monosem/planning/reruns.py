"""Which rules an edit runs again: those whose code it is, by the import graph, and all that is made of what they make.

Jobs count, not rules: what only the control is made by leaves A and B alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from monosem.ground.markdown import table
from monosem.ground.provenance import SCRIPTS, fingerprint
from monosem.planning.planned import Planned, workflow_rules
from monosem.planning.schedule import dependencies

SUFFIXES = {".py", ".html", ".css", ".js"}
MOST = 6  # names of rules in a cell


def reruns(jobs: Sequence[Planned]) -> dict[str, list[str]]:
    """For each file below scripts/ the rules that run again when its meaning changes, in the order of the jobs."""
    code, follow = codes(), following(jobs)
    found = {}
    for file in (file for files in rooms().values() for file in files):
        again = reached(owners(file, jobs, code), follow)
        found[file] = list(dict.fromkeys(jobs[number].rule for number in sorted(again)))
    return found


def rooms() -> dict[str, list[str]]:
    """The files below scripts/ whose meaning counts, under the folder of scripts/ or of monosem/ that they are in."""
    found = defaultdict(list)
    for file in sorted(path.relative_to(SCRIPTS).as_posix() for path in SCRIPTS.rglob("*") if path.suffix in SUFFIXES):
        folder = file.rpartition("/")[0]
        room = "/".join(folder.split("/")[: 2 if folder.startswith("monosem/") else 1])
        found[f"{room}/" if room not in ("", "monosem") else f"{room}/*.py".lstrip("/")].append(file)
    return dict(found)


def codes() -> dict[str, set[str]]:
    """The files of each rule's code."""
    return {rule.name: set(fingerprint(rule.script)) for rule in workflow_rules()}


def owners(file: str, jobs: Sequence[Planned], code: dict[str, set[str]]) -> list[int]:
    """The jobs whose own code the file is."""
    return [number for number, job in enumerate(jobs) if file in code[job.rule]]


def following(jobs: Sequence[Planned]) -> list[set[int]]:
    """What runs again with each job: those that wait for it, and those whose temporary outputs it needs once more."""
    temporary = {rule.name for rule in workflow_rules() if rule.temporary}
    waiting_for, users = dependencies(jobs)
    return [
        {*users[number], *(maker for maker in makers if jobs[maker].rule in temporary)}
        for number, makers in enumerate(waiting_for)
    ]


def reached(start: Iterable[int], follow: Sequence[set[int]]) -> set[int]:
    """These jobs and all that run again with them."""
    found, waiting = set(), list(start)
    while waiting:
        number = waiting.pop()
        if number not in found:
            found.add(number)
            waiting.extend(follow[number])
    return found


def reruns_table(jobs: Sequence[Planned]) -> str:
    """Room by room: from which rules on an edit there runs again, and how many rules that is, by which file it is."""
    code, follow = codes(), following(jobs)
    waiting_for, _ = dependencies(jobs)
    n_rules = len({job.rule for job in jobs})
    rows = []
    for room, files in rooms().items():
        again = [reached(owners(file, jobs, code), follow) for file in files]
        counts = sorted({len({jobs[number].rule for number in numbers}) for numbers in again})
        union = set().union(*again)
        first = dict.fromkeys(jobs[number].rule for number in sorted(union) if not waiting_for[number] & union)
        span = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else str(counts[0])
        rows.append((f"`{room}`", f"{span} of {n_rules}", shown(list(first))))
    return table(("edit in `scripts/`", "rules that run again", "the first of them"), rows)


def shown(rules: Sequence[str]) -> str:
    """All of a few names, or some of many."""
    named = ", ".join(f"`{rule}`" for rule in rules[: len(rules) if len(rules) <= MOST else MOST - 1])
    return f"{named} and {len(rules) - MOST + 1} more" if len(rules) > MOST else named or "none"
