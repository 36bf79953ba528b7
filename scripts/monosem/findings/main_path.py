"""How the main path's findings are measured: pure functions from the measurements to a few named numbers."""

from collections.abc import Callable
from itertools import pairwise

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

ULTRALOW = 1e-6  # density under which the paper calls a feature ultralow, over 100 M tokens
ULTRALOW_TOKENS = 10_000_000  # held-out tokens at which that density means ten expected firings
EXPANSION_A5 = 256  # features per neuron of the paper's widest run, A/5


def sparse_yet_faithful(model: str) -> Callable[[Measurements], Measured]:
    def measure(m: Measurements) -> Measured:
        run = m.run(model)
        numbers = {"L0": m.number("evals", run, "l0"), "loss recovered": recovered_share(m, run)}
        return Measured(numbers, m.number("evals", run, "loss_tokens"), [run])

    return measure


def wider_recovers_more(m: Measurements) -> Measured:
    runs = sweep_runs(m, "A")
    recovered = [recovered_share(m, run) for run in runs]
    steps = [wide - narrow for narrow, wide in pairwise(recovered)]
    numbers = {"narrowest": recovered[0], "widest": recovered[-1], "smallest gain of a step": min(steps)}
    return Measured(numbers, m.number("evals", runs[-1], "loss_tokens"), runs)


def widest_recovers(m: Measurements) -> Measured:
    widest = sweep_runs(m, "A")[-1]
    times = expansion(m, widest)
    if times < EXPANSION_A5:
        raise NotMeasuredError(f"needs a dictionary {EXPANSION_A5} times wider than the MLP, widest is {times:.4g}")
    recovered = recovered_share(m, widest)
    return Measured({"loss recovered": recovered}, m.number("evals", widest, "loss_tokens"), [widest])


def mlp_matters(m: Measurements) -> Measured:
    run = m.run("A")
    numbers = {name: m.number("evals", run, f"loss_{name}") for name in ("clean", "zero", "mean")}
    return Measured(numbers, m.number("evals", run, "loss_tokens"), [run])


def dead_share(m: Measurements) -> Measured:
    run = m.run("A")
    dead = m.number("evals", run, "n_dead") / m.number("evals", run, "n_features")
    return Measured({"dead": dead}, density_tokens(m, run), [run])


def density_tokens(m: Measurements, run: Run) -> float:
    return m.number("evals", run, DENSITY_TOKENS)


def ultralow_share(m: Measurements) -> Measured:
    run = m.run("A")
    density = m.feature_table(run)["density"]
    tokens = density_tokens(m, run)
    if tokens < ULTRALOW_TOKENS:
        raise NotMeasuredError(f"needs {ULTRALOW_TOKENS} held-out tokens to tell 1e-06 from never, has {tokens:.0f}")
    return Measured(
        {"ultralow": float(density.between(0, ULTRALOW, inclusive="neither").mean(skipna=False))}, tokens, [run]
    )


def alive_densities(m: Measurements) -> Measured:
    run = m.run("A")
    density = m.feature_table(run)["density"]
    alive = density[density > 0]
    if alive.empty:
        raise NotMeasuredError(f"every feature of {run} is dead")
    numbers = {
        "share within 1e-6 and 1e-3": float(alive.between(1e-6, 1e-3).mean(skipna=False)),
        "share under 1e-2": float((alive < 1e-2).mean()),
        "median density": float(alive.median(skipna=False)),
    }
    return Measured(numbers, density_tokens(m, run), [run])


def matched_note(m: Measurements, run: Run) -> str:
    matched, dead = (m.number("universality", run, field) for field in (MATCH_COUNT, MATCH_DEAD))
    return f"{matched:.0f} matched, {dead:.0f} dead excluded"


def universality(m: Measurements) -> Measured:
    run = m.universality_run(m.headline)
    numbers = {"features": m.number("universality", run, MATCH_MEDIAN)}
    return Measured(numbers, m.number("universality", run, "n_tokens"), [run], matched_note(m, run))


def universality_against_neurons(m: Measurements) -> Measured:
    runs = [m.universality_run(m.headline), m.universality_run(NEURONS)]
    features, neurons = (m.number("universality", run, MATCH_MEDIAN) for run in runs)
    tokens = min(m.number("universality", run, "n_tokens") for run in runs)
    note = f"features: {matched_note(m, runs[0])}; neurons: {matched_note(m, runs[1])}"
    return Measured({"features": features, "neurons": neurons}, tokens, runs, note)


def universality_of_logits(m: Measurements) -> Measured:
    run = m.universality_run(m.headline)
    fields = {"logit weights": LOGIT_MATCH_MEDIAN, "activations": MATCH_MEDIAN}
    numbers = {name: m.number("universality", run, field) for name, field in fields.items()}
    return Measured(numbers, m.number("universality", run, "n_tokens"), [run])
