"""A whole workflow interrupted, locked, kept from writing, and with its clock set back: the same command goes on."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest
from killing import wait_until
from own_run import CONFIG, write_run
from places import ROOT
from waiting import PATIENCE_S

pytestmark = pytest.mark.faults
STORE, DICTIONARY = "results/A/mlp_post/acts.json", "results/A/mlp_post/tiny/sae.json"
CHECKPOINT = "results/A/mlp_post/tiny/.sae.safetensors.checkpoint"
LOG = "results/logs/train_sae/A_mlp_post_tiny.log"


def command(target, *more):
    words = [sys.executable, "-m", "snakemake", "--snakefile", ROOT / "Snakefile", "--configfile", "own.yaml"]
    return [*map(str, words), "--cores", "2", target, *more]


def snakemake(folder, *words):
    """Run to its end; what it prints, on either stream, is in `stdout`."""
    output = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
    return subprocess.run(command(*words), cwd=folder, check=False, **output)


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder where the workflow has come as far as the activations of model A."""
    folder = tmp_path_factory.mktemp("stored")
    write_run(folder)
    done = snakemake(folder, STORE)
    assert done.returncode == 0, done.stdout[-6000:]
    return folder


@pytest.fixture
def folder(stored, tmp_path):
    return shutil.copytree(stored, tmp_path / "run")


@contextmanager
def training(folder):
    """Snakemake in a process group of its own, as in a terminal or a job, while it trains the dictionary."""
    log, printed = folder / LOG, folder / "printed"
    with printed.open("w") as output:
        process = subprocess.Popen(
            command(DICTIONARY), cwd=folder, start_new_session=True, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        begun = wait_until(lambda: log.exists() and "train sae" in log.read_text(), lambda: process.poll() is None)
        assert begun, printed.read_text()
        yield process
    finally:
        print(printed.read_text())
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_interrupted_the_same_command_goes_on(folder, number, tried):
    with training(folder) as process:
        os.killpg(process.pid, number)
        assert process.wait(timeout=PATIENCE_S) != 0
    told = re.search(rf"stopped by {number.name} after step (\d+);", (folder / LOG).read_text())
    assert told and (folder / CHECKPOINT).exists() and not (folder / DICTIONARY).exists()
    done = snakemake(folder, DICTIONARY)
    assert done.returncode == 0, done.stdout[-3000:]
    assert f"after step {told[1]}\n" in (folder / LOG).read_text() and (folder / DICTIONARY).exists()
    name = "Ctrl-C (SIGINT to all its processes)" if number == signal.SIGINT else "SIGTERM to all its processes"
    tried(
        f"`snakemake --cores` while it trains: {name}",
        "the job writes a checkpoint and says after which step; the same command goes on from there",
    )


def test_killed_it_is_unlocked_and_goes_on_and_a_second_one_is_refused(folder, tried):
    with training(folder) as process:
        os.killpg(process.pid, signal.SIGSTOP)  # so that it is not done before the second has tried
        second = snakemake(folder, DICTIONARY)
        assert second.returncode != 0 and "Directory cannot be locked" in second.stdout, second.stdout
        os.killpg(process.pid, signal.SIGKILL)
    refused = snakemake(folder, DICTIONARY)
    assert refused.returncode != 0 and "--unlock" in refused.stdout
    assert snakemake(folder, DICTIONARY, "--unlock").returncode == 0
    done = snakemake(folder, DICTIONARY, "--rerun-incomplete")
    assert done.returncode == 0, done.stdout[-3000:]
    tried("a second `snakemake` in one folder", "refused by Snakemake's lock")
    tried(
        "`snakemake --cores` and all its processes killed (SIGKILL)",
        "its lock stays; after `snakemake --unlock`, the same command with `--rerun-incomplete` finishes",
    )


def test_results_that_cannot_be_written_to(folder, tried):
    results = str(folder / "results")
    if os.geteuid() or subprocess.run(["mount", "--bind", results, results], check=False).returncode:
        pytest.skip("only root may make a folder unwritable for itself; run the tests as root for this one")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", results], check=True)
        done = snakemake(folder, DICTIONARY)
    finally:
        subprocess.run(["umount", results], check=True)
    assert done.returncode != 0 and re.search(r"Read-only file system: '?.*results/", done.stdout), done.stdout
    tried("`results/` on a read-only file system", "an error that names the file that could not be written")


def test_a_clock_set_back_between_two_runs(folder, tried):
    """What is there seems to come from tomorrow; Snakemake would throw away what is made from it."""
    tomorrow = time.time() + 86400
    for path in folder.rglob("*"):
        os.utime(path, (tomorrow, tomorrow))
    refused = snakemake(folder, DICTIONARY)
    told = re.search(r"results/.*: from the future; was the clock set back\?.*: (find results .*)", refused.stdout)
    assert refused.returncode != 0 and told and not (folder / LOG).exists(), refused.stdout[-3000:]
    subprocess.run(told[1], shell=True, cwd=folder, check=True)
    planned = snakemake(folder, DICTIONARY, "--dry-run")
    assert set(re.findall(r"^(?:local)?rule (\w+):", planned.stdout, re.M)) == {"train_sae"}, planned.stdout[-3000:]
    (folder / "own.yaml").write_text(CONFIG.replace("96000", "6400"))
    done = snakemake(folder, DICTIONARY)
    assert done.returncode == 0, done.stdout[-3000:]
    tried(
        "the clock set back by a day between two runs",
        "stops before any work and says so; after the command that it names, nothing is made again that was there",
    )
