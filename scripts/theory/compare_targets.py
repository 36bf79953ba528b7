#!/usr/bin/env python3
"""Compare dictionaries on several places of a model: on its neurons, on what the MLP puts out, and further on.

All have as many features, of which as many are on at a time. Of each place: what the model loses by the reconstruction,
how well features are explained, how alike those of two models are, and what the features for one word promote. Of the
neurons' dictionary also: how much of it is spent on what the MLP's output matrix does not see.

Example:
  cd results; D=target-tokens100000; python ../scripts/theory/compare_targets.py \\
      --evals A/{mlp_post,logits}/$D/eval.json --other-evals B/{mlp_post,logits}/$D/eval.json \\
      --matches universality/{mlp_post,logits}/$D.json --scores A/{mlp_post,logits}/$D/autointerp/scores.parquet \\
      --codes A/{mlp_post,logits}/$D/codes.safetensors --codes-records A/{mlp_post,logits}/$D/codes.json \\
      --logits A/{mlp_post,logits}/$D/logits.safetensors --sae A/mlp_post/target/sae.safetensors \\
      --sae-record A/mlp_post/target/sae.json --model A/lm/weights.safetensors --tokens tokens/val.zarr \\
      --tokenizer tokens/tokenizer.json --sample 32768 --word ' the' --promoted 10 --min-active 20 --min-focus 0.5 \\
      --min-coverage 0.5 --seed 0 --output t.tsv --output-figure t.svg --output-record t.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd
import torch

from monosem.ground.artefacts import read_json
from monosem.ground.flags import FILE, FILES
from monosem.ground.records import value_of
from monosem.ground.tensors import open_tensor
from monosem.investigations.token_features import Limits
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.measures.codes import read_codes_of, read_held_out
from monosem.measures.evaluation import held_out_activations
from monosem.sae.autoencoder import load_sae
from monosem.sae.kernels import Screen
from monosem.text.packed import Packed
from monosem.text.tokenizer import load_vocabulary
from monosem.theory.experiment import experiment_parser, read_scores, write
from monosem.theory.targets import Word, null_space, read_word, site_row, target


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = experiment_parser(__doc__)
    parser.add_argument("--evals", **FILES, help="eval.json of each place, that of the neurons (mlp_post) first")
    parser.add_argument("--other-evals", **FILES, help="of the other model, in the same order")
    parser.add_argument("--matches", **FILES, help="records of match_features.py, in the same order")
    parser.add_argument("--scores", **FILES, help="scores.parquet, in the same order")
    parser.add_argument("--codes", **FILES, help="codes.safetensors, in the same order")
    parser.add_argument("--codes-records", **FILES, help="codes.json, in the same order")
    parser.add_argument("--logits", **FILES, help="logits.safetensors, in the same order")
    parser.add_argument("--model", **FILE, help="weights of the language model")
    parser.add_argument("--sae", **FILE, help="the dictionary of the first place")
    parser.add_argument("--sae-record", **FILE, help="its record, which knows the model (sae.json)")
    parser.add_argument("--tokens", **FILE, help="held-out tokens (val.zarr)")
    parser.add_argument("--tokenizer", **FILE, help="tokenizer.json")
    parser.add_argument(
        "--sample", type=int, required=True, help="held-out vectors in which variances are measured, at most"
    )
    parser.add_argument("--word", required=True, help="text of the token whose features are read")
    parser.add_argument("--promoted", type=int, required=True, help="tokens of the highest logit weights to show")
    parser.add_argument("--min-active", type=int, required=True, help="as in count_token_features.py")
    parser.add_argument("--min-focus", type=float, required=True, help="likewise")
    parser.add_argument("--min-coverage", type=float, required=True, help="likewise")
    return parser.parse_args(argv)


def unseen(args: argparse.Namespace, site: str, held_out: Packed) -> dict[str, float]:
    """What the first place's dictionary and activations have that the MLP's output matrix does not see."""
    model = load_lm(args.model, value_of(read_json(args.sae_record), "lm_digest", args.sae_record))
    sae, place = load_sae(args.sae), parse_site(site, model.config.n_layers)
    if place.name != "mlp_post":
        raise ValueError(f"--evals: the first is of {site}, not of mlp_post; give that of the neurons first")
    tokens_SL = held_out.tokens_SL[: -(-args.sample // held_out.tokens_SL.shape[1])]
    with torch.no_grad():
        x_BM = torch.cat([*held_out_activations(model, tokens_SL, held_out.bos, place)])
        recon_BM = sae.decode_sparse(sae.encode_sparse(x_BM, Screen.exact(x_BM.device)))
        return null_space(model.blocks[place.layer].W_out_MD, x_BM, recon_BM, sae.W_dec_FN)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    sites = [value_of(read_json(path), "site", path) for path in args.evals]
    files = zip(args.evals, args.other_evals, args.matches, strict=True)
    places = zip(sites, files, map(read_scores, args.scores), strict=True)
    found = [target(site, list(map(read_json, of)), scores_F, args.seed) for site, of, scores_F in places]
    shown, held_out = load_vocabulary(args.tokenizer), read_held_out(args.tokens, args.codes_records[0])
    if args.word not in shown:
        raise ValueError(f"--word {args.word!r}: not one token of {args.tokenizer}; give one that is, with its space")
    limits = Limits(args.min_focus, args.min_coverage, args.min_active)
    word, fields, rows, read = Word(shown.index(args.word), limits, shown, args.promoted), {}, [], []
    for own, path, record, logits in zip(found, args.codes, args.codes_records, args.logits, strict=True):
        codes, weights_FV = read_codes_of(path, record, held_out), open_tensor(logits, "logit_weights")[:]
        (words, alike), row = read_word(word, codes, held_out, weights_FV), site_row(own, found[0])
        fields[own.site] = row | alike
        rows.append({"what": "site", **row})
        read.append(words.assign(what="feature", site=own.site))
    note = "{model}, {dictionary}, ".format(**found[0].evaluated)
    note += f"{held_out.n_tokens} held-out tokens, the word {args.word!r}"
    record = {"sites": fields, "null_space": unseen(args, sites[0], held_out), "word": args.word, "note": note}
    from monosem.figures.theory.targets import targets

    write(args, pd.concat([pd.DataFrame(rows), *read], ignore_index=True), record, targets)


if __name__ == "__main__":
    main()
