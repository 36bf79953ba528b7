#!/usr/bin/env python3
"""Ask a language model what features respond to.

For each chosen feature the model is shown windows of the role `explain` with the feature's levels, 0-9, the tokens that
the feature makes more likely, and a few worked examples of made-up features; it answers with one sentence. Features are
drawn at random among those with windows. Every feature has a row: ok, or why it has no explanation (not chosen, dead,
too few windows, or what the server did).

Every answer is kept in --cache: a run that was killed, stopped at its budget or failed in places goes on from there
when it is started again, and asks nothing twice. Give --dry-run to see what it would ask and cost.

Example (the model that scripts/serve_llm.py serves on this machine):
  python scripts/explain_features.py --model A --site mlp_post --dictionary relu-w2048 \\
    --examples results/A/mlp_post/relu-w2048/autointerp/examples.parquet \\
    --features results/A/mlp_post/relu-w2048/features.parquet \\
    --logit-weights results/A/mlp_post/relu-w2048/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
    --n-features 20 --windows 20 --shots 3 --seed 0 --api openai --url http://127.0.0.1:18431/v1 \\
    --llm qwen2.5-coder-1.5b --temperature 0 --usd-in 0 --usd-out 0 --concurrency 1 --timeout-s 600 --attempts 4 \\
    --backoff-s 1 --give-up 20 --cache results/llm-cache.sqlite \\
    --output explanations.parquet --output-record explanations.json
"""

import argparse

import numpy as np
import pandas as pd

from monosem.autointerp.judgement import COUNTS, REASONS
from monosem.autointerp.subjects import Subjects, Vocabulary, choose, load_windows
from monosem.autointerp.tasks import explain_question
from monosem.ground.artefacts import write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import read_table
from monosem.llm.asking import forecast
from monosem.llm.flags import add_flags, asker_of, ledger_of, model_of
from monosem.llm.questions import plain


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--model", required=True, help="name of the explained model, for the record")
    parser.add_argument("--site", required=True, help="name of the place in the model, for the record")
    parser.add_argument("--dictionary", required=True, help="name of the dictionary, for the record")
    parser.add_argument("--examples", **FILE, help="windows drawn by sample_examples.py (.parquet)")
    parser.add_argument("--features", **FILE, help="table with feature, n_active, max_act (.parquet)")
    parser.add_argument("--logit-weights", **FILE, help="logit weights of the features (.safetensors)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json of the explained model")
    parser.add_argument("--n-features", type=int, help="explain this many, drawn at random; default: all")
    parser.add_argument("--windows", type=int, help="windows shown of each, some of every kind; default: all (paper)")
    parser.add_argument("--shots", type=int, choices=range(4), required=True, help="worked examples (paper: 8)")
    parser.add_argument("--seed", type=int, required=True, help="of the choice of features and windows")
    add_flags(parser)
    parser.add_argument("--output", **FILE, help="one row a feature (.parquet)")
    parser.add_argument("--output-record", **FILE, help="counts and cost (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    features = read_table(args.features, ["feature", "n_active", "max_act"])
    windows = load_windows(args.examples)
    max_act_F = features["max_act"].to_numpy(dtype=np.float64)
    subjects = Subjects(windows, max_act_F, Vocabulary(args.tokenizer, args.logit_weights), args.seed)
    table = features[["feature"]].assign(status=choose(features, windows, args.n_features, args.seed), explanation="")
    chosen = table.index[table["status"] == "ok"]
    questions = [explain_question(subjects.subject(table["feature"][row], args.windows), args.shots) for row in chosen]
    print(forecast(questions, model_of(args), ledger_of(args)), flush=True)
    if args.dry_run:
        return

    answers = asker_of(args).ask_all(questions, desc="explaining")
    table["reason"] = table["status"].map(REASONS)
    table = table.assign(key="", **dict.fromkeys(COUNTS, 0.0)).astype({"tokens_in": int, "tokens_out": int})
    for row, answer in zip(chosen, answers, strict=True):
        text = plain(answer.value["explanation"]).strip() if answer.value else ""
        status, reason = (answer.status, answer.reason) if text or not answer.value else ("unparsable", "no words")
        given = {"status": status, "reason": reason, "explanation": text, "key": answer.key}
        table.loc[row, [*given, *COUNTS]] = [*given.values(), *(getattr(answer, name) for name in COUNTS)]

    write_table(args.output, table)
    record(args, table)


def record(args: argparse.Namespace, table: pd.DataFrame) -> None:
    counts = {name: int((table["status"] == name).sum()) for name in REASONS if name in set(table["status"])}
    fields = {name: getattr(args, name) for name in ("model", "site", "dictionary")}
    asked = int((table["key"] != "").sum())
    fields |= {"explainer": args.llm, "n_asked": asked, "n_explained": counts.get("ok", 0), "status_counts": counts}
    fields |= {name: table[name].sum(skipna=False).item() for name in COUNTS}
    write_record(args.output_record, fields, args=args)
    listed = ", ".join(f"{count} {name}" for name, count in counts.items())
    print(f"{counts.get('ok', 0)} of {asked} explained ({listed}), {fields['usd']:.2f} USD: {args.output}")


if __name__ == "__main__":
    main()
