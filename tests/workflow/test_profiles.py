"""Both profiles speak of rules that there are, and plan a run on a machine that has neither SLURM nor GPUs."""

import re

import pytest
import yaml
from places import ROOT
from workflow_runs import started

from monosem.costs import Job, seconds
from monosem.ground.configs import config_of
from monosem.planning.planned import planned_jobs

PROFILES = ROOT / "workflow/profiles"
SLURM = PROFILES / "slurm/config.yaml"
GPUS = yaml.safe_load((PROFILES / "workstation/config.yaml").read_text())["resources"]["gpu"]


def planned(folder, *words):
    """Resources of the jobs of a smoke run, as a dry run tells them, by rule."""
    (folder / "gpu.yaml").write_text("device: cuda\n")
    command = ["-n", "--snakefile", ROOT / "Snakefile", "--directory", folder]
    done = started([*command, "--configfile", ROOT / "config/smoke.yaml", folder / "gpu.yaml", *words])
    assert done.returncode == 0, done.stdout[-3000:]
    lines = re.findall(r"^ *rule (\w+):\n(?: +\S.*\n)*? +resources: (.*)", done.stdout, re.M)
    return {rule: dict(re.findall(r"(\w+)=(\w+)", resources)) for rule, resources in lines if rule != "all"}


def test_the_slurm_profile_groups_every_figure_and_names_rules_that_there_are(tmp_path):
    groups = yaml.safe_load(SLURM.read_text())["groups"]
    files = "".join(path.read_text() for path in (ROOT / "workflow/rules").rglob("*.smk"))
    rules = set(re.findall(r"^rule (\w+):", files, re.M))
    assert set(groups) <= rules
    assert {rule for rule in rules if rule.startswith("plot_")} <= set(groups)
    with_gpu = {rule for rule, asked in planned(tmp_path).items() if int(asked.get("gpu", 0))}
    assert set(re.findall(r"^#? +(\w+): \{ slurm_partition", SLURM.read_text(), re.M)) == with_gpu
    assert not with_gpu & set(groups), "a group would ask for the GPUs of all its jobs"


def test_jobs_that_share_a_submission_take_less_than_a_minute():
    groups = yaml.safe_load(SLURM.read_text())["groups"]
    own = ROOT / "config/discussion.yaml"
    config, jobs = config_of(own), planned_jobs([own], cores=2, gpus=1)
    longest = {job.rule: seconds(Job(job.rule, job.wildcards, config)) for job in jobs if job.rule in groups}
    assert len(longest) > 40 and not {rule: took for rule, took in longest.items() if took > 60}


@pytest.mark.parametrize(("profile", "given"), [(None, 1), ("workstation", GPUS), ("slurm", 8)])
def test_gpus_are_limited_where_jobs_run_on_this_machine(tmp_path, profile, given):
    words = ["--set-resources", "train_lm:gpu=8"]
    words += ["--workflow-profile", PROFILES / profile] if profile else []
    assert planned(tmp_path, *words)["train_lm"]["gpu"] == str(given)


def test_what_one_job_asks_for_can_be_limited(tmp_path):
    limits = ["--resources", "mem_mb=900", "runtime=7"]
    jobs = planned(tmp_path, "--workflow-profile", PROFILES / "slurm", *limits)
    assert max(int(job["mem_mb"]) for job in jobs.values()) == 900
    assert max(int(job["runtime"]) for job in jobs.values()) == 7
