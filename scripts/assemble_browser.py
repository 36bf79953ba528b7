#!/usr/bin/env python3
"""Make the site of the feature browser around the dictionaries that build_browser.py has written.

Writes the page with its scripts, the list of dictionaries, and the held-out text that their examples are from, which
all of them share. The site opens from disk, without a network; move or copy its folder as a whole.

Example:
  python scripts/assemble_browser.py --dictionaries results/report/browser/data/A/mlp_post/relu-w2048.json \\
    --tokens results/tokens/val.zarr --tokenizer results/tokens/tokenizer.json \\
    --report ../index.html --output results/report/browser/index.html \\
    --output-app results/report/browser/app --output-text results/report/browser/text

Record, page and folders stand as above: data/, app/, text/ beside the page.
"""

import argparse

from monosem.ground.artefacts import replacing
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.pages.browser.assets import read_dictionaries, write_app, write_page
from monosem.pages.browser.texts import shown_vocabulary, write_text
from monosem.text.tokenizer import load_vocabulary
from monosem.text.tokens import read_contexts, read_record


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--dictionaries", **FILES, help="their records, in order (.json)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr, val.json beside it)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--report", help="optional: address of the report, to link to")
    parser.add_argument("--output", **FILE, help="the page (index.html)")
    parser.add_argument("--output-app", **FILE, help="folder of its scripts: app, beside the page")
    parser.add_argument("--output-text", **FILE, help="folder of held-out text: text, beside the page")
    args = parser.parse_args(argv)
    if (args.output.parent / "app", args.output.parent / "text") != (args.output_app, args.output_text):
        parser.error(
            "--output-app, --output-text: app and text beside --output expected, where the page looks for them"
        )
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    packed = read_record(args.tokens)
    dictionaries, n_contexts = read_dictionaries(args.dictionaries, packed["digest"])
    vocabulary = shown_vocabulary(load_vocabulary(args.tokenizer), packed["bos"])
    with replacing(args.output_text) as tmp:
        write_text(tmp, vocabulary, read_contexts(args.tokens, n_contexts))
    with replacing(args.output_app) as tmp:
        write_app(tmp, dictionaries, args.report)
    with replacing(args.output) as tmp:
        write_page(tmp)
    print(f"{len(dictionaries)} dictionaries: {args.output}")


if __name__ == "__main__":
    main()
