#!/usr/bin/env python3
"""What a config will take: jobs, CPU- and GPU-hours, memory, disk and wall clock, before anything is run.

Snakemake plans the jobs of the config, and each job costs what the formulas of scripts/monosem/costs/ say: the same by
which the rules ask for memory and time. Rates of a CPU were measured on one machine; those of a GPU are its peak times
a share, from the config's `machine`, and assumed. With --benchmarks a finished run of the same config is set beside the
estimate, and the last line says which `machine.core` would have made the sum right: put it into your own config.

Example:
  python scripts/estimate.py --config config/paper.yaml --cores 256 --gpus 16
  python scripts/estimate.py --cores 2 --benchmarks results/benchmarks
"""

import argparse
from pathlib import Path

from monosem.ground.configs import config_of
from monosem.ground.flags import parser_of
from monosem.planning.expected import Expected, compared, compared_table, expected, expected_table
from monosem.planning.measured import duration, elapsed_seconds
from monosem.planning.planned import planned_jobs
from monosem.planning.schedule import wall_seconds
from monosem.readme.pages import set_tables


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = parser_of(__doc__)
    parser.add_argument("--config", type=Path, nargs="+", default=[], help="merged onto the default, in this order")
    parser.add_argument("--cores", type=int, default=2, help="CPU cores in all")
    parser.add_argument("--gpus", type=int, default=1, help="GPUs in all; used by jobs that ask for one")
    parser.add_argument("--benchmarks", type=Path, help="of a finished run of this config: results/benchmarks")
    parser.add_argument("--project", type=Path, help="set the comparison in its page with <!-- table:estimate -->")
    args = parser.parse_args(argv)
    if args.project and not args.benchmarks:
        parser.error("--project: --benchmarks is needed beside it")
    return args


def comparison(rows: list[Expected], args: argparse.Namespace, wall_s: float, core: float) -> tuple[str, str]:
    """A table, and a sentence about this machine."""
    files = {row.job.benchmark: args.benchmarks / Path(*Path(row.job.benchmark).parts[2:]) for row in rows}
    found = compared(rows, files)
    if len({row.rule for row in found}) < len({row.job.rule for row in rows}):
        raise ValueError(f"{args.benchmarks}: not of a finished run of this config; run it, or give its --config")
    core *= sum(row.expected_s for row in found) / sum(row.measured.wall_s for row in found)
    table = compared_table(found, elapsed_seconds(files.values()), wall_s)
    return table, f"A core of the machine of that run is `machine: {{core: {core:.2f}}}`."


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    config = config_of(*args.config)
    needed = config["lm"]["processes"] * config["lm"]["nodes"] if config["device"] == "cuda" else 0
    if needed > args.gpus:
        raise ValueError(f"--gpus {args.gpus}: lm.processes x lm.nodes is {needed}; give as many GPUs, or lower either")
    jobs = planned_jobs(args.config, args.cores, args.gpus)
    rows = expected(jobs, config)
    wall_s = wall_seconds(jobs, [row.seconds for row in rows], args.cores, args.gpus)
    print(expected_table(rows))
    print(f"\nWall clock on {args.cores} cores and {args.gpus} GPUs: {duration(wall_s)}.")
    if args.benchmarks:
        table, sentence = comparison(rows, args, wall_s, config["machine"]["core"])
        print(f"\n{table}\n\n{sentence}")
        if args.project:
            set_tables(args.project, {"estimate": table})


if __name__ == "__main__":
    main()
