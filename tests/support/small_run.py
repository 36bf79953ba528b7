"""Tiny real artefacts, made once a session by the project's own scripts: tokens, a model, activations, an SAE."""

import json
import random
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import recipes
import torch
import zstandard
from faults_table import pytest_addoption, pytest_terminal_summary, tried  # noqa: F401
from hypothesis import settings
from killing import Starter
from places import SCRIPTS

import collect_acts
import evaluate_dictionary
import measure_losses
import pack_tokens
import store_acts
import train_lm
import train_sae
import train_tokenizer
from monosem.acts import shuffling, store
from monosem.acts.store import rows_of
from monosem.sae.kernels import largest, support

torch.set_num_threads(1)
settings.register_profile("monosem", deadline=None)  # a busy machine is no failure
settings.load_profile("monosem")
WORDS = ["the", "cat", "sat", "on", "a", "mat", "and", "saw", "no", "dog;", "قطة", "猫", "café", "—", "x", "=", "1\n"]


def pytest_collection_modifyitems(config, items):
    """Tests that take long run only when they are asked for: `-m slurm`; one on SLURM is always there."""
    for name in ("slurm", "reruns", "interop"):
        if name not in config.option.markexpr:
            marks = [item.get_closest_marker(name) for item in items]
            left_out = [mark is not None and not mark.kwargs.get("always") for mark in marks]
            config.hook.pytest_deselected(items=[item for item, out in zip(items, left_out, strict=True) if out])
            items[:] = [item for item, out in zip(items, left_out, strict=True) if not out]


@pytest.fixture(scope="module")
def browser():
    """Chromium, for the tests marked `browser`."""
    import visits  # skips where there is no playwright

    with visits.running() as found:
        yield found


@pytest.fixture(scope="session")
def starter(tmp_path_factory):
    """Starts scripts as processes, to be stopped on the way."""
    starter = Starter(tmp_path_factory.mktemp("starter") / "log")
    yield starter
    starter.close()


@pytest.fixture(autouse=True)
def seeded():
    torch.manual_seed(0)
    np.random.seed(0)
    random.seed(0)


@pytest.fixture(scope="module", params=[7, 256])
def tile(request):
    """Rows and columns that kernels work on at once: fewer than a batch has, and more."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(support, "TILE", (request.param, request.param))
        patch.setattr(support, "BLOCK", request.param)
        patch.setattr(largest, "ROWS", request.param)
        yield


def flags(**values):
    """A command line: `n_layers=1` is `--n-layers 1`; a list is several values, None is left out."""
    argv = []
    for name, value in values.items():
        if value is not None:
            members = value if isinstance(value, list) else [value]
            argv += [f"--{name.replace('_', '-')}", *map(str, members)]
    return argv


def write_documents(path, n=60, seed=0):
    rng, lines = random.Random(seed), []
    for i in range(n):
        text = " ".join(rng.choices(WORDS, k=rng.randrange(1, 120)))
        split = "val" if i % 3 == 0 else "train"
        lines.append({"text": text, "category": f"kind{i % 4}", "source": f"s{i}", "document": i, "split": split})
    write_lines(path, lines)
    return lines


def write_lines(path, lines):
    content = "".join(json.dumps(line) + "\n" for line in lines)
    path.write_bytes(zstandard.compress(content.encode()))


@pytest.fixture(scope="session")
def corpus(tmp_path_factory):
    """path and lines of a corpus file, and a tokenizer learnt from it."""
    folder = tmp_path_factory.mktemp("corpus")
    path, tokenizer = folder / "documents.jsonl.zst", folder / "tokenizer.json"
    lines = write_documents(path)
    record = folder / "vocabulary.json"
    train_tokenizer.main(flags(documents=path, vocab_size=280, train_mb=1, output=tokenizer, output_record=record))
    return SimpleNamespace(path=path, lines=lines, tokenizer=tokenizer)


def pack_flags(corpus, folder, split, **changed):
    values = {"documents": corpus.path, "split": split, "tokenizer": corpus.tokenizer, "n_tokens": 1200, "seed": 5}
    values |= {"context_length": 12, "output": folder / f"{split}.zarr", "output_record": folder / f"{split}.json"}
    return flags(**{**values, **changed})


@pytest.fixture(scope="session")
def tokens(corpus, tmp_path_factory):
    """Folder with train.zarr and val.zarr: 100 and 40 contexts of 12 tokens."""
    folder = tmp_path_factory.mktemp("tokens")
    pack_tokens.main(pack_flags(corpus, folder, "train"))
    pack_tokens.main(pack_flags(corpus, folder, "val", n_tokens=480))
    return folder


def lm_flags(packed, folder, **changed):
    values = {"train": packed / "train.zarr", "val": packed / "val.zarr", "name": "A", "seed": 1, "n_layers": 1}
    values |= {"d_model": 8, "n_heads": 2, "d_mlp": 16, "tokens": 30 * 96, "batch": 8, "lr": 0.01, "warmup": 0.1}
    values |= {"weight_decay": 0.01, "grad_clip": 1, "val_every": 7, "val_tokens": 240, "data_seed": 0}
    values |= {"precision": "float32", "compile": "no", "threads": 1, "device": "cpu"}
    values |= {"output": folder / "weights.safetensors", "output_log": folder / "train.tsv"}
    return flags(**{**values, "output_record": folder / "lm.json", **changed})


@pytest.fixture(scope="session")
def lm(tokens, tmp_path_factory):
    """Folder with weights.safetensors, train.tsv and lm.json of a one-layer model with 16 neurons."""
    folder = tmp_path_factory.mktemp("lm")
    train_lm.main(lm_flags(tokens, folder))
    return folder


def collect_flags(packed, lm, folder, **changed):
    values = {"model": lm / "weights.safetensors", "model_record": lm / "lm.json", "tokens": packed / "train.zarr"}
    values |= {"site": "mlp_post", "n_vectors": 700, "per_context": 8, "dtype": "float16", "disk_gib": 0.01}
    values |= {"seed": 3, "job": 0, "jobs": 1, "threads": 1, "device": "cpu", **changed}
    return flags(**values, output=folder / f"acts-{values['job']}-of-{values['jobs']}")


def acts_flags(parts, folder, **changed):
    values = {"collected": parts, "output": folder / "acts.zarr", "output_record": folder / "acts.json"}
    return flags(**{**values, **changed})


def collect(tokens, lm, folder, jobs=1, **changed):
    """All parts of a store, through many small buckets."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shuffling, "BUCKET_BYTES", 4096)
        for job in range(jobs):
            collect_acts.main(collect_flags(tokens, lm, folder, job=job, jobs=jobs, **changed))
    return sorted(folder.glob(f"acts-*-of-{jobs}"))


def shuffle(parts, folder):
    """A store in many small chunks."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "CHUNK_BYTES", 2048)  # 64 rows of 16 float16
        store_acts.main(acts_flags(parts, folder))
    return folder / "acts.zarr"


def make_acts(tokens, lm, folder, **changed):
    return shuffle(collect(tokens, lm, folder, **changed), folder)


@pytest.fixture(scope="session")
def parts(tokens, lm, tmp_path_factory):
    """What one job collected of 700 vectors of 16 neurons."""
    return collect(tokens, lm, tmp_path_factory.mktemp("parts"))


@pytest.fixture(scope="session")
def acts(parts, tmp_path_factory):
    """acts.zarr beside its acts.json: 700 vectors of 16 neurons in 11 chunks."""
    return shuffle(parts, tmp_path_factory.mktemp("acts"))


def sae_flags(stored, folder, **changed):
    values = {"acts": stored, "name": "relu-w24", "arch": "relu", "width": 24, "l1": 0.5, "vectors": 3200, "batch": 64}
    values |= {"lr": 0.01, "beta1": 0.9, "beta2": 0.999, "warmup": 0.1, "decay": 0.2, "ramp": 0}
    values |= {"resample_at": [0.3, 0.6], "resample_inputs": 200, "dead_window": 0.2, "precision": "float32"}
    values |= {"log_every": 7, "seed": 1, "threads": 1, "device": "cpu", "output": folder / "sae.safetensors"}
    values |= {"output_log": folder / "train.tsv", "output_record": folder / "sae.json"}
    return flags(**{**values, **changed})


@pytest.fixture(scope="session")
def sae(acts, tmp_path_factory):
    """Folder with sae.safetensors, train.tsv and sae.json."""
    folder = tmp_path_factory.mktemp("sae")
    train_sae.main(sae_flags(acts, folder))
    return folder


@pytest.fixture(scope="session")
def dictionaries(acts, tmp_path_factory):
    """Folder with one of every architecture, 24 features each, named by it."""
    folder = tmp_path_factory.mktemp("dictionaries")
    for name in recipes.NAMES:
        own = recipes.hyperparameter_flags(name)
        train_sae.main(sae_flags(acts, folder / name, name=name, arch=name, **own))
    return folder


def losses_of(packed, lm, acts, n_tokens):
    """The losses of model and site on so many tokens, beside the store; measured once."""
    path = acts.with_name(f"losses-{n_tokens}-{packed.name}.json")
    if not path.exists():
        measure_losses.main(losses_flags(packed, lm, acts, path, loss_tokens=n_tokens))
    return path


def losses_flags(packed, lm, acts, output, **changed):
    values = {"model": lm / "weights.safetensors", "acts_record": acts.with_suffix(".json")}
    values |= {"tokens": packed / "val.zarr", "loss_tokens": 480, "threads": 1, "device": "cpu", "output": output}
    return flags(**{**values, **changed})


def evaluate_flags(packed, lm, acts, trained, folder, loss_tokens=480, **changed):
    values = {"model": lm / "weights.safetensors", "name": "relu-w24"}
    if changed.get("sae", trained) and loss_tokens:
        values["losses"] = losses_of(packed, lm, acts, loss_tokens)
    values |= {"acts_record": acts.with_suffix(".json"), "tokens": packed / "val.zarr"}
    values |= {
        "sae": trained / "sae.safetensors",
        "sae_record": trained / "sae.json",
        "n_tokens": 480,
    }
    values |= {"ultralow_density": 0.01, "debias": "factor", "threads": 1, "device": "cpu", "output_folder": folder}
    return flags(**{**values, **changed})


@pytest.fixture(scope="session")
def evaluated(tokens, lm, acts, sae, tmp_path_factory):
    folder = tmp_path_factory.mktemp("evaluated")
    evaluate_dictionary.main(evaluate_flags(tokens, lm, acts, sae, folder))
    return folder


@pytest.fixture
def as_script(monkeypatch):
    """Makes records and checkpoint keys of this process those of `python scripts/<name>`."""
    return lambda name: monkeypatch.setattr(sys, "argv", [str(SCRIPTS / name)])


def numbered_rows(n, width=2):
    columns = {"token": np.arange(n), "context": np.arange(n) * 3, "position": np.arange(n) % 7}
    return rows_of(np.arange(n * width).reshape(n, width).astype(np.float32), columns, "float32")
