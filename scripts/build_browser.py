#!/usr/bin/env python3
"""Write all that the feature browser shows of one dictionary, or of the neurons: scripts with data, in shards.

Each feature has examples by interval of activation with the text around them, how its activations are distributed,
the tokens it promotes and suppresses, its explanations with their scores, and what it is near to. The folder becomes
part of a site by assemble_browser.py. What other steps found is shown where it is given (matches in the other model, a
language model's explanations, feature splitting, automata, steered texts).

Example:
  D=results/A/mlp_post/relu-w2048; python scripts/build_browser.py --codes $D/codes.safetensors \\
    --codes-record $D/codes.json --tokens results/tokens/val.zarr --tokenizer results/tokens/tokenizer.json \\
    --features $D/features.parquet --logits $D/logits.safetensors --sae $D/sae.safetensors --beside neurons \\
    --examples $D/autointerp/examples.parquet --explanations $D/autointerp/explanations.parquet \\
    --scores $D/autointerp/scores.parquet --intervals 13 --top 10 --interval 3 --other 3 --reach 10 --context 32 \\
    --output results/report/browser/data/A/mlp_post/relu-w2048 --output-record relu-w2048.json
"""

import argparse
from pathlib import Path

from monosem.ground.artefacts import read_json, replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.ground.records import RUN, run_of
from monosem.ground.tensors import open_tensor
from monosem.pages.browser.columns import read_features
from monosem.pages.browser.dictionary import Held, write_dictionary
from monosem.pages.browser.examples import Limits, choose
from monosem.pages.browser.relations import Sources

LIMITS = {
    "top": "examples of the strongest activations",
    "interval": "examples of each interval",
    "other": "examples of each other kind (random text, random tokens)",
    "reach": "tokens on each side of an example",
    "context": "tokens on each side when more is asked for",
}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--codes", **FILE, help="held-out activations (codes.safetensors)")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json), which names the dictionary")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--features", **FILE, help="features.parquet")
    parser.add_argument("--logits", **FILE, help="logit weights (logits.safetensors)")
    parser.add_argument("--sae", type=Path, help="weights of the dictionary; of neurons, of the features to link to")
    parser.add_argument("--beside", default="neurons", help="dictionary that the rows or columns of --sae belong to")
    parser.add_argument("--examples", **FILE, help="examples.parquet")
    parser.add_argument("--explanations", **FILE, help="explanations.parquet of the offline explainer")
    parser.add_argument("--scores", **FILE, help="scores.parquet beside it")
    parser.add_argument("--llm-explanations", type=Path, help="explanations.parquet of a language model")
    parser.add_argument("--llm-scores", type=Path, help="scores.parquet beside it")
    parser.add_argument("--llm-answers", type=Path, help="answers.parquet beside it")
    parser.add_argument("--matches", type=Path, help="features matched between two models (.parquet)")
    parser.add_argument("--matches-record", type=Path, help="their record (.json)")
    parser.add_argument("--kin", type=Path, help="kin.parquet of split_features.py")
    parser.add_argument("--edges", type=Path, help="edges.parquet of find_automata.py")
    parser.add_argument("--steering", type=Path, help="steering.tsv of steer_features.py")
    parser.add_argument("--steered-texts", type=Path, help="texts.parquet beside it")
    parser.add_argument("--intervals", type=int, required=True, help="even intervals of activation of the examples")
    for name, what in LIMITS.items():
        parser.add_argument(f"--{name}", type=int, required=True, help=what)
    parser.add_argument("--output", **FILE, help="folder of shards")
    parser.add_argument("--output-record", **FILE, help="what it holds (.json)")
    args = parser.parse_args(argv)
    for one, other in (("matches", "matches_record"), ("steering", "steered_texts"), ("llm_scores", "llm_answers")):
        if (getattr(args, one) is None) != (getattr(args, other) is None):
            parser.error(f"--{one}, --{other}: give both or neither".replace("_", "-"))
    if not 0 < args.reach <= args.context:
        parser.error(
            f"--reach {args.reach}, --context {args.context}: above 0, and no less context than reach, expected"
        )
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record = read_json(args.codes_record)
    run = run_of(record, args.codes_record)
    table = read_features(args.features, args.explanations, args.scores, args.llm_explanations, args.llm_scores)
    held = Held.read(args.codes, args.codes_record, args.tokens, args.tokenizer)
    limits = Limits(*(getattr(args, name) for name in Limits._fields))
    sources = Sources(*(getattr(args, name) for name in Sources._fields))
    decoder_FN = open_tensor(args.sae, "W_dec")[:] if args.sae else None
    logits_FV = held.checked_logits(open_tensor(args.logits, "logit_weights")[:], args.logits)
    weights = (logits_FV, decoder_FN, args.beside)
    with replacing(args.output) as tmp:
        written = write_dictionary(
            tmp, run, table, held, choose(args.examples, limits), limits, weights, sources, args.intervals
        )
    fields = {name: record[name] for name in (*RUN, "n_features", "n_tokens", "n_contexts", "tokens_digest")}
    write_record(args.output_record, {**fields, **written}, args=args)
    print(f"{len(table)} of {run}, {sum(written['bytes'].values()) / 2**20:.1f} MiB: {args.output}")


if __name__ == "__main__":
    main()
