#!/usr/bin/env python3
"""Find features whose promoted tokens make other features fire, or themselves: finite state automata.

In the paper a base64 feature raises the tokens on which it fires again (a self-loop), two features of snake_case names
take turns (a pair), and in HTML one feature hands on to the next (a chain). Here all such are looked for: feature i
leads to feature j when j fires on the --promoted tokens that i's logit weights raise most, and when j fires after i,
in held-out text, --min-lift times as often as after any token. In a pair each step must be --contrast times more
lifted than staying with one feature; in a chain, than staying and than the way back, and the whole run must be seen.
How many there are by chance is counted with the promoted tokens dealt out anew among the features, by --seed.

Example:
  D=results/A/mlp_post/relu-w2048; python scripts/find_automata.py --codes $D/codes.safetensors \\
    --codes-record $D/codes.json --logits $D/logits.safetensors --tokens results/tokens/val.zarr \\
    --tokenizer results/tokens/tokenizer.json --promoted 10 --min-seen 5 --min-count 20 --min-lift 3 --contrast 2 \\
    --max-states 8 --loop-in base64 --seed 0 --output-edges edges.parquet --output-automata automata.parquet \\
    --output-states states.parquet --output-record automata.json

Output: edges.parquet, a row an edge (probability of the step, lift, what the promoted tokens foretell);
automata.parquet, a row a self-loop, pair or chain (the features, probability and lift of each step, times seen);
states.parquet, what each of their features fires on and promotes; and a record with counts, those by chance beside
them.
"""

import argparse

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, parser_of
from monosem.investigations.automata import Wanted, find
from monosem.investigations.automata_tables import automata_table, record_fields, states_table
from monosem.investigations.transitions import Needed, dealt_anew, fires_on, promoted_tokens, step_counts, steps_of
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.text.tokenizer import load_vocabulary

NAME = "automata"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--codes", **FILE, help="held-out activations (codes.safetensors)")
    parser.add_argument("--codes-record", **FILE, help="their record (codes.json)")
    parser.add_argument("--logits", **FILE, help="logit weights (logits.safetensors)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--promoted", type=int, required=True, help="tokens of highest logit weight to look at")
    parser.add_argument("--min-seen", type=int, required=True, help="times that such a token occurs in the text")
    parser.add_argument("--min-count", type=int, required=True, help="times that a step, or a whole chain, is seen")
    parser.add_argument("--min-lift", type=float, required=True, help="of a step, foretold and measured")
    parser.add_argument("--contrast", type=float, required=True, help="lift of a step over that of its alternatives")
    parser.add_argument("--max-states", type=int, required=True, help="features of a chain, at most")
    parser.add_argument("--loop-in", required=True, help="category of text whose self-loops are counted")
    parser.add_argument("--seed", type=int, required=True, help="of what is by chance")
    parser.add_argument("--output-edges", **FILE, help="a row an edge (.parquet)")
    parser.add_argument("--output-automata", **FILE, help="a row an automaton (.parquet)")
    parser.add_argument("--output-states", **FILE, help="a row a feature in one (.parquet)")
    parser.add_argument("--output-record", **FILE, help="counts (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if min(args.promoted, args.min_count) < 1 or args.max_states < 3:
        raise ValueError("--promoted, --min-count: at least 1 expected, and --max-states at least 3")
    codes_record = read_json(args.codes_record)
    held_out = read_held_out(args.tokens, args.codes_record)
    codes = read_codes_of(args.codes, args.codes_record, held_out)
    steps = steps_of(codes, held_out)
    fires_VF, seen_V = fires_on(steps.active_TF, held_out.token_T, held_out.vocab_size)
    promoted_FK = promoted_tokens(args.logits, seen_V >= args.min_seen, args.promoted)
    count_FF, vocabulary = step_counts(steps), load_vocabulary(args.tokenizer)
    conditions = Needed(args.min_count, args.min_lift), Wanted(args.contrast, args.max_states)
    lifted, automata = find(steps, count_FF, promoted_FK, fires_VF, *conditions)
    states = states_table(automata, codes, held_out, promoted_FK, vocabulary)
    numbers = record_fields(len(lifted), automata, states, held_out, args.loop_in)
    dealt_FK = dealt_anew(promoted_FK, steps.active_TF.sum(axis=0) > 0, args.seed)
    chance_lifted, chance = find(steps, count_FF, dealt_FK, fires_VF, *conditions)
    chance_states = states_table(chance, codes, held_out, dealt_FK, vocabulary)
    by_chance = record_fields(len(chance_lifted), chance, chance_states, held_out, args.loop_in)
    lifted = lifted.astype(dict.fromkeys(lifted.select_dtypes("float64"), "float32"))
    tables = {args.output_edges: lifted, args.output_automata: automata_table(automata), args.output_states: states}
    for path, table in tables.items():
        write_table(path, table)
    fields = {name: codes_record[name] for name in ("model", "site", "dictionary", "n_tokens", "tokens_digest")}
    fields |= {"n_steps": steps.n_steps, "loop_in": args.loop_in, **numbers, "by_chance": by_chance}
    write_record(args.output_record, {"investigation": NAME, **fields}, args=args)
    kinds = ("self_loop", "pair", "chain")
    counts = [f"{numbers[f'n_{kind}s']} {kind}s (by chance {by_chance[f'n_{kind}s']})" for kind in kinds]
    print(f"{', '.join(counts)}: {args.output_automata}")


if __name__ == "__main__":
    main()
