#!/usr/bin/env python3
"""Test how well explanations predict what features do, by asking a language model that knows nothing but them.

Four tests: simulation (levels 0-9 of every token in windows of the role `score`; Spearman is the paper's score),
logits (which tokens the feature makes more likely, half random and half ranked 10th to 60th, as in the paper),
detection (which longer windows activate it) and fuzzing (whether marked tokens are those that do). The last three are
yes or no: balanced accuracy, AUC and accuracy, beside the accuracy of always answering no. In the protocol `plain` each
of their items is one request, answered by one word, of which the probability counts where the server gives it; in
`paper` an answer has a level for each of several items. The model may be another one than that which explained.

Each feature has a row for each test: a score, or the reason why it has none. A failed or unparsable answer is counted
by name and never scored. Answers are kept in --cache, and nothing is asked twice; --dry-run says what the tests would
cost.

Example:
  python scripts/score_explanations.py \\
    --explanations explanations.parquet --explanations-record explanations.json \\
    --examples results/A/mlp_post/relu-w2048/autointerp/examples.parquet \\
    --contexts results/A/mlp_post/relu-w2048/autointerp/contexts.parquet \\
    --features results/A/mlp_post/relu-w2048/features.parquet \\
    --logit-weights results/A/mlp_post/relu-w2048/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
    --protocol plain --shots 2 --batch 10 --simulation 12 --logits 20 --detection 20 --fuzzing 20 --seed 0 \\
    --api openai --url http://127.0.0.1:18431/v1 --llm qwen2.5-coder-1.5b --temperature 0 --usd-in 0 --usd-out 0 \\
    --concurrency 1 --timeout-s 600 --attempts 4 --backoff-s 1 --give-up 20 --cache results/llm-cache.sqlite \\
    --output scores.parquet --output-answers answers.parquet --output-record scores.json
"""

import argparse
from collections import Counter
from typing import Any

import numpy as np
import pandas as pd

from monosem.autointerp.judgement import MEASURES, Asked, summary
from monosem.autointerp.subjects import Subjects, Vocabulary, load_windows
from monosem.autointerp.trials import PROTOCOLS, Plan, requests, tabulate
from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import read_table, value_of
from monosem.llm.asking import forecast
from monosem.llm.flags import add_flags, asker_of, ledger_of, model_of


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--explanations", **FILE, help="by explain_features.py (.parquet)")
    parser.add_argument("--explanations-record", **FILE, help="their record (.json)")
    parser.add_argument("--examples", **FILE, help="short windows, by sample_examples.py (.parquet)")
    parser.add_argument("--contexts", **FILE, help="longer windows, by sample_examples.py (.parquet)")
    parser.add_argument("--features", **FILE, help="table with feature, max_act (.parquet)")
    parser.add_argument("--logit-weights", **FILE, help="logit weights of the features (.safetensors)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json of the explained model")
    parser.add_argument("--shots", type=int, choices=range(4), required=True, help="worked examples in each prompt")
    parser.add_argument("--protocol", choices=PROTOCOLS, required=True, help="how a yes or no is asked for")
    parser.add_argument("--batch", type=int, required=True, help="items a request (paper: all at once)")
    parser.add_argument("--simulation", type=int, required=True, help="windows simulated; 0: no such test (paper: 60)")
    parser.add_argument("--logits", type=int, required=True, help="tokens of the logits test (paper: 100)")
    parser.add_argument("--detection", type=int, required=True, help="windows of the detection test")
    parser.add_argument("--fuzzing", type=int, required=True, help="windows of the fuzzing test")
    parser.add_argument("--seed", type=int, required=True, help="of the choice of items")
    add_flags(parser)
    parser.add_argument("--output", **FILE, help="one row a feature and test (.parquet)")
    parser.add_argument("--output-answers", **FILE, help="one row a request (.parquet)")
    parser.add_argument("--output-record", **FILE, help="medians, counts and cost (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    explanations = read_table(args.explanations, ["feature", "status", "reason", "explanation"])
    max_act_F = read_table(args.features, ["max_act"])["max_act"].to_numpy(dtype=np.float64)
    vocabulary = Vocabulary(args.tokenizer, args.logit_weights)
    paths = (args.examples, args.contexts)
    short, long = (Subjects(load_windows(path), max_act_F, vocabulary, args.seed) for path in paths)
    sizes = {task: getattr(args, task) for task in MEASURES}
    plan = Plan(sizes, args.batch, args.shots, args.seed, args.protocol)
    planned = requests(explanations, lambda feature: short.subject(feature, 0, long), plan)
    questions = [one.question for one in planned]
    print(forecast(questions, model_of(args), ledger_of(args)), flush=True)
    if args.dry_run:
        return

    answers = asker_of(args).ask_all(questions, desc="testing")
    asked = [Asked(*one[:3], answer) for one, answer in zip(planned, answers, strict=True)]
    scores = tabulate(explanations, asked, plan.tasks)
    for path, table in ((args.output_answers, pd.DataFrame([one.row() for one in asked])), (args.output, scores)):
        write_table(path, table)
    record(args, scores, asked)


def record(args: argparse.Namespace, scores: pd.DataFrame, asked: list[Asked]) -> None:
    explained = read_json(args.explanations_record)
    kept = ("model", "site", "dictionary", "explainer", "n_asked", "n_explained")
    fields: dict[str, Any] = {name: value_of(explained, name, args.explanations_record) for name in kept}
    fields |= {"explanation_status_counts": value_of(explained, "status_counts", args.explanations_record)}
    read_from = Counter(one.answer.by for one in asked if one.answer.by)
    fields |= {"scorer": args.llm, "protocol": args.protocol, "read_from": read_from, **summary(scores)}
    inputs = [args.explanations, args.examples, args.contexts, args.features, args.tokenizer]
    write_record(args.output_record, fields, inputs=inputs, args=args)
    for task, found in ((task, fields[task]) for task in MEASURES if task in fields):
        counts = ", ".join(f"{count} {name}" for name, count in found["status_counts"].items() if count)
        medians = ", ".join(f"{name} {found[name]['median']}" for name in MEASURES[task])
        no = found.get("always_no_accuracy", {"median": None})["median"]
        print(
            f"{task}: median {medians}" + (f" (accuracy of always no {no})" if no is not None else "") + f"; {counts}"
        )


if __name__ == "__main__":
    main()
