#!/usr/bin/env python3
"""Gather findings, figures and a sample of features on one page that opens from disk, without a network.

The page begins with the scoreboard, then tells the story in sections of figures, shows a sample of features with text
they fire on, and says how every result was made and what it took, as far as there are benchmarks by then. Figures are
embedded; tables and records are linked relative to the page, so move the results folder as a whole.

Example (in bash):
  D=results/A/mlp_post/relu-w2048
  python scripts/build_report.py --findings results/findings.tsv \\
      --section 'How much features explain' 'How few does it take?' results/figures/pareto.svg 'What to see' \\
      --dictionary A/mlp_post/relu-w2048 --features $D/features.parquet --scores $D/autointerp/scores.parquet \\
      --explanations $D/autointerp/explanations.parquet --examples $D/autointerp/examples.parquet \\
      --estimates results/autointerp/estimates.tsv --differences results/autointerp/differences.tsv \\
      --summaries $D/autointerp/scores.json --logits $D/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
      --n-best 24 --n-random 12 --seed 0 --config '{}' --default-config '{}' \\
      --records $D/eval.json results/A/lm/lm.json --output results/report/index.html
"""

import argparse
import json
from pathlib import Path

from monosem.ground.artefacts import read_json, replacing
from monosem.ground.flags import ANY_FILES, FILE, parser_of
from monosem.ground.records import Run
from monosem.pages.report.board import read_board
from monosem.pages.report.facts import gather
from monosem.pages.report.links import link_to
from monosem.pages.report.page import Page, render
from monosem.pages.report.samples import sample_groups
from monosem.pages.report.score_table import read_scores
from monosem.pages.report.story import read_story
from monosem.planning.measured import took
from monosem.planning.planned import workflow_rules
from monosem.text.tokenizer import load_vocabulary

FILES = {
    "findings": "findings.tsv, in the folder that its records are named from",
    "features": "features.parquet of the dictionary whose features are shown",
    "scores": "its scores.parquet",
    "explanations": "its explanations.parquet",
    "examples": "its examples.parquet",
    "estimates": "estimates.tsv of compare_scores.py",
    "differences": "differences.tsv beside it",
    "tokenizer": "tokenizer.json",
    "output": "the page (.html)",
}
NUMBERS = {"n-best": "best scored features", "n-random": "features at random beside those", "seed": "draws these"}


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    for name, told in FILES.items():
        parser.add_argument(f"--{name}", **FILE, help=told)
    words = {"nargs": "+", "action": "append", "default": [], "metavar": "TEXT"}
    parser.add_argument("--section", **words, help="heading, introduction, and figures with a caption each; repeat")
    parser.add_argument("--dictionary", required=True, help="name of the dictionary whose features are shown")
    parser.add_argument("--logits", type=Path, help="optional: its logits.safetensors, to show promoted tokens")
    parser.add_argument("--summaries", **ANY_FILES, help="scores.json of every dictionary in --estimates, in order")
    parser.add_argument("--browser", type=Path, help="optional: page of the feature browser, to link to")
    for name, told in NUMBERS.items():
        parser.add_argument(f"--{name}", type=int, required=True, help=told)
    parser.add_argument("--config", type=json_text, required=True, help="the configuration, as JSON")
    parser.add_argument("--default-config", type=json_text, required=True, help="what to compare it with, as JSON")
    parser.add_argument("--benchmarks", type=Path, help="optional: results/benchmarks, for what the run took")
    parser.add_argument("--records", **ANY_FILES, help="records (.json) to list under the facts of the run")
    return parser.parse_args(argv)


def json_text(text: str) -> object:
    """Named in argparse's message when the text is not JSON."""
    return json.loads(text)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    story = read_story(args.section, args.output)
    records = {path: read_json(path) for path in args.records}
    costs = took(workflow_rules(), args.benchmarks) if args.benchmarks else None
    page = Page(
        findings=read_board(args.findings, story, args.output),
        findings_link=link_to(args.findings, args.output),
        story=story,
        scores=read_scores(args.estimates, args.differences, args.summaries, Run(*args.dictionary.split("/"))),
        scores_link=link_to(args.estimates, args.output),
        dictionary=args.dictionary,
        browser=link_to(args.browser, args.output) if args.browser else None,
        groups=sample_groups(args, load_vocabulary(args.tokenizer)),
        facts=gather(args.config, args.default_config, records, costs, args.output),
    )
    with replacing(args.output) as tmp:
        tmp.write_text(render(page), encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
