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
from monosem.figures.script import Drawn, file, plot
from monosem.ground.artefacts import read_json
from monosem.ground.records import read_table, run_of, value_of

PAIRS = ["feature", "effect", "attribution", "gradient"]
STRATA = ["stratum", "low", "high", "n", "attribution", "divided", "gradient", "frozen"]
FLAGS = {
    "record": file("effects.json of ablate_features.py"),
    "pairs": file("its pairs.parquet"),
    "strata": file("its strata.tsv"),
}


def draw(args: argparse.Namespace) -> Drawn:
    record = read_json(args.record)
    correlations = value_of(record, "correlation", args.record)
    tables = read_table(args.pairs, PAIRS), read_table(args.strata, STRATA)
    return ablations(*tables, correlations, str(run_of(record, args.record)))


def main(argv: list[str] | None = None) -> None:
    plot(__doc__, FLAGS, draw, argv)


if __name__ == "__main__":
    main()
