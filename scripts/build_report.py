#!/usr/bin/env python3
"""Gather findings, figures and a sample of features on one page that opens from disk, without a network.

The page begins with the scoreboard (each published finding beside what was measured here), then shows the figures, the
best explained features and random ones with examples of text they fire on, and how every result was made. Figures are
embedded; tables and records are linked relative to the page, so move or copy the results folder as a whole.

Lists belong together: the first of --captions and of --figure-data describe the first of --figures, and so on.

Example (in bash):
  D=results/A/mlp_post/relu-w2048; F=results/figures
  python scripts/build_report.py --findings results/findings.tsv \\
      --figures $F/pareto.svg --captions 'What to see' --figure-data $F/pareto.tsv \\
      --dictionary A/mlp_post/relu-w2048 --features $D/features.parquet --scores $D/autointerp/scores.parquet \\
      --explanations $D/autointerp/explanations.parquet --examples $D/autointerp/examples.parquet \\
      --estimates results/autointerp/estimates.tsv --differences results/autointerp/differences.tsv \\
      --summaries $D/autointerp/scores.json --logits $D/logits.safetensors --tokenizer results/tokens/tokenizer.json \\
      --n-best 24 --n-random 12 --seed 0 \\
      --config '{}' --records $D/eval.json results/A/lm/lm.json --output results/report/index.html
"""

import argparse
import json
from pathlib import Path
from typing import Any

import pandas as pd

from monosem.artefacts import read_json, replacing
from monosem.pages.page import Page, figure_entry, link_to, record_entry, render
from monosem.pages.samples import Card, choose, make_cards, promoted_tokens
from monosem.pages.score_table import read_scores
from monosem.records import EXPLANATION_COLUMNS, FEATURE_COLUMNS, SCORE_COLUMNS, Run, read_table
from monosem.tokens import load_vocabulary


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    files = {"type": Path, "nargs": "*", "required": True}
    parser.add_argument("--findings", type=Path, required=True, help="findings.tsv")
    parser.add_argument("--figures", **files, help="figures (.svg), in the order of the page")
    parser.add_argument("--captions", nargs="*", required=True, help="what to see in each figure, in the same order")
    parser.add_argument("--figure-data", **files, help="the numbers of each figure (.tsv), in the same order")
    parser.add_argument("--dictionary", required=True, help="name of the dictionary whose features are shown")
    parser.add_argument("--features", type=Path, required=True, help="its features.parquet")
    parser.add_argument("--scores", type=Path, required=True, help="its scores.parquet")
    parser.add_argument("--explanations", type=Path, required=True, help="its explanations.parquet")
    parser.add_argument("--examples", type=Path, required=True, help="its examples.parquet")
    parser.add_argument("--logits", type=Path, help="optional: its logits.safetensors, to show promoted tokens")
    parser.add_argument("--estimates", type=Path, required=True, help="estimates.tsv of compare_scores.py")
    parser.add_argument("--differences", type=Path, required=True, help="differences.tsv beside it")
    parser.add_argument("--summaries", **files, help="scores.json of every dictionary in it, in the order of the page")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--browser", type=Path, help="optional: page of the feature browser, to link to")
    parser.add_argument("--n-best", type=int, required=True, help="features to show, best scored first")
    parser.add_argument("--n-random", type=int, required=True, help="features to show at random, beside those")
    parser.add_argument("--seed", type=int, required=True, help="draws the random features")
    parser.add_argument("--config", type=json_text, required=True, help="the configuration, as JSON")
    parser.add_argument("--records", **files, help="records (.json) to list under the facts of the run")
    parser.add_argument("--output", type=Path, required=True, help="the page (.html)")
    args = parser.parse_args(argv)
    if not len(args.figures) == len(args.captions) == len(args.figure_data):
        parser.error("--figures, --captions, --figure-data: as many of each expected; give one of each a figure")
    return args


def json_text(text: str) -> Any:  # noqa: ANN401
    """Named in argparse's message when the text is not JSON."""
    return json.loads(text)


def feature_groups(args: argparse.Namespace) -> list[tuple[str, list[Card]]]:
    vocabulary = load_vocabulary(args.tokenizer)
    features = read_table(args.features, FEATURE_COLUMNS).drop(columns="status")
    scores = read_table(args.scores, SCORE_COLUMNS)
    explanations = read_table(args.explanations, EXPLANATION_COLUMNS)
    table = features.merge(scores, on="feature", how="left").merge(explanations, on="feature", how="left")
    table = table.fillna({"status": "not scored"})
    best, drawn = choose(scores, features, n_best=args.n_best, n_random=args.n_random, seed=args.seed)
    cards = make_cards(table, best + drawn, args.examples, vocabulary)
    if args.logits:
        promoted = promoted_tokens(args.logits, cards, vocabulary)
        cards = {feature: card._replace(promoted=promoted[feature]) for feature, card in cards.items()}
    titles = ("Best explained", "Drawn at random from the others that fire")
    return [(title, [cards[f] for f in group]) for title, group in zip(titles, (best, drawn), strict=True)]


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    figures = zip(args.figures, args.captions, args.figure_data, strict=True)
    page = Page(
        findings=pd.read_csv(args.findings, sep="\t", dtype=str, keep_default_na=False).to_dict("records"),
        findings_link=link_to(args.findings, args.output),
        figures=[figure_entry(*files, args.output) for files in figures],
        scores=read_scores(args.estimates, args.differences, args.summaries, Run(*args.dictionary.split("/"))),
        scores_link=link_to(args.estimates, args.output),
        dictionary=args.dictionary,
        browser=link_to(args.browser, args.output) if args.browser else None,
        groups=feature_groups(args),
        config=json.dumps(args.config, indent=1, ensure_ascii=False),
        records=[record_entry(path, read_json(path), args.output) for path in args.records],
    )
    with replacing(args.output) as tmp:
        tmp.write_text(render(page), encoding="utf-8", errors="backslashreplace")


if __name__ == "__main__":
    main()
