#!/usr/bin/env python3
"""Draw what the next token loses when a feature is ablated, against what the feature's weights say it gives.

Above, every ablation: against activation times logit weight, which the paper takes for a feature's effect, and against
activation times gradient, which knows of LayerNorm and softmax; on the dashed line both sides are equal. Below, how
well each of four predictions correlates with the true effect, by the size of what was taken away and by how often the
feature fires. Writes an SVG, and the correlations as a table.

Example:
  D=results/investigations/effects; python scripts/plot/effects.py --record $D/effects.json --pairs $D/pairs.parquet \\
      --strata $D/strata.tsv --output results/figures/effects.svg --output-data results/figures/effects.tsv
"""

import argparse
import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))

from monosem.figures.effects import ablations
from monosem.figures.style import save, theme
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, value_of

MEASURES = ["attribution", "divided", "gradient", "frozen"]


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--record", type=Path, required=True, help="effects.json of ablate_features.py")
    parser.add_argument("--pairs", type=Path, required=True, help="its pairs.parquet")
    parser.add_argument("--strata", type=Path, required=True, help="its strata.tsv")
    parser.add_argument("--output", type=Path, required=True, help="figure (.svg)")
    parser.add_argument("--output-data", type=Path, required=True, help="its numbers (.tsv)")
    return parser.parse_args(argv)


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    record = read_json(args.record)
    pairs = read_table(args.pairs, ["feature", "effect", "attribution", "gradient"])
    strata = read_table(args.strata, ["stratum", "low", "high", "n", *MEASURES])
    where = "/".join(record[name] for name in ("model", "site", "dictionary"))
    with theme():
        figure, data = ablations(pairs, strata, value_of(record, "correlation", args.record), where)
        save(figure, data, output=args.output, output_data=args.output_data)


if __name__ == "__main__":
    main()
