"""The jobs of a workflow, from what Snakemake prints in a dry run."""

import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from monosem.ground.configs import ROOT
from monosem.planning.rules import Rule, parse_rules

WORKFLOW = ROOT / "workflow/Snakefile"
JOB = re.compile(r"^(?:local)?rule (\w+):\n((?:    .+\n)+)", re.MULTILINE)
INCLUDE = re.compile(r'^include: "(.+)"$', re.MULTILINE)
FIELD = re.compile(r"^    (\w+): (.+)$", re.MULTILINE)


class Planned(NamedTuple):
    rule: str
    wildcards: dict[str, str]
    inputs: list[str]
    outputs: list[str]
    benchmark: str
    threads: int
    priority: int
    gpus: int


def planned_jobs(configs: Sequence[Path], cores: int, gpus: int, targets: Sequence[str] = ()) -> list[Planned]:
    """Every job of the targets (of `all` without any), done or not, rule by rule, with threads fitted to the cores.

    Raises ValueError with Snakemake's own words when the config is wrong.
    """
    command = [sys.executable, "-m", "snakemake", *targets, "--snakefile", str(ROOT / "Snakefile"), "-n", "--forceall"]
    command += ["--nolock", "--rerun-incomplete", "--cores", str(cores), "--resources", f"gpu={gpus}"]
    command += ["--configfile", *map(str, configs)] if configs else []
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ValueError(f"{' '.join(command)}: {(done.stdout + done.stderr).strip()}")
    order = {rule.name: number for number, rule in enumerate(workflow_rules())}
    jobs = parse_jobs(done.stdout + done.stderr)
    return sorted(jobs, key=lambda job: (order.get(job.rule, len(order)), job.benchmark))


def workflow_rules() -> list[Rule]:
    """The rules that write something, in the order in which the Snakefile includes them."""
    return [rule for _, rules in rule_files() for rule in rules]


def files_of_rules() -> dict[str, str]:
    """For each rule the file below workflow/rules/ that has it."""
    return {rule.name: file.removeprefix("rules/") for file, rules in rule_files() for rule in rules}


def rule_files() -> list[tuple[str, list[Rule]]]:
    files = INCLUDE.findall(WORKFLOW.read_text(encoding="utf-8"))
    return [(file, parse_rules((WORKFLOW.parent / file).read_text(encoding="utf-8"))) for file in files]


def parse_jobs(printed: str) -> list[Planned]:
    """All but those without a benchmark, which are targets and run nothing."""
    found = ((rule, dict(FIELD.findall(block))) for rule, block in JOB.findall(printed))
    return [planned(rule, fields) for rule, fields in found if "benchmark" in fields]


def planned(rule: str, fields: dict[str, str]) -> Planned:
    return Planned(
        rule,
        assignments(fields.get("wildcards", "")),
        fields.get("input", "").split(", "),
        fields["output"].split(", "),
        fields["benchmark"],
        int(fields.get("threads", 1)),
        int(fields.get("priority", 0)),
        int(assignments(fields.get("resources", "")).get("gpu", 0)),
    )


def assignments(text: str) -> dict[str, str]:
    """`model=A, site=mlp_post` as a dict."""
    return dict(word.split("=", 1) for word in text.split(", ") if "=" in word)
