"""Small made-up artefacts of whole runs, for the tests of what reads them: findings, figures and pages."""

import json
from pathlib import Path

import numpy as np
import pandas as pd

import compare_scores
from monosem.autointerp import windows
from monosem.autointerp.scores import MEASURES

WIDTHS = {"relu-w64": 64, "relu-w128": 128, "neurons": 32, "random": 16}
HEADLINE = "relu-w128"
WINDOW = 9
BENCHMARK = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


def write_json(path: Path, record: dict) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))
    return path


def write_frame(path: Path, frame: pd.DataFrame) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, sep="\t", index=False)
    return path


def eval_record(model: str, dictionary: str, **changes: object) -> dict:
    record = {"model": model, "site": "mlp_post", "dictionary": dictionary, "n_features": WIDTHS[dictionary]}
    record |= {"l0": 12.0, "n_tokens": 50_000, "n_dead": 2, "n_ultralow": 1}
    if dictionary != "neurons":
        recovered = 0.8 + 0.001 * WIDTHS[dictionary] - 0.01 * (model == "B")
        record |= {"loss_clean": 4.0, "loss_zero": 5.0, "loss_mean": 6.0, "loss_sae": 5 - recovered}
        record |= {"loss_tokens": 10_000, "loss_recovered": recovered}
    return record | changes


def sae_record(model: str, dictionary: str) -> dict:
    return {"model": model, "site": "mlp_post", "dictionary": dictionary, "architecture": "relu"}


def feature_table(n_features: int, seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    density = 10 ** rng.normal(-3, 0.8, n_features).clip(-5, -0.1)
    density[:2] = 0
    status = np.where(density == 0, "dead", "alive")
    return pd.DataFrame(
        {"feature": range(n_features), "density": density, "max_act": 10 * rng.random(n_features), "status": status}
    )


def document_table(record: dict) -> pd.DataFrame:
    """Twenty documents that differ a little, with sums that make the numbers of an evaluation's record."""
    of_document = 1 + 0.02 * np.linspace(-1, 1, 20)
    table = pd.DataFrame({"document": range(20), "tokens": record["n_tokens"] // 20})
    table["active"] = np.rint(record["l0"] * table["tokens"] * of_document).astype(int)
    if "loss_sae" in record:
        table["predictions"] = record["loss_tokens"] // 20
        for name in ("clean", "zero", "sae"):
            table[name] = record[f"loss_{name}"] * table["predictions"] * of_document
    return table


def examples(n_features: int, seed: int) -> windows.Windows:
    """12 top examples and 3 of interval 2 a feature."""
    rng = np.random.default_rng(seed)
    n_each = 15
    n_windows = n_features * n_each
    tokens = rng.integers(1, 40, (n_windows, WINDOW), dtype=np.int32)
    acts = rng.random((n_windows, WINDOW), dtype=np.float32) * (rng.random((n_windows, WINDOW)) < 0.4)
    feature = np.repeat(np.arange(n_features), n_each)
    acts[:, 4] = 5
    tokens[::7, 0], acts[::7, 0] = -1, 0
    kind = np.tile([0] * 12 + [1] * 3, n_features)
    zeros = np.zeros(n_windows, dtype=np.int32)
    interval = np.where(kind == 0, 9, 2)
    return windows.Windows(feature, zeros, kind, interval, zeros, zeros + 4, tokens, acts, zeros + np.float32(1))


def write_run(root: Path, model: str, dictionary: str, seed: int) -> None:
    folder, width = root / model / "mlp_post" / dictionary, WIDTHS[dictionary]
    rng = np.random.default_rng(seed)
    write_json(folder / "eval.json", eval_record(model, dictionary))
    write_frame(folder / "documents.parquet", document_table(eval_record(model, dictionary)))
    if dictionary != "neurons":
        write_json(folder / "sae.json", sae_record(model, dictionary))
    write_frame(folder / "features.parquet", feature_table(width, seed))
    curve = pd.DataFrame({"step": range(1, 201), "vectors": np.arange(1, 201) * 2048})
    curve["mse"], curve["l0"] = 300 / np.sqrt(curve["step"]) + width / 64, 20 + width / curve["step"]
    write_frame(folder / "train.tsv", curve)
    mean = {"neurons": 0.2, "random": 0.1}.get(dictionary, 0.5) + 0.1 * (model == "control")
    spearman = rng.normal(mean, 0.2, width).clip(-1, 1)
    zeros = 0.5 if dictionary == "neurons" else 0.9
    table = pd.DataFrame({"feature": range(width), "status": "ok", **dict.fromkeys(MEASURES, spearman)})
    table["zero_share_random"] = zeros
    table.loc[:1, [*MEASURES, "zero_share_random"]] = np.nan
    table.loc[:1, "status"] = "too_few_examples"
    write_frame(folder / "autointerp/scores.parquet", table)
    summed = {"median": float(np.median(spearman[2:])), "n": width - 2}
    medians: dict = {"spearman": summed, "spearman_weighted": summed}
    medians |= {"zero_share_random": {"mean": zeros}, "status_counts": {"ok": width - 2, "too_few_examples": 2}}
    run = {"model": model, "site": "mlp_post", "dictionary": dictionary}
    write_json(folder / "autointerp/scores.json", run | medians)
    explanations = pd.DataFrame({"feature": range(width), "text": [f"fires on number {i}" for i in range(width)]})
    single = pd.Series(rng.random(width) < 0.2 + 0.6 * (model == "control"), dtype="boolean")
    explanations["single_token"], explanations["n_top"] = single.mask(explanations["feature"] < 2), 12
    write_frame(folder / "autointerp/explanations.parquet", explanations)
    blocks = iter([examples(width, seed)])
    windows.write_windows(folder / "autointerp/examples.parquet", blocks, WINDOW)


def write_universality(root: Path, dictionary: str, median: float) -> None:
    width = WIDTHS[dictionary]
    correlation = np.random.default_rng(width).normal(median, 0.15, width).clip(-1, 1)
    table = pd.DataFrame({"feature": range(width), "match": 0, "correlation": correlation, "status": "ok"})
    table["logit_correlation"] = correlation / 3
    folder = root / "universality" / "mlp_post"
    write_frame(folder / f"{dictionary}.parquet", table)
    record = {"model": "A", "other": "B", "site": "mlp_post", "dictionary": dictionary, "n_tokens": 50_000}
    medians = {"correlation": {"median": median, "n": width}, "logit_correlation": {"median": median / 3}}
    write_json(folder / f"{dictionary}.json", record | medians | {"status_counts": {"ok": width, "dead": 0}})


def write_all(root: Path) -> Path:
    """results/ of two models and the control; every finding that a small run can judge is reproduced in it, but for
    what people rated."""
    for seed, model in enumerate(["A", "B", "control"]):
        for dictionary in WIDTHS:
            write_run(root, model, dictionary, seed)
        steps = np.arange(1, 301)
        curve = pd.DataFrame({"step": steps, "tokens": steps * 4096, "loss": 4 + 5 / np.sqrt(steps) + 0.1 * seed})
        curve["lr"], curve["val_loss"] = 1e-3, curve["loss"] + 0.05
        write_frame(root / model / "lm" / "train.tsv", curve)
    for dictionary, median in {HEADLINE: 0.75, "neurons": 0.4}.items():
        write_universality(root, dictionary, median)
    compare(root)
    return root


def compare(root: Path) -> None:
    """autointerp/estimates.tsv and differences.tsv, of all runs."""
    words = ["--seed", "0"]
    for flag, file in {
        "scores": "scores.json",
        "tables": "scores.parquet",
        "explanations": "explanations.parquet",
    }.items():
        words += [f"--{flag}", *files(root, f"*/mlp_post/*/autointerp/{file}")]
    words += ["--features", *files(root, "*/mlp_post/*/features.parquet")]
    for name in ("estimates", "differences"):
        words += [f"--output-{name}", str(root / f"autointerp/{name}.tsv")]
    compare_scores.main(words)


def files(root: Path, pattern: str) -> list[str]:
    """All files under `root` that match, as command line words; the same runs in the same order for any pattern."""
    found = sorted(str(path) for path in root.glob(pattern))
    assert found, pattern
    return found


def findings_flags(results: Path) -> list[str]:
    runs = "*/mlp_post/*"
    return [
        *["--site", "mlp_post", "--headline", HEADLINE, "--sweep", "relu-w64", HEADLINE],
        *["--eval", *files(results, f"{runs}/eval.json"), "--features", *files(results, f"{runs}/features.parquet")],
        *["--documents", *files(results, f"{runs}/documents.parquet")],
        *["--scores", *files(results, f"{runs}/autointerp/scores.json")],
        *["--explanations", *files(results, f"{runs}/autointerp/explanations.parquet")],
        *["--differences", str(results / "autointerp/differences.tsv")],
        *["--universality", *files(results, "universality/*/*.json")],
    ]
