"""The workflow and its SLURM profile on a real SLURM of one node, which is set up on this machine: `pytest -m slurm`.

The node claims two GPUs, of which nothing is there but their number: jobs ask for them and compute on the CPU.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from places import ROOT

PROFILE = ROOT / "workflow/profiles/slurm"
CLUSTER = Path(__file__).with_name("cluster.sh")
GPU_RULES = ("train_lm", "collect_acts", "train_sae", "evaluate_dictionary")
B = "results/B/lm/weights.safetensors"
# Packages are downloaded once for all runs, and a real GPU of this machine is left alone.
HERE = f"device: cpu\ncorpus: {{cache: '{ROOT / 'results/downloads'}'}}\n"
LIMITS = ("mem_mb=20000", "runtime=15")  # of each job; jobs ask for ten minutes and two run at once all the same
PATIENCE_S = 1800


def snakemake(folder, *words):
    """The command of a smoke run in `folder`."""
    command = [sys.executable, "-m", "snakemake", *words, "--snakefile", ROOT / "Snakefile", "--directory", folder]
    return [*map(str, command), "--configfile", str(ROOT / "config/smoke.yaml"), str(folder / "here.yaml")]


def on_slurm(folder, *words, resources=()):
    """The same by the profile, with GPUs and limits, and asking for news each second."""
    gpus = [f"{rule}:gpu=1" for rule in GPU_RULES]
    words = [*words, "--workflow-profile", PROFILE, "--set-resources", *gpus, *resources, "--resources", *LIMITS]
    return snakemake(folder, *words, "--slurm-init-seconds-before-status-checks", 1)


def start(command, folder):
    """Runs in the background; what it prints is in run.log."""
    with (folder / "run.log").open("ab") as log:
        return subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT, start_new_session=True)


def finish(process, folder):
    try:
        status = process.wait(timeout=PATIENCE_S)
    except subprocess.TimeoutExpired:
        kill(process)
        raise
    printed = (folder / "run.log").read_text()
    assert status == 0, printed[-6000:]
    return printed


def kill(process):
    """With the scripts that it runs here; those on SLURM go on."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def output_of(*command):
    return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True).stdout


def wait_for_training(comment, output, process):
    """SLURM's number of the job with this comment, once its script is at work and listens to SIGTERM."""
    lease = output.with_name(f".{output.name}.lease")
    deadline = time.monotonic() + PATIENCE_S
    while True:
        if process.poll() is not None or time.monotonic() > deadline:
            kill(process)
            pytest.fail(f"{comment}: no such job came to work")
        running = dict(line.split("|") for line in output_of("squeue", "-h", "-t", "R", "-o", "%k|%i").split())
        if comment in running and lease.exists() and lease.stat().st_size:
            return running[comment]
        time.sleep(0.2)


def trainer(output):
    """The process that trains, as its lease names it."""
    return int(re.search(r"process (\d+)", output.with_name(f".{output.name}.lease").read_text())[1])


def jobs(folder):
    """What SLURM remembers of the jobs of a run, in their order."""
    text = output_of("scontrol", "show", "job", "--oneliner")
    found = [dict(re.findall(r"(\w[\w:]*)=(\S*)", line)) for line in text.splitlines()]
    return sorted([job for job in found if job.get("WorkDir") == str(folder)], key=lambda job: int(job["JobId"]))


@pytest.fixture(scope="session")
def cluster(pytestconfig):
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        pytest.skip("a SLURM of one node is set up by root on Debian only")
    started = subprocess.run([CLUSTER, "start"], stderr=subprocess.PIPE, text=True, check=False)
    if started.returncode and "slurm" not in pytestconfig.option.markexpr:
        pytest.skip(f"no SLURM could be set up: {started.stderr}")
    assert started.returncode == 0, started.stderr
    yield
    subprocess.run([CLUSTER, "stop"], check=True)


@pytest.fixture(scope="session")
def by_cores(tmp_path_factory):
    """A folder with the smoke run made without SLURM."""
    folder = tmp_path_factory.mktemp("by_cores")
    (folder / "here.yaml").write_text(HERE)
    finish(start(snakemake(folder, "results/findings.tsv", "--cores", 2), folder), folder)
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory):
    """A folder with model B, and what it needs, made without SLURM."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "here.yaml").write_text(HERE)
    finish(start(snakemake(folder, B, "--cores", 2), folder), folder)
    return folder


@pytest.fixture
def untrained(trained, tmp_path):
    """A copy of it in which model B is still to be trained."""
    folder = shutil.copytree(trained, tmp_path / "run")
    shutil.rmtree((folder / B).parent)
    (folder / "run.log").unlink()
    return folder


def same(folder, other, *files):
    for file in files:
        assert (folder / file).read_bytes() == (other / file).read_bytes(), file


@pytest.mark.slurm
def test_smoke_run_with_a_cancelled_training_gives_the_same_findings(cluster, by_cores, tmp_path):
    (tmp_path / "here.yaml").write_text(HERE)
    process = start(on_slurm(tmp_path, "results/findings.tsv"), tmp_path)
    weights = tmp_path / "results/A/lm/weights.safetensors"
    cancelled = wait_for_training("rule_train_lm_wildcards_A", weights, process)
    output_of("scancel", cancelled)
    printed = finish(process, tmp_path)
    same(tmp_path, by_cores, "results/findings.tsv", "results/A/lm/weights.safetensors", "results/A/lm/train.tsv")
    assert "SLURM status is: 'CANCELLED'" in printed and "run the same command again" in printed
    assert "resuming from" in (tmp_path / "results/logs/train_lm/A.log").read_text()
    assert printed.count("SLURM status is") == 1, "a job failed that was not cancelled"
    ran = jobs(tmp_path)
    assert len(ran) <= int(re.search(r"(\d+) of \1 steps", printed)[1]) - 10, "short jobs were not grouped"
    trainings = [job for job in ran if re.match(f"rule_({'|'.join(GPU_RULES)})_", job["Comment"])]
    assert len(trainings) > 10 and {job.get("TresPerJob") for job in trainings} == {"gres:gpu:1"}
    times = [(job["StartTime"], job["EndTime"]) for job in trainings]
    assert max(sum(start <= moment < end for start, end in times) for moment, _ in times) == 2, "there are two GPUs"


@pytest.mark.slurm(always=True)
def test_a_job_over_its_time_limit_is_retried_from_its_checkpoint(cluster, trained, untrained):
    process = start(on_slurm(untrained, B), untrained)
    limited = wait_for_training("rule_train_lm_wildcards_B", untrained / B, process)
    # Held until SLURM, which looks every half minute, finds its time over: a training is never too short for this.
    os.kill(trainer(untrained / B), signal.SIGSTOP)
    granted = jobs(untrained)[-1]["TimeLimit"]
    output_of("scontrol", "update", f"JobId={limited}", "EndTime=now")
    printed = finish(process, untrained)
    same(untrained, trained, B)
    assert "SLURM status is: 'TIMEOUT'" in printed and "run the same command again" in printed
    assert "resuming from" in (untrained / "results/logs/train_lm/B.log").read_text()
    assert jobs(untrained)[-1]["TimeLimit"] > granted


@pytest.mark.slurm
def test_a_job_over_its_memory_is_retried_with_more(cluster, trained, untrained):
    asked = ["train_lm:gpu=2", "train_lm:mem_mb=400*attempt**2"]
    finish(start(on_slurm(untrained, B, resources=asked), untrained), untrained)
    same(untrained, trained, B)
    (told,) = (untrained / ".snakemake/slurm_logs").rglob("*.log")  # of the job that failed
    assert "exceeded memory limit" in told.read_text()
    assert [job["MinMemoryNode"] for job in jobs(untrained)] == ["400M", "1600M"]
    assert {job["TresPerJob"] for job in jobs(untrained)} == {"gres:gpu:2"}, "a job may have more than one GPU"


@pytest.mark.slurm
def test_after_a_killed_main_process_the_readme_says_how_to_go_on(cluster, trained, untrained):
    process = start(on_slurm(untrained, B), untrained)
    wait_for_training("rule_train_lm_wildcards_B", untrained / B, process)
    kill(process)
    run_id = re.search(r"SLURM run ID: (\S+)", (untrained / "run.log").read_text())[1]
    output_of("scancel", "--name", run_id)
    while output_of("squeue", "-h", "--name", run_id):
        time.sleep(0.2)
    output_of(*snakemake(untrained, "--unlock"))
    finish(start(on_slurm(untrained, B), untrained), untrained)
    same(untrained, trained, B)
    assert "resuming from" in (untrained / "results/logs/train_lm/B.log").read_text()
