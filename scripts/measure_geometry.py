#!/usr/bin/env python3
"""Measure how the directions of a dictionary lie: across how many neurons, and what is special where none ever fires.

Three questions to the weights of an autoencoder. Is a feature one neuron, or spread over many? Do features that are
dead or seldom fire form a cluster of their own, by their encoder bias and the cosine of encoder and decoder? And do
their encoders load on neurons that never fire strongly, as Anthropic's update of February 2024 has it, which blames the
pre-encoder bias? For that a second dictionary may be given, one trained without that bias; which is which follows from
the architecture (monosem/investigations/geometry.py has the definitions).

Example:
  python scripts/measure_geometry.py --weak 0.25 --neurons results/A/mlp_post/neurons/features.parquet \\
    --saes results/A/mlp_post/relu-w2048/sae.safetensors --sae-records results/A/mlp_post/relu-w2048/sae.json \\
    --features results/A/mlp_post/relu-w2048/features.parquet --evals results/A/mlp_post/relu-w2048/eval.json \\
    --output geometry.parquet --output-record geometry.json

Output: one row a feature: dictionary, trained (with_bias or without_bias), status, density, bias, enc_dec_cosine,
neurons, top_weight, weak_load, weak_shift. The record has medians and shares.
"""

import argparse

import pandas as pd

from monosem.ground.artefacts import read_json, write_record, write_table
from monosem.ground.flags import FILE, FILES, parser_of
from monosem.ground.records import beside, read_table, value_of
from monosem.investigations.geometry import Weights, describe, geometry_table, weak_neurons
from monosem.sae.architectures import ARCHITECTURES
from monosem.sae.autoencoder import load_sae

WITH, WITHOUT = "with_bias", "without_bias"


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--neurons", **FILE, help="features.parquet of the neurons")
    parser.add_argument("--weak", type=float, required=True, help="share of the neurons that are called weak")
    parser.add_argument("--saes", **FILES, help="one autoencoder, or two: with and without pre-encoder bias")
    parser.add_argument("--sae-records", **FILES, help="sae.json, in the same order")
    parser.add_argument("--features", **FILES, help="features.parquet, in the same order")
    parser.add_argument("--evals", **FILES, help="eval.json, in the same order")
    parser.add_argument("--output", **FILE, help="one row a feature (.parquet)")
    parser.add_argument("--output-record", **FILE, help="medians and shares (.json)")
    args = parser.parse_args(argv)
    if not 0 < args.weak < 1:
        raise ValueError(f"--weak {args.weak}: a share between 0 and 1 expected")
    return args


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    weak_N = weak_neurons(read_table(args.neurons, ["max_act"])["max_act"].to_numpy(), args.weak)
    found, tables = {WITH: None, WITHOUT: None}, []
    files = zip(beside(args.features, args.evals), args.saes, args.sae_records, strict=True)
    for (run, features), path, record in files:
        architecture = value_of(read_json(record), "architecture", record)
        centred = ARCHITECTURES[architecture].pre_encoder_bias
        trained = WITH if centred else WITHOUT
        if found[trained]:
            raise ValueError(
                f"{path}: trained {trained.replace('_', ' ')}, as {found[trained]['dictionary']}; give one"
            )
        sae = load_sae(path)
        weights = Weights(*(getattr(sae, field).numpy() for field in Weights._fields))
        columns = read_table(features, ["feature", "status", "density", "enc_dec_cosine"])
        table = columns.merge(geometry_table(weights, weak_N, centred=centred), on="feature", validate="one_to_one")
        found[trained] = {"dictionary": run.dictionary, "architecture": architecture, **describe(table, weights)}
        tables.append(table.assign(dictionary=run.dictionary, trained=trained))
    write_table(args.output, pd.concat(tables, ignore_index=True))
    run, first = beside(args.features, args.evals)[0][0], read_json(args.evals[0])
    fields = {"investigation": "geometry", **run._asdict(), "n_tokens": first["n_tokens"], "n_neurons": weak_N.size}
    write_record(args.output_record, {**fields, **found}, args=args)
    print(f"{', '.join(of['dictionary'] for of in found.values() if of)}: {args.output_record}")


if __name__ == "__main__":
    main()
