#!/usr/bin/env python3
"""Turn documents into fixed-length rows of token ids that a language model can read.

Documents of one split are encoded in order, joined with BOS (beginning of sequence) between them, and cut into
contexts of equal length that each start with BOS. Contexts are shuffled block by block, so that any part of the store
is a mixture of documents. Beside every token stand its document, by the number that the
corpus gives it, and its category. The result is a Zarr group with the arrays `tokens`, `category` and `document`, each
[contexts, length], and a JSON record that marks it whole.

Example:
  python scripts/pack_tokens.py --documents results/corpus/documents.jsonl.zst --split val \\
      --tokenizer results/tokens/tokenizer.json --n-tokens 1000000 --context-length 128 --seed 0 \\
      --output results/tokens/val.zarr --output-record results/tokens/val.json
"""

import argparse

from monosem.ground.artefacts import replacing, write_record
from monosem.ground.flags import FILE, parser_of
from monosem.ground.progress import progress
from monosem.text.corpus.documents import read_documents
from monosem.text.packing import BLOCK, ContextWriter, Packer, encode_documents
from monosem.text.tokenizer import count_ids, load_tokenizer


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--documents", **FILE, help="corpus (.jsonl.zst)")
    parser.add_argument("--split", choices=["train", "val"], required=True, help="which documents to take")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument("--n-tokens", type=int, required=True, help="tokens to pack, BOS included")
    parser.add_argument("--context-length", type=int, required=True, help="tokens a context, BOS included")
    parser.add_argument("--seed", type=int, required=True, help="order of the contexts")
    parser.add_argument("--output", **FILE, help="token store (.zarr)")
    parser.add_argument("--output-record", **FILE, help="its record (.json)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    tokenizer, bos = load_tokenizer(args.tokenizer)
    if args.context_length < 2 or args.n_tokens < args.context_length:
        raise ValueError(f"--n-tokens {args.n_tokens}: at least one context of --context-length >= 2 expected")
    n_contexts = args.n_tokens // args.context_length
    documents = (
        (document["document"], document["category"], document["text"])
        for document in read_documents(args.documents)
        if document["split"] == args.split
    )
    packer, categories = Packer(args.context_length, bos), {}
    with replacing(args.output) as tmp:
        writer = ContextWriter(tmp, n_contexts, args.context_length, count_ids(tokenizer), seed=args.seed)
        with progress(desc=f"pack {args.split}", unit="context", total=n_contexts) as bar:
            for number, category, ids in encode_documents(tokenizer, bos, documents):
                packer.add(ids, categories.setdefault(category, len(categories)), number)
                if packer.n_pending >= min(BLOCK, n_contexts - writer.n_written) * args.context_length:
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
        "vocab_size": count_ids(tokenizer),
        "bos": bos,
        "categories": list(categories),
        "digest": writer.hash.hexdigest()[:16],
    }
    write_record(args.output_record, fields, args=args)


if __name__ == "__main__":
    main()
