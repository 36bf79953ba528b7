#!/usr/bin/env python3
"""Set what the jobs of two runs took side by side, rule by rule: of code before and after a change, on one machine.

Give the `results/benchmarks` of each run. Job-seconds add up over jobs that ran side by side. Rules that took little
are summed up in one row; where a rule is in one run only, the other took 0.

Example:
  python tests/benchmarks/stages.py ../before/results/benchmarks results/benchmarks
"""

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from monosem.ground.machine import machine
from monosem.ground.markdown import table
from monosem.planning.measured import Cost, read_cost

COLUMNS = ("rule", "jobs", "before, s", "after, s", "after / before")


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("before", type=Path, help="results/benchmarks of one run")
    parser.add_argument("after", type=Path, help="of the other")
    parser.add_argument("--least", type=float, default=0.01, help="share of the time under which rules are summed up")
    return parser.parse_args()


def costs(benchmarks: Path) -> dict[str, Cost]:
    return {folder.name: read_cost(folder.rglob("*.tsv")) for folder in sorted(benchmarks.iterdir())}


def row(name: str, found: list[tuple[Cost, Cost]]) -> tuple[str, ...]:
    jobs, before, after = (
        sum(numbers) for numbers in zip(*((b.jobs, a.wall_s, b.wall_s) for a, b in found), strict=True)
    )
    ratio = f"{after / before:.2f}" if before else "new"
    return name, f"{jobs}", f"{before:,.0f}", f"{after:,.0f}", ratio


def main() -> None:
    args = parse_args()
    before, after = costs(args.before), costs(args.after)
    none = Cost(0, 0.0, 0.0, 0.0)
    both = {name: (before.get(name, none), after.get(name, none)) for name in {**before, **after}}
    total = sum(a.wall_s + b.wall_s for a, b in both.values())
    large = {name: pair for name, pair in both.items() if pair[0].wall_s + pair[1].wall_s >= args.least * total}
    order = sorted(large, key=lambda name: -large[name][0].wall_s)
    rest = [pair for name, pair in both.items() if name not in large]
    rows = [row(f"`{name}`", [large[name]]) for name in order]
    rows += [row(f"{len(rest)} others", rest)] if rest else []
    print(f"{machine()['processor']}, {machine()['cpus']} cores\n")
    print(table(COLUMNS, [*rows, row("all", list(both.values()))]))


if __name__ == "__main__":
    main()
