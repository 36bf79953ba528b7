"""A small report made by its script from made-up runs, with hostile text in all of its parts, for the tests of it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import synthetic_runs
from safetensors.numpy import save_file
from synthetic_runs import HEADLINE, WIDTHS, files
from tokenizers import AddedToken, Tokenizer, decoders, models

import build_report
import compile_findings
from plot import density as plot_density
from plot import pareto as plot_pareto

HOSTILE = "<script>alert(1)</script>"
TOKENS = [HOSTILE, "&amp;", '"><b>', "\u202egnp", "\u200b", "\nnew", " the", "عرب", "\u0301", "\x00", "x\u3164"]
RUN = f"A/mlp_post/{HEADLINE}"
HEADINGS = {"pareto": "How much features explain", "density": f"How often {HOSTILE} fires"}
BENCHMARK = "s\th:m:s\tmax_rss\tcpu_time\n90.0\t0:01:30\t512.0\t80\n"


def vocabulary_file(path: Path) -> Path:
    names = ["<|bos|>", *TOKENS, *(f"t{i}" for i in range(40 - len(TOKENS) - 1))]
    tokenizer = Tokenizer(models.WordLevel({name: i for i, name in enumerate(names)}, unk_token="<|bos|>"))
    tokenizer.decoder = decoders.Fuse()
    tokenizer.add_special_tokens([AddedToken("<|bos|>", special=True)])
    tokenizer.save(str(path))
    return path


def write_results(root: Path) -> Path:
    """All that a report is made of."""
    synthetic_runs.write_all(root)
    vocabulary_file(root / "tokenizer.json")
    compile_findings.main([*synthetic_runs.findings_flags(root), "--output", str(root / "findings.tsv")])
    evals = files(root, "[AB]/*/relu-*/eval.json")
    beside = {"sae": "sae.json", "features": "features.parquet"}
    paths = {name: [str(Path(path).with_name(file)) for path in evals] for name, file in beside.items()}
    pareto, density = (root / "figures" / f"{name}.svg" for name in ("pareto", "density"))
    plot_pareto.main(["--eval", *evals, "--sae", *paths["sae"], *outputs(pareto)])
    plot_density.main(["--eval", *evals, "--features", *paths["features"], *outputs(density)])
    weights = np.random.default_rng(0).normal(size=(WIDTHS[HEADLINE], 40)).astype(np.float16)
    save_file({"logit_weights": weights}, root / "logits.safetensors")
    benchmark = root / "benchmarks/train_lm/A.tsv"
    benchmark.parent.mkdir(parents=True)
    benchmark.write_text(BENCHMARK)
    return root


def outputs(figure: Path) -> list[str]:
    return ["--output", str(figure), "--output-data", str(figure.with_suffix(".tsv"))]


def hostile_explanations(root: Path, path: Path) -> Path:
    table = pd.read_parquet(root / RUN / "autointerp/explanations.parquet")
    return synthetic_runs.write_frame(path, table.assign(text=f"{HOSTILE} \u202e\u200b"))


def arguments(root: Path, **changes: object) -> list[str]:
    values = {
        "findings": root / "findings.tsv",
        "dictionary": RUN,
        "features": root / RUN / "features.parquet",
        "scores": root / RUN / "autointerp/scores.parquet",
        "explanations": root / RUN / "autointerp/explanations.parquet",
        "examples": root / RUN / "autointerp/examples.parquet",
        "estimates": root / "autointerp/estimates.tsv",
        "differences": root / "autointerp/differences.tsv",
        "summaries": root / RUN / "autointerp/scores.json",
        "logits": root / "logits.safetensors",
        "tokenizer": root / "tokenizer.json",
        "n-best": 24,
        "n-random": 12,
        "seed": 0,
        "config": json.dumps({"name": HOSTILE, "lm": {"seed": 7}}),
        "default-config": json.dumps({"name": "A", "lm": {"seed": 7}}),
        "benchmarks": root / "benchmarks",
        "records": root / RUN / "eval.json",
        "output": root / "report/index.html",
    }
    values |= {name.replace("_", "-"): value for name, value in changes.items()}
    words = [word for name, value in values.items() for word in (f"--{name}", str(value))]
    for figure, heading in HEADINGS.items():
        caption = f"A caption of {figure} with {HOSTILE}\nof two lines."
        words += ["--section", heading, "What comes\nnext.", str(root / f"figures/{figure}.svg"), caption]
    return words


def build(root: Path, **changes: object) -> str:
    build_report.main(arguments(root, **changes))
    return Path(changes.get("output", root / "report/index.html")).read_text()
