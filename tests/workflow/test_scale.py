"""The workflow at scale, small: models trained by several processes, activations collected by several jobs."""

import json
import random
import re
import shlex
import shutil

import pytest
from places import ROOT
from small_run import WORDS
from workflow_runs import started

from collect_acts import parse_args as parse_collect_args
from monosem.ground.artefacts import read_json
from train_lm import parse_args as parse_lm_args

CONFIG = """
corpus: {source: [texts/*.txt], packages: null, val_fraction: 0.3}
tokens: {vocab_size: 300, train_mb: 1, context_length: 16, train: 16000, val: 1600}
lm: {d_model: 8, n_heads: 2, d_mlp: 16, tokens: 16000, batch: 8, compile: false, val_tokens: 500}
acts: {n_vectors: 4000, per_context: 10}
"""
STORE = "results/A/mlp_post/acts.json"
SCALED = {"lm_processes": 2, "lm_micro_batch": 2, "acts_jobs": 3}


def snakemake(folder, *words, root=ROOT, **changed):
    """With `lm_processes=2` for `lm: {processes: 2}`; what it prints, on either stream, is in `stdout`."""
    extra = {}
    for name, value in changed.items():
        section, _, key = name.partition("_")
        extra.setdefault(section, {})[key] = value
    (folder / "extra.json").write_text(json.dumps(extra))
    words = [*words, "--snakefile", root / "Snakefile", "--cores", "2", "--configfile", "own.yaml", "extra.json"]
    return started(words, folder)


def planned(folder, target=STORE, **changed):
    """Rules that would run, and how many jobs of each."""
    done = snakemake(folder, "-n", target, **changed)
    assert done.returncode == 0, done.stdout[-3000:]
    found = re.findall(r"^(\w+) +(\d+)$", done.stdout, re.M)
    return {name: int(count) for name, count in found if name != "total"}


def new_folder(folder):
    rng = random.Random(0)
    (folder / "texts").mkdir(parents=True)
    for i in range(120):
        (folder / "texts" / f"{i}.txt").write_text(" ".join(rng.choices(WORDS, k=200)))
    (folder / "own.yaml").write_text(CONFIG)
    return folder


@pytest.fixture(scope="module")
def stored(tmp_path_factory):
    """A folder with activations that three jobs have collected from a model that two processes have trained."""
    folder = new_folder(tmp_path_factory.mktemp("scale") / "a run")
    done = snakemake(folder, STORE, **SCALED)
    assert done.returncode == 0, done.stdout[-6000:]
    return folder


@pytest.fixture
def folder(stored, tmp_path):
    return shutil.copytree(stored, tmp_path / "run")


def test_what_several_jobs_collect_is_one_store_and_nothing_else_is_left(stored):
    assert sorted(path.name for path in (stored / "results/A/mlp_post").iterdir()) == ["acts.json", "acts.zarr"]
    record = read_json(stored / STORE)
    assert record["n_vectors"] == 4000 and record["flags"]["per_context"] == 10
    assert read_json(stored / "results/A/lm/lm.json")["flags"]["threads"] == 1  # of each process
    assert {path.name for path in (stored / "results/logs/collect_acts").iterdir()} == {
        f"A_mlp_post_{job}-of-3.log" for job in range(3)
    }
    assert planned(stored, **SCALED) == {}


def bytes_in(store):
    files = [path for path in store.rglob("*") if path.is_file() and path.name != ".snakemake_timestamp"]
    return {path.relative_to(store): path.read_bytes() for path in files}


def test_one_job_collects_the_same_bytes_and_one_process_trains_nothing_again(folder):
    before = bytes_in(folder / "results/A/mlp_post/acts.zarr")
    changed = {**SCALED, "lm_processes": 1, "acts_jobs": 1}
    assert planned(folder, **changed) == {"collect_acts": 1, "store_acts": 1}
    done = snakemake(folder, STORE, **changed)
    assert done.returncode == 0, done.stdout[-3000:]
    assert len(before) > 8 and bytes_in(folder / "results/A/mlp_post/acts.zarr") == before


def test_a_part_that_was_lost_is_collected_again_and_the_others_are_not(folder):
    (folder / STORE).unlink()
    parts = [f"results/A/mlp_post/acts-{job}-of-3" for job in range(3)]
    done = snakemake(folder, parts[0], parts[2], **SCALED)
    assert done.returncode == 0, done.stdout[-3000:]
    assert planned(folder, **SCALED) == {"collect_acts": 1, "store_acts": 1}
    assert planned(folder, parts[1], **SCALED) == {"collect_acts": 1}


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("monosem/acts/sampling.py", {"collect_acts": 3, "store_acts": 1}),
        ("monosem/acts/shuffling.py", {"collect_acts": 3, "store_acts": 1}),
        ("store_acts.py", {"collect_acts": 3, "store_acts": 1}),
        ("monosem/ground/parallel.py", {"train_lm": 1, "collect_acts": 3, "store_acts": 1}),
    ],
)
def test_an_edit_collects_again_though_the_parts_are_gone(stored, tmp_path, file, expected):
    for name in ("config", "scripts", "workflow"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "Snakefile", tmp_path)
    with (tmp_path / "scripts" / file).open("a") as code:
        code.write("\nEDITED = True\n")
    assert planned(stored, root=tmp_path, **SCALED) == expected


def commands(printed, script):
    """Of a dry run with -p: what comes before the script's name, and its flags."""
    found = re.findall(rf'^ *(.*)"\$SCRIPTS/{script}\.py" ((?:.*\\\n)*.*) 2>&1', printed, re.M)
    return [(before.strip(), shlex.split(flags.replace("\\\n", " "))) for before, flags in found]


def test_jobs_are_planned_as_the_config_says(tmp_path):
    folder = new_folder(tmp_path / "run")
    done = snakemake(folder, "-n", "-p", STORE, acts_jobs=5, lm_micro_batch=4)
    collected = [parse_collect_args(words) for _, words in commands(done.stdout, "collect_acts")]
    assert sorted((args.job, args.jobs) for args in collected) == [(job, 5) for job in range(5)]
    assert len({args.output for args in collected}) == 5
    ((launch, words),) = commands(done.stdout, "train_lm")
    assert launch == "python" and parse_lm_args(words).micro_batch == 4


@pytest.mark.parametrize(
    ("changed", "launch", "resources"),
    [
        ({"lm_processes": 4}, "torchrun --nnodes 1 --nproc-per-node 4 --standalone", "gpu=4"),
        (
            {"lm_processes": 4, "lm_nodes": 2},
            "srun --nodes 2 --ntasks 2 --cpus-per-task 4 --gres gpu:4 torchrun --nnodes 2 --nproc-per-node 4 "
            "--rdzv-backend c10d --rdzv-id $SLURM_JOB_ID --rdzv-endpoint $(hostname):$((20000 + SLURM_JOB_ID % 20000))",
            "gpu=8, mpi=srun, nodes=2, tasks=2, tasks_per_gpu=0, gres=gpu:4",
        ),
    ],
)
def test_processes_are_started_by_torchrun_and_on_several_nodes_by_srun(tmp_path, changed, launch, resources):
    folder = new_folder(tmp_path / "run")
    (folder / "own.yaml").write_text(CONFIG + "device: cuda\n")
    done = snakemake(folder, "-n", "-p", STORE, "--resources", "gpu=8", **changed)
    assert [before for before, _ in commands(done.stdout, "train_lm")] == [launch], done.stdout[-3000:]
    assert resources in done.stdout


def test_several_nodes_without_slurm_stop_before_any_job(tmp_path):
    folder = new_folder(tmp_path / "run")
    done = snakemake(folder, STORE, lm_nodes=2)
    assert done.returncode and "config lm.nodes: 2: only SLURM gives a training several nodes" in done.stdout
    assert not (folder / "results/corpus/corpus.json").exists()


@pytest.mark.parametrize("setting", ["lm_processes", "lm_nodes", "lm_micro_batch", "acts_jobs"])
def test_none_at_all_is_refused(tmp_path, setting):
    done = snakemake(new_folder(tmp_path / "run"), "-n", STORE, **{setting: 0})
    assert done.returncode != 0 and "0 is less than the minimum of 1" in done.stdout, done.stdout[-2000:]
