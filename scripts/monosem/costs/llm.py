"""What asking a language model costs: seconds, MiB and bytes (`seconds`, `memory` and `disk` have the units).

The time is the server's, of which only the config knows: `machine.llm_s` a feature, for as many requests at once as
`concurrency` allows.
"""

from functools import partial

from monosem.costs.held import PLAIN
from monosem.costs.jobs import Costs, Job
from monosem.costs.rates import START, core

HELD_MIB = 0.1  # of a feature: its windows, requests and answers
ANSWERED = 40 << 10  # bytes of a feature: question and answer in the cache, and a row each in the tables


def asked(job: Job) -> int:
    """Features that are explained: no more than there are."""
    return min(job.features, job.config["autointerp"]["llm"]["n_features"] or job.features)


def answered(job: Job, who: str) -> float:
    llm = job.config["autointerp"]["llm"]
    concurrency = {**llm["explainer"], **llm[who]}["concurrency"]
    return core(job, START) + asked(job) * job.config["machine"]["llm_s"] / concurrency


def memory(job: Job) -> float:
    return PLAIN + job.features * 20 / 1024 + HELD_MIB * asked(job)


def disk(job: Job) -> tuple[float, float]:
    return ANSWERED * asked(job), 0.0


COSTS = {
    "explain_features": Costs(partial(answered, who="explainer"), memory, disk),
    "score_explanations": Costs(partial(answered, who="scorer"), memory, disk),
}
