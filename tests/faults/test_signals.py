"""Processes killed (SIGKILL) or told to stop (SIGTERM, SIGINT) on the way: the bytes of a run that nobody stopped."""

import json
import platform
import random
import re
import shutil
import signal
import time
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import cycle

import pytest
from killing import Job, contents, replaced, wait_until
from small_run import acts_flags, collect_flags, evaluate_flags, flags, lm_flags, sae_flags

pytestmark = pytest.mark.faults

N_KILLS = 10
NEVER_S = 1000  # between checkpoints
SMALL = {"monosem.acts.store.CHUNK_BYTES": 128, "monosem.acts.shuffling.BUCKET_BYTES": 1024}
LONGEST = ["build_corpus.py", "train_lm.py", "train_sae.py", "store_acts.py"]  # these leave checkpoints
PARTIAL = {".acts.zarr.partial", ".documents.jsonl.zst.buckets"}  # what some of them go on from, beside it
N_DOCUMENTS = 100
SCRIPTS = [*LONGEST, "collect_acts.py", "evaluate_dictionary.py", "sample_examples.py", "score_features.py"]


@pytest.fixture(scope="session")
def jobs(corpus, documents, tokens, lm, pieces, acts, sae, evaluated, examples):
    """Of every script that works for long when there is much to do."""
    scores = {"model": "A", "site": "mlp_post", "dictionary": "relu-w24", "shrinkage": 1, "single_token_min": 5}
    scores |= {"examples": examples, "features": evaluated / "features.parquet", "tokenizer": corpus.tokenizer}
    made = [
        Job(
            "build_corpus.py",
            lambda folder: flags(
                source=documents,
                scale=1,
                cache=folder,
                val_fraction=0.3,
                piece_chars=24_000,
                checkpoint_s=0,
                output=folder / "documents.jsonl.zst",
                output_record=folder / "corpus.json",
            ),
            ("documents.jsonl.zst", "corpus.json"),
            kept_by="documents.jsonl.zst",
            steps=N_DOCUMENTS,
        ),
        Job(
            "train_lm.py",
            lambda folder: lm_flags(tokens, folder, tokens=100 * 96, checkpoint_s=0),
            ("train.tsv", "weights.safetensors", "lm.json"),
            kept_by="weights.safetensors",
            steps=100,
        ),
        Job(
            "train_sae.py",
            lambda folder: sae_flags(acts, folder, vectors=120 * 64, checkpoint_s=0),
            ("train.tsv", "sae.safetensors", "sae.json"),
            kept_by="sae.safetensors",
            steps=120,
        ),
        Job(
            "store_acts.py",
            lambda folder: acts_flags(pieces, folder, checkpoint_s=0),
            ("acts.zarr", "acts.json"),
            kept_by="acts.zarr",
            steps=29,
            constants=SMALL,
        ),
        Job("collect_acts.py", lambda folder: collect_flags(tokens, lm, folder), ("acts-0-of-1",), constants=SMALL),
        Job(
            "evaluate_dictionary.py",
            lambda folder: evaluate_flags(tokens, lm, acts, sae, folder),
            ("codes.safetensors", "logits.safetensors", "features.parquet", "codes.json", "eval.json"),
        ),
        Job(
            "sample_examples.py",
            lambda folder: sample_flags(evaluated, tokens, folder / "examples.parquet"),
            ("examples.parquet", "examples.json"),
        ),
        Job(
            "score_features.py",
            lambda folder: flags(
                **scores,
                output_explanations=folder / "explanations.parquet",
                output_scores=folder / "scores.parquet",
                output_summary=folder / "scores.json",
            ),
            ("explanations.parquet", "scores.parquet", "scores.json"),
        ),
    ]
    return {job.script: job for job in made}


@pytest.fixture(scope="module")
def whole(jobs, starter, tmp_path_factory):
    """Of a script and its flags, what a run leaves that nobody stops, and the seconds that it takes; it is run once."""

    @cache
    def run(script, checkpoint_s=None):
        folder, begun = tmp_path_factory.mktemp("whole"), time.monotonic()
        starter.run(seldom(jobs[script], checkpoint_s) if checkpoint_s else jobs[script], folder)
        return contents(folder), time.monotonic() - begun

    return run


@pytest.fixture(scope="session")
def documents(tmp_path_factory):
    """Long ones, 14 MB in all, so that there is time to stop while they are read."""
    path = tmp_path_factory.mktemp("long") / "documents.jsonl"
    texts = ("".join(f"{n} {line} and the same again\n" for line in range(5_000)) for n in range(N_DOCUMENTS))
    path.write_text("".join(json.dumps({"text": text}) + "\n" for text in texts))
    return path


@pytest.fixture(scope="session")
def pieces(starter, tokens, lm, tmp_path_factory):
    """What a job collected, in 29 buckets."""
    folder = tmp_path_factory.mktemp("pieces")
    starter.run(Job("collect_acts.py", lambda to: collect_flags(tokens, lm, to), (), constants=SMALL), folder)
    return folder / "acts-0-of-1"


@pytest.fixture(scope="session")
def examples(starter, evaluated, tokens, tmp_path_factory):
    folder = tmp_path_factory.mktemp("examples")
    starter.run(Job("sample_examples.py", lambda to: sample_flags(evaluated, tokens, to / "e.parquet"), ()), folder)
    return folder / "e.parquet"


def seldom(job, checkpoint_s):
    return replace(job, argv=lambda to: [*job.argv(to), "--checkpoint-s", str(checkpoint_s)])


def sample_flags(evaluated, tokens, output):
    values = {"codes": evaluated / "codes.safetensors", "codes_record": evaluated / "codes.json", "seed": 0}
    values |= {"tokens": tokens / "val.zarr", "width": 5, "intervals": 5, "min_active": 5}
    for role in ("explain", "score"):
        values |= {f"{role}_{kind}": 3 for kind in ("top", "interval", "random", "out_of_context")}
    return flags(**values, output=output, output_record=output.with_suffix(".json"))


def moments(job, whole_s, rng):
    """Endless moments to kill at: what to wait for, as a function of folder and process, and seconds to add to it.

    What leaves checkpoints is killed after a few more steps and while one is written, what starts over each time at
    moments spread over the length of a whole run; both then while an output is written and as soon as it is there.
    """

    def written(name, times=1):
        return lambda folder, process: replaced(folder / name, times)

    def writing(name):
        def wait(folder, process):
            begun, done = folder / f".{name}.{platform.node()}-{process.pid}.tmp", replaced(folder / name)
            return lambda: begun.exists() or done()

        return wait

    if job.steps:
        for _ in range(3):
            yield written(job.checkpoint, rng.randint(1, job.steps // 5)), 0
            yield writing(job.checkpoint), 0
    else:
        for part in rng.sample(range(6), 6):
            yield (lambda folder, process: process.alive), whole_s * (part + rng.random()) / 6
    for name in cycle(job.outputs):
        yield writing(name), 0
        yield written(name), 0


@pytest.mark.parametrize("script", SCRIPTS)
def test_killed_ten_times_then_finished(jobs, script, starter, whole, tmp_path, tried):
    job, folder, seen, rng = jobs[script], tmp_path / "killed", Counter(), random.Random(script)
    expected, whole_s = whole(script)
    when = moments(job, whole_s, rng)
    while seen["kills"] < N_KILLS:
        seen["runs"] += 1
        assert seen["runs"] < 5 * N_KILLS, "most runs end before they are killed"
        wait, more_s = next(when)
        process = starter.start(job, folder)
        if wait_until(wait(folder, process), process.alive):
            time.sleep(more_s)
        seen["kills"] += process.stop(signal.SIGKILL) == -signal.SIGKILL
        seen["resumed"] += "resuming from" in process.printed
        left = {path.name for path in folder.iterdir()} if folder.exists() else set()
        if left >= set(job.outputs):  # it was done; Snakemake too removes what is there before a job
            shutil.rmtree(folder)
        seen["cut"] += any(name.endswith(".tmp") for name in left)
        seen["between"] += 0 < len(left & set(job.outputs)) < len(job.outputs)
    seen["resumed"] += "resuming from" in starter.run(job, folder)
    assert contents(folder) == expected
    assert seen["cut"], "no kill fell into the writing of a file"
    resumed = ""
    if job.steps:
        assert seen["resumed"] >= N_KILLS / 2
        resumed = f"{seen['resumed']} runs went on from a checkpoint; "
    tried(
        f"`{script}` killed {N_KILLS} times (SIGKILL): {seen['cut']} times with a file half written, {seen['between']} "
        "between its outputs",
        f"{resumed}then finished: the same bytes as a run that was not killed, nothing left over",
    )


@pytest.mark.parametrize("script", LONGEST)
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
def test_told_to_stop_it_goes_on_at_that_step(jobs, script, number, starter, whole, tmp_path, tried):
    """Without a checkpoint until then: the one that is written when the signal comes is where the next run begins."""
    job, folder = jobs[script], tmp_path / "stopped"
    job = seldom(job, NEVER_S)
    process = starter.start(job, folder)
    assert wait_until(lambda: re.search(r" 0(%\|| documents)", process.printed), process.alive), process.printed
    assert process.stop(number) == 128 + number, process.printed
    told = re.search(
        rf"stopped by {number.name} after step (\d+); run the same command again to go on", process.printed
    )
    assert told and 0 < int(told[1]) < job.steps, process.printed
    left = {path.name for path in folder.iterdir()} - PARTIAL
    assert left == {job.checkpoint, f".{job.kept_by}.lease"}
    assert f"after step {told[1]}\n" in starter.run(job, folder)
    assert contents(folder) == whole(script, NEVER_S)[0]
    tried(
        f"`{script}` told to stop ({number.name})",
        f"ends at the next step with a checkpoint, says so, exit status {128 + number}; the next run goes on at that "
        "step, to the same bytes",
    )


def test_told_to_stop_it_clears_up(jobs, starter, tmp_path, tried):
    folder, job = tmp_path / "out", jobs["collect_acts.py"]
    process = starter.start(job, folder)
    assert wait_until(lambda: folder.exists() and any(folder.iterdir()), process.alive), process.printed
    assert process.stop(signal.SIGTERM) == 128 + signal.SIGTERM, process.printed
    assert list(folder.iterdir()) == []
    tried("`collect_acts.py` told to stop (SIGTERM)", "ends with exit status 143 and leaves nothing behind")
