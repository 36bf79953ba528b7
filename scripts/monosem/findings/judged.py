"""Findings on explanations by a language model, tested by a language model; measured where config asks one."""

from collections.abc import Callable

from monosem.findings.finding import Finding, all_of
from monosem.findings.interpretability import runs_of, tokens_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError
from monosem.measures.resampling import share_interval

SECTION = "#appendix-automated-setup"


def asked_note(m: Measurements, names: tuple[str, ...]) -> str:
    runs = [runs_of(m)[name] for name in names]
    counts = [f"{m.number('llm_scores', run, 'n_explained'):.0f} {name}" for name, run in zip(names, runs, strict=True)]
    models = [str(m.field("llm_scores", runs[0], field)) for field in ("explainer", "scorer")]
    return f"{' and '.join(counts)} explained by {models[0]}, tested by {models[1]}"


def median_of(test: str, measure: str, *names: str) -> Callable[[Measurements], Measured]:
    """Medians of one score of one test, for some of: features (of A), neurons (of A), control (its features)."""

    def taken(m: Measurements) -> Measured:
        runs = [runs_of(m)[name] for name in names]
        numbers, ends = {}, {}
        for name, run in zip(names, runs, strict=True):
            numbers[name] = m.number("llm_scores", run, f"{test}.{measure}.median")
            ends |= m.ends("llm_scores", run, {name: f"{test}.{measure}.median"})
        return Measured(numbers, tokens_of(m, runs), runs, asked_note(m, names), ends)

    return taken


def failed_share(m: Measurements) -> Measured:
    names = ("features", "neurons")
    runs = [runs_of(m)[name] for name in names]
    numbers, intervals = {}, {}
    for name, run in zip(names, runs, strict=True):
        asked, explained = (m.number("llm_scores", run, field) for field in ("n_asked", "n_explained"))
        if not asked:
            raise NotMeasuredError(f"no feature of {run} was asked about")
        numbers[name] = 1 - explained / asked
        intervals[name] = share_interval(numbers[name], round(asked))
    return Measured(numbers, tokens_of(m, runs), runs, asked_note(m, names), intervals)


ROWS = (
    Finding(
        "llm-features-beat-neurons",
        SECTION,
        "Explained and simulated by a language model, features are better predicted than neurons.",
        "features > neurons, medians in a figure",
        "V",
        all_of(("features", ">", "neurons")),
        median_of("simulation", "spearman", "features", "neurons"),
        "",
    ),
    Finding(
        "llm-control-beats-features",
        SECTION,
        "Explained and simulated by a language model, features of a transformer with shuffled weights score higher "
        "still.",
        "median of the randomised transformer > A/1",
        "V",
        all_of(("control", ">", "features")),
        median_of("simulation", "spearman", "control", "features"),
        "",
    ),
    Finding(
        "llm-predicts-logits",
        SECTION,
        "From a feature's explanation a language model tells the tokens it promotes from random ones, better than from "
        "a neuron's (accuracy; chance 0.5).",
        "medians 0.74 of features, 0.53 of neurons, 0.50 at random",
        "V",
        all_of(("features", ">=", 0.74), ("features", ">", "neurons")),
        median_of("logits", "accuracy", "features", "neurons"),
        "",
    ),
    Finding(
        "llm-failed-explanations",
        SECTION,
        "A language model asked for an explanation seldom gives none.",
        "no answer for 13 % of features, 19 % of neurons",
        "V",
        all_of(("features", "<=", 0.13), ("neurons", "<=", 0.19)),
        failed_share,
        "",
    ),
)
