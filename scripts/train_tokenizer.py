#!/usr/bin/env python3
"""Learn the vocabulary: cut text into the few thousand pieces that compress it best.

The result is a byte-level BPE (the kind of tokenizer GPT-2 uses), so any text in any script can be encoded. It is
learnt from the first megabytes of the training split, in the corpus's hashed order, which is a fair sample of all
categories. Give --tokenizer to use an existing tokenizer.json instead of learning one.

Example:
  python scripts/train_tokenizer.py --documents results/corpus/documents.jsonl.zst \\
      --vocab-size 4096 --train-mb 20 \\
      --output results/tokens/tokenizer.json --output-record results/tokens/vocabulary.json
"""

import argparse
from collections.abc import Iterator
from pathlib import Path

from monosem.ground.artefacts import replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.ground.progress import progress
from monosem.text.corpus.documents import read_documents
from monosem.text.tokenizer import count_ids, load_tokenizer, train_bpe


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--documents", **FILE, help="corpus (.jsonl.zst)")
    parser.add_argument("--vocab-size", type=int, required=True, help="number of tokens, BOS included")
    parser.add_argument("--train-mb", type=float, required=True, help="megabytes of text to learn from")
    parser.add_argument("--tokenizer", type=Path, help="use this tokenizer.json instead of learning one")
    parser.add_argument("--output", **FILE, help="tokenizer.json to write")
    parser.add_argument("--output-record", **FILE, help="its record (.json), written last")
    return parser.parse_args(argv)


def training_texts(path: Path, n_bytes: int) -> Iterator[str]:
    with progress(desc="read text", unit="B", unit_scale=True, total=n_bytes) as bar:
        for document in read_documents(path):
            if document["split"] == "train":
                yield document["text"]
                bar.update(len(document["text"].encode()))
            if bar.n >= n_bytes:
                return


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    if args.tokenizer:
        tokenizer, _ = load_tokenizer(args.tokenizer)
    else:
        tokenizer = train_bpe(training_texts(args.documents, int(args.train_mb * 1e6)), args.vocab_size)
    with replacing(args.output) as tmp:
        tokenizer.save(str(tmp))
    write_record(args.output_record, {"vocab_size": count_ids(tokenizer)}, args=args)
    print(f"{args.output}: {count_ids(tokenizer)} tokens")


if __name__ == "__main__":
    main()
