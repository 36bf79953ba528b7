#!/usr/bin/env python3
"""Compare dictionaries on several places of a model: on its neurons, on what the MLP puts out, and further on.

All have as many features, of which as many are on at a time. Of each place: what the model loses by the reconstruction,
how well features are explained, how alike those of two models are, and what the features for one word promote. Of the
neurons' dictionary also: how much of it is spent on what the MLP's output matrix does not see.

Example:
  cd results; D=target-tokens100000; python ../scripts/compare_targets.py --evals A/{mlp_post,logits}/$D/eval.json \\
      --other-evals B/{mlp_post,logits}/$D/eval.json --matches universality/{mlp_post,logits}/$D.json \\
      --scores A/{mlp_post,logits}/$D/autointerp/scores.parquet --codes A/{mlp_post,logits}/$D/codes.safetensors \\
      --codes-records A/{mlp_post,logits}/$D/codes.json --logits A/{mlp_post,logits}/$D/logits.safetensors \\
      --sae A/mlp_post/target/sae.safetensors --sae-record A/mlp_post/target/sae.json \\
      --model A/lm/weights.safetensors --tokens tokens/val.zarr --tokenizer tokens/tokenizer.json --sample 32768 \\
      --word ' the' --promoted 10 --min-active 20 --min-focus 0.5 --min-coverage 0.5 --seed 0 \\
      --output t.tsv --output-figure t.svg --output-record t.json
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

import pandas as pd
import torch

from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, value_of
from monosem.investigations.held_out import HeldOut, read_codes_of, read_held_out
from monosem.investigations.token_features import Limits
from monosem.lm.sites import parse_site
from monosem.lm.transformer import load_lm
from monosem.measures.evaluation import held_out_activations
from monosem.sae.autoencoder import load_sae
from monosem.sae.kernels import Screen
from monosem.text.tokenizer import load_vocabulary
from monosem.text.tokens import read_contexts, read_record
from monosem.theory.experiment import parser_of, write
from monosem.theory.targets import SCORE, likeness, logit_weights, null_space, site_row, target, word_features


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    files = {"type": Path, "nargs": "+", "required": True}
    parser.add_argument("--evals", **files, help="eval.json of each place, that of the neurons (mlp_post) first")
    parser.add_argument("--other-evals", **files, help="of the other model, in the same order")
    parser.add_argument("--matches", **files, help="records of match_features.py, in the same order")
    parser.add_argument("--scores", **files, help="scores.parquet, in the same order")
    parser.add_argument("--codes", **files, help="codes.safetensors, in the same order")
    parser.add_argument("--codes-records", **files, help="codes.json, in the same order")
    parser.add_argument("--logits", **files, help="logits.safetensors, in the same order")
    parser.add_argument("--model", type=Path, required=True, help="weights of the language model")
    parser.add_argument("--sae", type=Path, required=True, help="the dictionary of the first place")
    parser.add_argument("--sae-record", type=Path, required=True, help="its record, which knows the model (sae.json)")
    parser.add_argument("--tokens", type=Path, required=True, help="held-out tokens (val.zarr)")
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--sample", type=int, required=True, help="held-out vectors in which variances are measured")
    parser.add_argument("--word", required=True, help="text of the token whose features are read")
    parser.add_argument("--promoted", type=int, required=True, help="tokens of the highest logit weights to show")
    parser.add_argument("--min-active", type=int, required=True, help="as in count_token_features.py")
    parser.add_argument("--min-focus", type=float, required=True, help="likewise")
    parser.add_argument("--min-coverage", type=float, required=True, help="likewise")
    return parser.parse_args(argv)


def unseen(args: argparse.Namespace, site: str) -> dict[str, float]:
    """What the first place's dictionary and activations have that the MLP's output matrix does not see."""
    model = load_lm(args.model, value_of(read_json(args.sae_record), "lm_digest", args.sae_record))
    sae, tokens = load_sae(args.sae), read_record(args.tokens)
    place = parse_site(site, model.config.n_layers)
    if place.name != "mlp_post":
        raise ValueError(f"--evals: the first is of {site}, not of mlp_post; give that of the neurons first")
    n_contexts = -(-args.sample // tokens["context_length"])
    with torch.no_grad():
        x_BM = torch.cat([*held_out_activations(model, read_contexts(args.tokens, n_contexts), tokens["bos"], place)])
        recon_BM = sae.decode_sparse(sae.encode_sparse(x_BM, Screen.exact(x_BM.device)))
        return null_space(model.blocks[place.layer].W_out_MD, x_BM, recon_BM, sae.W_dec_FN)


def read_word(args: argparse.Namespace, number: int, held_out: HeldOut, shown: list[str]) -> tuple[pd.DataFrame, dict]:
    """A place's features for the word, and how alike the logit weights of any two features are, and of two of these."""
    if args.word not in shown:
        raise ValueError(f"--word {args.word!r}: not one token of {args.tokenizer}; give one that is, with its space")
    codes = read_codes_of(args.codes[number], args.codes_records[number], held_out)
    limits, weights_FV = Limits(args.min_focus, args.min_coverage, args.min_active), logit_weights(args.logits[number])
    found = word_features(codes, held_out, limits, shown.index(args.word), weights_FV, shown, args.promoted)
    of_word = {"n": len(found), "likeness": likeness(weights_FV[found["feature"]])}
    return found, {"likeness": likeness(weights_FV), "word": of_word}


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    files = list(zip(args.evals, args.other_evals, args.matches, strict=True))
    sites = [value_of(read_json(path), "site", path) for path in args.evals]
    scores = [read_table(path, [SCORE])[SCORE].to_numpy(dtype=float) for path in args.scores]
    places = zip(sites, files, scores, strict=True)
    found = [target(site, list(map(read_json, of)), scores_F, args.seed) for site, of, scores_F in places]
    held_out = read_held_out(args.tokens, read_json(args.codes_records[0])["n_contexts"])
    shown, fields, rows, read = load_vocabulary(args.tokenizer), {}, [], []
    for number, own in enumerate(found):
        (words, alike), row = read_word(args, number, held_out, shown), site_row(own, found[0])
        fields[own.site] = {**row, **alike}
        rows, read = [*rows, {"what": "site", **row}], [*read, words.assign(what="feature", site=own.site)]
    table = pd.concat([pd.DataFrame(rows), *read], ignore_index=True)
    of, n_tokens = found[0].evaluated, held_out.token_T.size
    note = f"{of['model']}, {of['dictionary']}, {n_tokens} held-out tokens, the word {args.word!r}"
    record = {"sites": fields, "null_space": unseen(args, sites[0]), "word": args.word, "note": note}
    from monosem.figures.theory.targets import targets

    write(args, table, record, targets)


if __name__ == "__main__":
    main()
