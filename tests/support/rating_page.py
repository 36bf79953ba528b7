"""A small page to rate on, made by the script from made-up runs, for the tests of the page and of its raters' files."""

from pathlib import Path

import numpy as np
import report_page
import synthetic_runs
from safetensors.numpy import save_file
from synthetic_runs import HEADLINE, WIDTHS

import rate_features

RUNS = [("A", HEADLINE), ("control", HEADLINE), ("A", "neurons")]


def build(root: Path, *, seed: int = 0, made: bool = False) -> Path:
    """Writes index.html and key.json to `root`, beside the runs that they are of; `made`: these are there."""
    if not made:
        synthetic_runs.write_all(root)
    report_page.vocabulary_file(root / "tokenizer.json")
    words = ["--tokenizer", str(root / "tokenizer.json"), "--seed", str(seed)]
    words += ["--n-features", "6", "--n-intervals", "2", "--n-windows", "5"]
    words += ["--output", str(root / "index.html"), "--output-key", str(root / "key.json")]
    files = {"records": "eval.json", "examples": "autointerp/examples.parquet", "features": "features.parquet"}
    for flag, file in {**files, "logits": "logits.safetensors"}.items():
        words += [f"--{flag}", *(str(root / model / "mlp_post" / name / file) for model, name in RUNS)]
    for number, (model, name) in enumerate(RUNS):
        weights = np.random.default_rng(number).normal(size=(WIDTHS[name], 40)).astype(np.float16)
        save_file({"logit_weights": weights}, root / model / "mlp_post" / name / "logits.safetensors")
    rate_features.main(words)
    return root
