#!/usr/bin/env python3
"""Write a page on which people rate how interpretable features and neurons are, without knowing which is which.

Draws features of each dictionary and intervals of their activation, puts examples of all of them in one random order,
and writes one HTML page that opens from disk and needs no network. A rater goes through as many as time allows, from
the first on, by keyboard; the browser keeps the ratings, and the page exports them as CSV for collect_ratings.py. The
key, which tells what each item is of, is written beside the page: keep it, and do not give it to raters.

Lists belong together: the first of --examples, --features and --logits are of the run that the first record names.

Example (in bash; windows as sample_examples.py draws them with --intervals 11 and --width 21):
  D=results/A/mlp_post
  python scripts/rate_features.py --records $D/{relu-w2048,neurons}/eval.json \\
      --examples $D/{relu-w2048,neurons}/rating/intervals.parquet --features $D/{relu-w2048,neurons}/features.parquet \\
      --logits $D/{relu-w2048,neurons}/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
      --n-features 40 --n-intervals 3 --n-windows 8 --seed 0 \\
      --output results/rating/index.html --output-key results/rating/key.json
"""

import argparse

from monosem.ground.artefacts import replacing, write_record
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import beside
from monosem.pages.rating.items import Amounts, Source, draw_items
from monosem.pages.rating.page import page_id, render
from monosem.text.tokenizer import load_vocabulary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--records", **FILES, help="a record (.json) of each dictionary, which names it")
    parser.add_argument("--examples", **FILES, help="its windows (.parquet), in the same order")
    parser.add_argument("--features", **FILES, help="its features.parquet, in the same order")
    parser.add_argument("--logits", **FILES, help="its logits.safetensors, in the same order")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--n-features", type=int, required=True, help="features of each dictionary")
    parser.add_argument("--n-intervals", type=int, required=True, help="intervals of each feature")
    parser.add_argument("--n-windows", type=int, required=True, help="examples of each interval")
    parser.add_argument("--seed", type=int, required=True, help="of what is drawn and of its order")
    parser.add_argument("--output", **FILE, help="the page (.html)")
    parser.add_argument("--output-key", **FILE, help="what its items are of (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    by_run = [dict(beside(paths, args.records)) for paths in (args.examples, args.features, args.logits)]
    sources = [Source(run, *(files[run] for files in by_run)) for run in by_run[0]]
    amounts = Amounts(args.n_features, args.n_intervals, args.n_windows)
    items = draw_items(sources, load_vocabulary(args.tokenizer), amounts, args.seed)
    with replacing(args.output) as tmp:
        tmp.write_text(render(items), encoding="utf-8", errors="backslashreplace")
    fields = {"page": page_id(items), "items": [item.unblinded() for item in items]}
    write_record(args.output_key, fields, args=args)
    print(f"{len(items)} items to rate: {args.output}; key: {args.output_key}")


if __name__ == "__main__":
    main()
