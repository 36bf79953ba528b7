#!/usr/bin/env python3
"""Does naming scale? What explanations cost and how good they are, by the size of the dictionary, and fitted curves.

From what jobs have measured: scores and counts of explanations by the token table, for dictionaries of several widths,
and, where one was asked, of those by a language model, whose tests and tokens count too. Times are those of the jobs.

Example:
  cd results; python ../scripts/theory/fit_naming.py --tables A/mlp_post/relu-w{512,2048}/autointerp/scores.parquet \\
      --scores A/mlp_post/relu-w{512,2048}/autointerp/scores.json \\
      --sampled benchmarks/sample_examples/A_mlp_post_relu-w{512,2048}.tsv \\
      --scored benchmarks/score_features/A_mlp_post_relu-w{512,2048}.tsv --sizes 4096 131072 --usd-in 1 --usd-out 5 \\
      --seed 0 --output n.tsv --output-figure n.svg --output-record n.json
"""

import argparse
import sys
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd

from monosem.ground.artefacts import inputs_of, read_json
from monosem.ground.flags import FILES
from monosem.ground.records import NEURONS, OFFLINE, Run, beside, read_table
from monosem.theory.experiment import experiment_parser, write
from monosem.theory.naming import Named, against, drawn_out, tabulated

SIMULATION = "simulation"
TESTED = ["feature", "task", "spearman", "n_requests", "tokens_in", "tokens_out", "usd"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    perhaps = {"type": Path, "nargs": "*", "default": []}
    parser.add_argument("--scores", **FILES, help="scores.json of score_features.py, a dictionary each")
    parser.add_argument("--tables", **FILES, help="scores.parquet, in the same order")
    parser.add_argument("--sampled", **FILES, help="benchmarks of sample_examples, in the same order")
    parser.add_argument("--scored", **FILES, help="benchmarks of score_features, in the same order")
    parser.add_argument("--llm-scores", **perhaps, help="scores.json of score_explanations.py, a dictionary each")
    parser.add_argument("--llm-tables", **perhaps, help="scores.parquet, in the same order")
    parser.add_argument("--llm-explanations", **perhaps, help="explanations.parquet, in the same order")
    parser.add_argument("--llm-explained", **perhaps, help="benchmarks of explain_features, in the same order")
    parser.add_argument("--llm-tested", **perhaps, help="benchmarks of score_explanations, in the same order")
    parser.add_argument("--sizes", type=int, nargs="+", required=True, help="features that costs are drawn out to")
    parser.add_argument("--usd-in", type=float, required=True, help="price of a million tokens of questions")
    parser.add_argument("--usd-out", type=float, required=True, help="and of answers")
    return parser.parse_args(argv)


def seconds_of(*paths: Path) -> float:
    return sum(float(read_table(path, ["s"])["s"].mean(skipna=False)) for path in paths)


def offline(args: argparse.Namespace) -> list[Named]:
    named = []
    for (run, path), *times in zip(beside(args.tables, args.scores), args.sampled, args.scored, strict=True):
        table = read_table(path, ["spearman", "n_predictions"])
        asked = table[table["n_predictions"] > 0]
        counts = {"calls": 0, "tokens_in": 0, "tokens_out": 0, "work_F": asked["n_predictions"].to_numpy(float)}
        size = {"n_features": len(table), "n_asked": len(asked), "scores_F": table["spearman"].to_numpy(dtype=float)}
        named.append(Named(OFFLINE, *run, **size, **counts, seconds=seconds_of(*times), usd=0.0))
    return named


def by_models(args: argparse.Namespace) -> list[tuple[Named, pd.Series]]:
    """Also of each feature its score, in the test that is the paper's."""
    named = []
    files = zip(
        beside(args.llm_tables, args.llm_scores), args.llm_scores, args.llm_explanations,
        args.llm_explained, args.llm_tested, strict=True,
    )  # fmt: skip
    for (run, path), record, explanations, *times in files:
        explained = read_table(explanations, ["feature", "key", "tokens_in", "tokens_out", "usd"])
        explained, tests = explained[explained["key"] != ""], read_table(path, TESTED)
        asked = tests[tests["feature"].isin(explained["feature"])]
        both = pd.concat([explained, asked])
        work = (both["tokens_in"] + both["tokens_out"]).groupby(both["feature"]).sum(skipna=False).astype(float)
        score_F = tests[tests["task"] == SIMULATION].set_index("feature")["spearman"].astype(float)
        counts: dict[str, Any] = {of: both[of].sum(skipna=False).item() for of in ("tokens_in", "tokens_out", "usd")}
        counts |= {"calls": len(explained) + int(asked["n_requests"].sum(skipna=False)), "seconds": seconds_of(*times)}
        size = {"n_features": tests["feature"].nunique(dropna=False), "n_asked": len(explained)}
        counts |= {"scores_F": score_F.to_numpy(), "work_F": work.to_numpy()}
        named.append((Named(read_json(record)["explainer"], *run, **size, **counts), score_F))
    return named


def differences(args: argparse.Namespace, models: list[tuple[Named, pd.Series]]) -> dict[str, Any]:
    """Of a language model's dictionaries, those that the token table explained too."""
    tables = dict(beside(args.tables, args.scores))
    for one, score_F in models:
        path = tables.get(Run(one.model, one.site, one.dictionary))
        if path and one.dictionary != NEURONS:
            offline_F = read_table(path, ["feature", "spearman"]).set_index("feature")["spearman"]
            return {"against_offline": {"client": one.client, **against(score_F, offline_F, args.seed)}}
    return {}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    models = by_models(args)
    named = [*offline(args), *(one for one, _ in models)]
    table, curves = tabulated(named, (args.usd_in, args.usd_out), args.seed)
    sizes = ", ".join(f"{one.n_features}" for one in named if one.client == OFFLINE)
    note = f"{', '.join(curves)}; dictionaries of {sizes} features"
    fields = {"curves": curves, "sizes": drawn_out(curves, args.sizes), **differences(args, models), "note": note}
    timings = {*args.sampled, *args.scored, *args.llm_explained, *args.llm_tested}  # which differ from run to run
    from monosem.figures.theory.naming import naming

    write(args, table, fields, naming, inputs=[file for file in inputs_of(args) if file not in timings])


if __name__ == "__main__":
    main()
