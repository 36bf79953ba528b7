#!/usr/bin/env python3
"""Turn documents into fixed-length rows of token ids that a language model can read.

Documents of one split are encoded in order, joined with BOS (beginning of sequence) between them, and cut into
contexts of equal length that each start with BOS. Beside every token stand its document (the line number in the
corpus file) and its category. The result is a Zarr group with the arrays `tokens`, `category` and `document`, each
[contexts, length], and a JSON record that marks it whole.

Example:
  python scripts/pack_tokens.py --documents results/corpus/documents.jsonl.zst --split val \\
      --tokenizer results/tokens/tokenizer.json --n-tokens 1000000 --context-length 128 \\
      --output results/tokens/val.zarr --output-record results/tokens/val.json
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import zarr

from monosem.artefacts import replacing, write_record
from monosem.corpus.documents import read_documents
from monosem.progress import progress
from monosem.tokens import ARRAYS, Packer, encode_documents, load_tokenizer

ROWS = 8192  # contexts a chunk: 2 MiB of 16-bit tokens at length 128


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--documents", type=Path, required=True, help="corpus (.jsonl.zst)")
    parser.add_argument("--split", choices=["train", "val"], required=True, help="which documents to take")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--n-tokens", type=int, required=True, help="tokens to pack, BOS included")
    parser.add_argument("--context-length", type=int, required=True, help="tokens a context, BOS included")
    parser.add_argument("--output", type=Path, required=True, help="token store (.zarr)")
    parser.add_argument("--output-record", type=Path, required=True, help="its record (.json)")
    return parser.parse_args(argv)


class ContextWriter:
    """Writes blocks of contexts to a new group of known length, and hashes the tokens on the way."""

    def __init__(self, path: Path, n_contexts: int, length: int, vocab_size: int) -> None:
        kinds = {"tokens": "uint16" if vocab_size <= 1 << 16 else "uint32", "category": "uint8", "document": "int32"}
        group = zarr.create_group(path)
        shape = {"shape": (n_contexts, length), "chunks": (min(ROWS, n_contexts), length)}
        self.arrays = {name: group.create_array(name, dtype=kinds[name], **shape) for name in ARRAYS}
        self.n_contexts, self.n_written, self.hash = n_contexts, 0, hashlib.sha256()

    def write(self, packed: dict[str, np.ndarray]) -> int:
        """Writes as many of the rows as there is room for; returns how many."""
        n_rows = min(len(packed["tokens"]), self.n_contexts - self.n_written)
        for name, array in self.arrays.items():
            array[self.n_written : self.n_written + n_rows] = packed[name][:n_rows]
        self.hash.update(packed["tokens"][:n_rows].astype("<u4").tobytes())
        self.n_written += n_rows
        return n_rows


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    tokenizer, bos = load_tokenizer(args.tokenizer)
    if args.context_length < 2 or args.n_tokens < args.context_length:
        raise ValueError(f"--n-tokens {args.n_tokens}: at least one context of --context-length >= 2 expected")
    n_contexts = args.n_tokens // args.context_length
    documents = (
        (line, document["category"], document["text"])
        for line, document in enumerate(read_documents(args.documents))
        if document["split"] == args.split
    )
    packer, categories = Packer(args.context_length, bos), {}
    with replacing(args.output) as tmp:
        writer = ContextWriter(tmp, n_contexts, args.context_length, tokenizer.get_vocab_size())
        with progress(desc=f"pack {args.split}", unit="context", total=n_contexts) as bar:
            for line, category, ids in encode_documents(tokenizer, documents):
                packer.add(ids, categories.setdefault(category, len(categories)), line)
                if packer.n_pending >= ROWS * args.context_length:
                    bar.update(writer.write(packer.take()))
                if writer.n_written == n_contexts:
                    break
            bar.update(writer.write(packer.take()))
        if writer.n_written < n_contexts:
            raise ValueError(
                f"{args.documents}: split {args.split} holds {writer.n_written * args.context_length} tokens, "
                f"{args.n_tokens} asked; add text or lower the token count in the config"
            )
    fields = {
        "n_contexts": n_contexts,
        "context_length": args.context_length,
        "n_tokens": n_contexts * args.context_length,
        "vocab_size": tokenizer.get_vocab_size(),
        "bos": bos,
        "categories": list(categories),
        "digest": writer.hash.hexdigest()[:16],
    }
    write_record(args.output_record, fields, inputs=[args.documents, args.tokenizer], args=args)


if __name__ == "__main__":
    main()
