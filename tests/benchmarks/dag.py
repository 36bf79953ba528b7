#!/usr/bin/env python3
"""What Snakemake and Python take before any work is done: planning, a run with nothing to do, the start of a job.

Seconds of wall clock, each the least of several repeats in turn, because other work on a machine only ever adds; run it
on an idle machine all the same. The start of a job is that of `python scripts/NAME.py --help`: an interpreter with all
that the script imports at its top, and without what it imports where it is used. Exits with 1 when something takes
longer than it may.

Example, in a folder with a finished default run:
  python tests/benchmarks/dag.py --repeats 5 --project .
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from monosem.ground.markdown import table
from monosem.planning.planned import ROOT, workflow_rules
from monosem.readme.pages import set_tables

DICTIONARIES = 1000
WANTED = {"plan the default config": 3.0, f"plan {DICTIONARIES:,} dictionaries": 20.0, "run with nothing to do": 5.0}
WANTED_START = 2.5


def parse_args(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--finished", type=Path, default=Path(), help="folder with a finished default run")
    parser.add_argument("--repeats", type=int, default=3, help="of everything, in turn")
    parser.add_argument("--project", type=Path, help="set the table in its page with <!-- table:dag-cost -->")
    return parser.parse_args(argv)


def seconds(command: list[str], expected: str = "") -> float:
    """Raises ValueError when the command fails, or does not say what is expected."""
    started = time.perf_counter()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    took = time.perf_counter() - started
    if done.returncode or expected not in done.stdout + done.stderr:
        raise ValueError(f"{' '.join(command)}: not {expected or 'successful'}:\n{(done.stdout + done.stderr)[-2000:]}")
    return took


def snakemake(folder: Path, *words: str) -> list[str]:
    command = [sys.executable, "-m", "snakemake", "--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)]
    return [*command, *words]


def measures(finished: Path, empty: Path) -> dict[str, Callable[[], float]]:
    many = empty / "many.yaml"
    entries = "".join(f"  relu-{number}: {{width: 512, l1: {1 + number / 1000}}}\n" for number in range(DICTIONARIES))
    many.write_text(f"dictionaries:\n{entries}")
    plan, of_many, nothing = WANTED
    runs = {
        plan: lambda: seconds(snakemake(empty, "-n", "-q", "rules")),
        of_many: lambda: seconds(snakemake(empty, "-n", "-q", "rules", "--configfile", str(many))),
        nothing: lambda: seconds(snakemake(finished, "--cores", "2"), expected="Nothing to be done"),
    }
    for script in dict.fromkeys(rule.script for rule in workflow_rules()):
        help_of = [sys.executable, str(ROOT / "scripts" / script), "--help"]
        runs[script] = lambda help_of=help_of: seconds(help_of)
    return runs


def main(argv: list[str] | None = None) -> None:
    args = parse_args(argv)
    seconds(snakemake(args.finished, "-n", "-q", "rules"), expected="Nothing to be done")  # else jobs would start
    with TemporaryDirectory() as empty:
        runs = measures(args.finished.resolve(), Path(empty))
        took = [{name: run() for name, run in runs.items()} for _ in range(args.repeats)]
    least = {name: min(repeat[name] for repeat in took) for name in runs}
    starts = {name: least[name] for name in least if name not in WANTED}
    slowest, quickest = max(starts, key=starts.__getitem__), min(starts, key=starts.__getitem__)
    rows = [(name, f"{least[name]:.1f} s", f"{most:g} s") for name, most in WANTED.items()]
    rows.append((f"start the slowest job, `{slowest}`", f"{starts[slowest]:.1f} s", f"{WANTED_START:g} s"))
    rows.append((f"start the quickest job, `{quickest}`", f"{starts[quickest]:.1f} s", f"{WANTED_START:g} s"))
    found = table(("before any work", "takes", "at most"), rows)
    print("\n".join(f"{name}: {took_s:.2f} s" for name, took_s in sorted(least.items(), key=lambda item: item[1])))
    print(f"\n{found}")
    if args.project:
        set_tables(args.project, {"dag-cost": found})
    limits = {**dict.fromkeys(starts, WANTED_START), **WANTED}
    late = [f"{name}: {least[name]:.2f} s, {most:g} s at most" for name, most in limits.items() if least[name] > most]
    if late:
        sys.exit("\n".join(late))


if __name__ == "__main__":
    main()
