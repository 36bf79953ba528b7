#!/usr/bin/env python3
"""Search a dictionary for coupled features: pairs and triples that fire together and turn a ratio of two tokens.

Each feature alone moves the log-ratio of two tokens one way. Together they can turn it, if their activations do not
keep step. Along the activation of one member, in bins of equally many held-out tokens, the members' mean activations
(over LayerNorm's divisor) and their logit weights give the log-ratio of every two tokens that they promote. A group
counts if one of these rises and falls again by --min-turn more than it does by some of the members without the rest.
Which one, and in which bins, is chosen in contexts of even number, and the turn is measured in those of odd number.
The same is counted with the activations of the other members dealt out anew among the tokens at which that one fires,
--draws times.

Example:
  D=results/A/mlp_post/relu-w2048
  python scripts/theory/find_coupled_features.py --model results/A/lm/weights.safetensors \\
      --acts-record results/A/mlp_post/acts.json --tokens results/tokens/val.zarr --codes $D/codes.safetensors \\
      --codes-record $D/codes.json --logits $D/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
      --min-count 300 --min-overlap 0.5 --min-lift 3 --bins 10 --promoted 10 --min-seen 5 --min-turn 0.5 --draws 5 \\
      --most-triples 5000 --listed 20 --seed 0 --output c.tsv --output-figure c.svg --output-record c.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import numpy as np
import pandas as pd

from monosem.ground.artefacts import read_json
from monosem.ground.devices import use_device
from monosem.ground.flags import FILE
from monosem.lm.transformer import load_lm
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.text.tokenizer import load_vocabulary
from monosem.theory.coupled import Together, halves_of, pairs_together, triples_of, turn_heights, turning, turns
from monosem.theory.coupled_text import Texts, divided, divisors, group_rows, promotion
from monosem.theory.experiment import experiment_parser, write

KINDS = {2: "pairs", 3: "triples"}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--acts-record", **FILE, help="record of the activation store (acts.json)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--codes", **FILE, help="the features' activations on them")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json)")
    parser.add_argument("--logits", **FILE, help="logit weights (logits.safetensors)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--min-count", type=int, required=True, help="tokens at which every two of a group fire")
    parser.add_argument("--min-overlap", type=float, required=True, help="share of those of the rarer one")
    parser.add_argument("--min-lift", type=float, required=True, help="times as often as independent ones")
    parser.add_argument("--bins", type=int, required=True, help="of a path")
    parser.add_argument("--promoted", type=int, required=True, help="tokens of a feature's highest logit weights")
    parser.add_argument("--min-seen", type=int, required=True, help="times that such a token occurs in the text")
    parser.add_argument("--min-turn", type=float, required=True, help="rise and fall of a log-ratio, nats")
    parser.add_argument("--draws", type=int, required=True, help="times that activations are dealt out anew")
    parser.add_argument("--most-triples", type=int, required=True, help="looked at, the most overlapping pairs first")
    parser.add_argument("--listed", type=int, required=True, help="groups in the table, of each kind")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if not 3 <= args.bins <= args.min_count:
        raise ValueError(f"--bins {args.bins}: 3 or more expected, and at most --min-count, {args.min_count}")
    use_device("cpu", 1)
    codes_record, held_out = read_json(args.codes_record), read_held_out(args.tokens, args.codes_record)
    codes = read_codes_of(args.codes, args.codes_record, held_out)
    model = load_lm(args.model, read_json(args.acts_record)["lm_digest"])
    texts = Texts(held_out, load_vocabulary(args.tokenizer))
    halves = halves_of(divided(codes, divisors(model, held_out)), held_out.context_T, args.bins)
    pairs = pairs_together(codes.matrix, Together(args.min_count, args.min_overlap, args.min_lift))
    groups = pairs + triples_of(pairs)[: args.most_triples]
    promoted = promotion(args.logits, groups, held_out.seen_V, args.min_seen, args.promoted)
    found, rng = turns(halves, groups, promoted), np.random.default_rng(args.seed)
    dealt = [turns(halves, groups, promoted, rng) for _ in range(args.draws)]
    frames, numbers = [], {}
    for size, kind in KINDS.items():
        best, *others = (turning(one, size, args.min_turn) for one in (found, *dealt))
        heights = {case: turn_heights(one, size) for case, one in (("measured", found), ("by chance", dealt[0]))}
        frames += [
            pd.DataFrame({"what": "turn", "case": case, "y": y}).assign(kind=kind) for case, y in heights.items()
        ]
        for rank, group in enumerate(best[: args.listed], start=1):
            rows = group_rows(group, found[group], halves[1], promoted, texts)
            frames.append(rows.assign(kind=kind, rank=rank, turn=found[group].height))
        numbers[kind] = counts(heights["measured"], len(best), [len(other) for other in others])
    run = {name: codes_record[name] for name in ("model", "site", "dictionary", "n_tokens")}
    note = f"{run['model']}/{run['site']}/{run['dictionary']}, {run['n_tokens']} held-out tokens"
    fields = run | numbers | {"min_turn": args.min_turn, "note": note}
    from monosem.figures.theory.coupled import coupled_panels

    write(args, pd.concat(frames, ignore_index=True), fields, coupled_panels)


def counts(height_Q: np.ndarray, n_turning: int, by_chance: list[int]) -> dict[str, object]:
    """`by_chance` is the most of all draws."""
    greatest = float(height_Q.max()) if height_Q.size else 0.0
    numbers = {"candidates": int(height_Q.size), "turning": n_turning, "greatest": greatest}
    return numbers | {"by_chance": max(by_chance), "by_chance_each": by_chance}


if __name__ == "__main__":
    main()
