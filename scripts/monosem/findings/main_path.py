"""How the main path's findings are measured: pure functions from the measurements to a few named numbers."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from monosem.findings.intervals import drawn_l0, drawn_loss, drawn_recovered, intervals
from monosem.findings.measurements import (
    Measured,
    Measurements,
    NotMeasuredError,
    expansion,
    recovered_share,
    sweep_runs,
)
from monosem.ground.records import (
    DENSITY_TOKENS,
    LOGIT_MATCH_MEDIAN,
    MATCH_COUNT,
    MATCH_DEAD,
    MATCH_MEDIAN,
    NEURONS,
    Run,
)
from monosem.measures.resampling import Interval, share_interval

ULTRALOW = 1e-6  # density under which the paper calls a feature ultralow, over 100 M tokens
ULTRALOW_TOKENS = 10_000_000  # held-out tokens at which that density means ten expected firings
EXPANSION_A5 = 256  # features per neuron of the paper's widest run, A/5


def sparse_yet_faithful(model: str) -> Callable[[Measurements], Measured]:
    def measure(m: Measurements) -> Measured:
        run = m.run(model)
        numbers = {"L0": m.number("evals", run, "l0"), "loss recovered": recovered_share(m, run)}
        drawn = intervals({"L0": drawn_l0(m, run), "loss recovered": drawn_recovered(m, run)})
        rescaled = m.record("evals", run).get("loss_recovered_rescaled")
        note = f"{rescaled:.4g} with all codes times {m.number('evals', run, 'rescaling'):.3g}" if rescaled else ""
        return Measured(numbers, m.number("evals", run, "loss_tokens"), [run], note, drawn)

    return measure


def wider_recovers_more(m: Measurements) -> Measured:
    runs = sweep_runs(m, "A")
    names = ("narrowest", "widest", "smallest gain of a step")
    numbers = dict(zip(names, with_smallest_step([recovered_share(m, run) for run in runs]), strict=True))
    drawn = [drawn_recovered(m, run) for run in runs]
    found = {} if any(draws is None for draws in drawn) else zip(names, with_smallest_step(drawn), strict=True)
    return Measured(numbers, m.number("evals", runs[-1], "loss_tokens"), runs, intervals=intervals(dict(found)))


def with_smallest_step(recovered: list[Any]) -> tuple[Any, Any, Any]:
    """Of the narrowest, of the widest, and the smallest gain from one to the next; numbers, or draws of them."""
    steps = [wide - narrow for narrow, wide in pairwise(recovered)]
    return recovered[0], recovered[-1], np.minimum.reduce(steps)


def widest_recovers(m: Measurements) -> Measured:
    widest = sweep_runs(m, "A")[-1]
    times = expansion(m, widest)
    if times < EXPANSION_A5:
        raise NotMeasuredError(f"needs a dictionary {EXPANSION_A5} times wider than the MLP, widest is {times:.4g}")
    recovered = recovered_share(m, widest)
    drawn = intervals({"loss recovered": drawn_recovered(m, widest)})
    return Measured({"loss recovered": recovered}, m.number("evals", widest, "loss_tokens"), [widest], intervals=drawn)


def mlp_matters(m: Measurements) -> Measured:
    run = m.run("A")
    numbers = {name: m.number("evals", run, f"loss_{name}") for name in ("clean", "zero")}
    losses = {name: drawn_loss(m, run, name) for name in numbers}
    numbers["cost"] = numbers["zero"] - numbers["clean"]
    if losses["clean"] is not None:
        losses["cost"] = losses["zero"] - losses["clean"]
    return Measured(numbers, m.number("evals", run, "loss_tokens"), [run], intervals=intervals(losses))


def low_share(m: Measurements) -> Measured:
    """Dead or ultralow, as far as the text can tell one from the other; of fewer than a million tokens, dead."""
    run = m.run("A")
    density = m.feature_table(run)["density"]
    numbers = {"dead or ultralow": float((density < ULTRALOW).mean()), "dead": float((density == 0).mean())}
    return Measured(numbers, density_tokens(m, run), [run], intervals=of_features(numbers, len(density)))


def of_features(shares: dict[str, float], n: int) -> dict[str, Interval]:
    """Intervals of shares of a dictionary's features, over others that might have been learnt."""
    return {name: share_interval(share, n) for name, share in shares.items()}


def density_tokens(m: Measurements, run: Run) -> float:
    return m.number("evals", run, DENSITY_TOKENS)


def ultralow_share(m: Measurements) -> Measured:
    run = m.run("A")
    density = m.feature_table(run)["density"]
    tokens = density_tokens(m, run)
    if tokens < ULTRALOW_TOKENS:
        raise NotMeasuredError(f"needs {ULTRALOW_TOKENS} held-out tokens to tell 1e-06 from never, has {tokens:.0f}")
    numbers = {"ultralow": float(density.between(0, ULTRALOW, inclusive="neither").mean(skipna=False))}
    return Measured(numbers, tokens, [run], intervals=of_features(numbers, len(density)))


def alive_densities(m: Measurements) -> Measured:
    run = m.run("A")
    density = m.feature_table(run)["density"]
    alive = density[density > 0]
    if alive.empty:
        raise NotMeasuredError(f"every feature of {run} is dead")
    numbers = {
        "share within 1e-6 and 1e-3": float(alive.between(1e-6, 1e-3).mean(skipna=False)),
        "share under 1e-2": float((alive < 1e-2).mean()),
    }
    found = of_features(numbers, len(alive))
    numbers["median density"] = float(alive.median(skipna=False))
    return Measured(numbers, density_tokens(m, run), [run], intervals=found)


def matched_note(m: Measurements, run: Run) -> str:
    matched, dead = (m.number("universality", run, field) for field in (MATCH_COUNT, MATCH_DEAD))
    return f"{matched:.0f} matched, {dead:.0f} dead excluded"


def universality(m: Measurements) -> Measured:
    run = m.universality_run(m.headline)
    numbers = {"features": m.number("universality", run, MATCH_MEDIAN)}
    ends = m.ends("universality", run, {"features": MATCH_MEDIAN})
    return Measured(numbers, m.number("universality", run, "n_tokens"), [run], matched_note(m, run), ends)


def universality_against_neurons(m: Measurements) -> Measured:
    runs = [m.universality_run(m.headline), m.universality_run(NEURONS)]
    features, neurons = (m.number("universality", run, MATCH_MEDIAN) for run in runs)
    tokens = min(m.number("universality", run, "n_tokens") for run in runs)
    note = f"features: {matched_note(m, runs[0])}; neurons: {matched_note(m, runs[1])}"
    ends = {}
    for name, run in zip(("features", "neurons"), runs, strict=True):
        ends |= m.ends("universality", run, {name: MATCH_MEDIAN})
    return Measured({"features": features, "neurons": neurons}, tokens, runs, note, ends)


def universality_of_logits(m: Measurements) -> Measured:
    run = m.universality_run(m.headline)
    fields = {"logit weights": LOGIT_MATCH_MEDIAN, "activations": MATCH_MEDIAN}
    numbers = {name: m.number("universality", run, field) for name, field in fields.items()}
    return Measured(numbers, m.number("universality", run, "n_tokens"), [run])
