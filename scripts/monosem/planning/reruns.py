"""Which rules an edit runs again: those whose code it is, by the import graph, and all that is made of what they make.

Jobs count, not rules: what only the control is made by leaves A and B alone.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from monosem.ground.provenance import SCRIPTS, fingerprint
from monosem.planning.planned import Planned, workflow_rules
from monosem.planning.schedule import dependencies
from monosem.readme.workflow import table

SUFFIXES = {".py", ".html", ".css", ".js"}


def reruns(jobs: Sequence[Planned]) -> dict[str, list[str]]:
    """For each file below scripts/ the rules that run again when its meaning changes, in the order of the jobs."""
    code = {rule.name: set(fingerprint(rule.script)) for rule in workflow_rules()}
    files = sorted(path for path in SCRIPTS.rglob("*") if path.suffix in SUFFIXES)
    follow = following(jobs)
    found = {}
    for file in (path.relative_to(SCRIPTS).as_posix() for path in files):
        own = [number for number, job in enumerate(jobs) if file in code[job.rule]]
        found[file] = list(dict.fromkeys(jobs[number].rule for number in sorted(reached(own, follow))))
    return found


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


def groups(found: dict[str, list[str]]) -> dict[tuple[str, ...], list[str]]:
    """Files by what they run again, most first."""
    by_rules = defaultdict(list)
    for file, rules in found.items():
        by_rules[tuple(rules)].append(file)
    return dict(sorted(by_rules.items(), key=lambda item: (-len(item[0]), item[1])))


def reruns_table(jobs: Sequence[Planned]) -> str:
    rules = list(dict.fromkeys(job.rule for job in jobs))
    found = reruns(jobs)
    rows = [(listing(files, found), shown(again, rules)) for again, files in groups(found).items()]
    return table(("edit in `scripts/`", "runs again"), rows)


def listing(files: Sequence[str], found: Iterable[str]) -> str:
    """Of a folder whose files are all among them, the folder."""
    names = []
    for file in files:
        folder = file.rpartition("/")[0]
        whole = folder.count("/") and all(other in files for other in found if other.startswith(f"{folder}/"))
        names.append(f"{folder}/" if whole else file)
    return ", ".join(f"`{name}`" for name in dict.fromkeys(names))


def shown(again: Sequence[str], rules: Sequence[str]) -> str:
    """The rules, or which are spared, whichever is shorter."""
    spared = [rule for rule in rules if rule not in again]
    if not spared:
        return "everything"
    if len(spared) < len(again):
        return "everything but " + ", ".join(f"`{rule}`" for rule in spared)
    return ", ".join(f"`{rule}`" for rule in again) or "nothing"
