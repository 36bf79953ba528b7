"""The formulas by which every rule's jobs cost, a line a rule, and what they come to."""

from math import ceil
from typing import NamedTuple

from monosem.costs import (
    browser,
    disk,
    effects,
    interchange,
    investigations,
    llm,
    memory,
    theory,
    theory_ideal,
    theory_toy,
)
from monosem.costs import seconds as work
from monosem.costs.held import MIB
from monosem.costs.jobs import Costs, Job

LEAST = 1024  # MiB: SLURM counts Snakemake itself to a job
LITTLE = 2.0  # MiB on disk: figures, tables, records

SAMPLING = Costs(work.examples, memory.examples, disk.examples)
COPYING = Costs(work.shuffle_lm, memory.shuffle_lm, disk.shuffle_lm)
TABLES = Costs(work.tables, memory.tables)
FIGURE = Costs(work.plot, memory.tables)  # as of every rule that is not named
COSTS = {
    "build_corpus": Costs(work.corpus, memory.corpus, disk.corpus),
    "train_tokenizer": Costs(work.tokenizer, memory.tokenizer),
    "pack_tokens": Costs(work.tokens, memory.tokens, disk.tokens),
    "train_lm": Costs(work.train_lm, memory.train_lm, disk.train_lm),
    "shuffle_lm": COPYING,
    "import_lm": COPYING,
    "collect_acts": Costs(work.collect, memory.collect, disk.collect),
    "store_acts": Costs(work.store, memory.store, disk.store),
    "train_sae": Costs(work.train_sae, memory.train_sae, disk.train_sae),
    "measure_losses": Costs(work.losses, memory.losses),
    "evaluate_dictionary": Costs(work.evaluate, memory.evaluate, disk.evaluate),
    "draw_directions": Costs(work.directions, memory.directions),
    "sample_examples": SAMPLING,
    "sample_contexts": SAMPLING,
    "sample_intervals": SAMPLING,
    "score_features": Costs(work.scores, memory.scores),
    "match_features": Costs(work.match, memory.match),
    "compile_findings": TABLES,
    "build_report": TABLES,
    **browser.COSTS,
    **effects.COSTS,
    **interchange.COSTS,
    **investigations.COSTS,
    **llm.COSTS,
    **theory.COSTS,
    **theory_ideal.COSTS,
    **theory_toy.COSTS,
}


class Disk(NamedTuple):
    """MiB."""

    kept: float
    temporary: float


def seconds(job: Job) -> float:
    return COSTS.get(job.rule, FIGURE).seconds(job)


def memory_mib(job: Job) -> int:
    return max(LEAST, ceil(needed_mib(job)))


def needed_mib(job: Job) -> float:
    return COSTS.get(job.rule, FIGURE).memory(job)


def disk_mib(job: Job) -> Disk:
    kept, temporary = COSTS.get(job.rule, FIGURE).disk(job)
    return Disk(LITTLE + kept / MIB, temporary / MIB)
