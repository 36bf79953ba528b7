"""The picture of the workflow: its stages, each a file or folder of workflow/rules/, and what is made of what."""

from collections.abc import Sequence

from monosem.planning.planned import Planned, files_of_rules
from monosem.planning.schedule import dependencies

TITLES = {
    "text": "text<br/>documents, tokenizer, packed tokens",
    "lm": "lm<br/>models A, B and the shuffled control",
    "acts": "acts<br/>activations, shuffled, in Zarr",
    "sae": "sae<br/>dictionaries of features",
    "autointerp": "autointerp<br/>explanations and their scores",
    "measures": "measures<br/>dictionaries evaluated, A and B matched",
    "investigations": "investigations<br/>contexts, effects, splitting, automata …",
    "figures": "figures<br/>training, densities, scores …",
    "theory": "theory<br/>questions of the discussion",
    "pages/rating": "rating<br/>a page for people to rate",
    "pages/browser": "browser<br/>a page a feature",
    "pages/report": "report<br/>findings and the page of the run",
    "interchange": "interchange<br/>other packages' formats",
}


def stages_picture(jobs: Sequence[Planned]) -> str:
    """Of the stages that have jobs, in the Snakefile's order, without arrows that a longer way says already."""
    stage = {rule: stage_of(file) for rule, file in files_of_rules().items()}
    order = [name for name in dict.fromkeys(stage.values()) if name in {stage[job.rule] for job in jobs}]
    waiting_for, _ = dependencies(jobs)
    users: dict[str, set[str]] = {name: set() for name in order}
    for job, makers in zip(jobs, waiting_for, strict=True):
        for maker in makers:
            users[stage[jobs[maker].rule]] |= {stage[job.rule]} - {stage[jobs[maker].rule]}
    lines = [f'    {ident(name)}["{TITLES[name]}"]' for name in order]
    lines += [f"    {ident(name)} --> {ident(user)}" for name in order for user in order if user in direct(name, users)]
    return "\n".join(["```mermaid", "flowchart TB", *lines, "```"])


def stage_of(file: str) -> str:
    """Of `pages/report.smk` the file, which is a page of its own; of files in other folders the folder."""
    folder, _, name = file.removesuffix(".smk").rpartition("/")
    return f"{folder}/{name}" if folder == "pages" else folder or name


def ident(stage: str) -> str:
    return stage.rpartition("/")[2]


def direct(stage: str, users: dict[str, set[str]]) -> set[str]:
    """The users of a stage that no other of its users leads to."""
    further = {later for user in users[stage] for later in reachable(user, users)}
    return users[stage] - further


def reachable(stage: str, users: dict[str, set[str]], seen: frozenset[str] = frozenset()) -> set[str]:
    """All that is made of what a stage makes. Raises ValueError where that comes back to it: stages go one way."""
    if stage in seen:
        raise ValueError(f"stage {stage}: it needs itself; move the rule in workflow/rules/ that closes the circle")
    return users[stage] | {later for user in users[stage] for later in reachable(user, users, seen | {stage})}
