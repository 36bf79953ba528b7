"""Findings on interpretability: scores of explanations without a language model, and ratings by people."""

from collections.abc import Callable

from monosem.findings.finding import SCORE_TABLE, Finding, all_of
from monosem.findings.main_path import density_tokens
from monosem.findings.measurements import Measured, Measurements
from monosem.ground.records import CONTROL, NEURONS, SCORE_COUNT, ZERO_SHARE, Run
from monosem.measures.resampling import share_interval


def runs_of(m: Measurements) -> dict[str, Run]:
    return {"features": m.run("A"), "neurons": m.run("A", NEURONS), "control": m.run(CONTROL)}


def scored_note(m: Measurements, names: tuple[str, ...]) -> str:
    counts = [f"{m.number('scores', runs_of(m)[name], SCORE_COUNT):.0f} {name}" for name in names]
    return f"scored: {', '.join(counts)}"


def tokens_of(m: Measurements, runs: list[Run]) -> float:
    return min(density_tokens(m, run) for run in runs)


def median_scores(higher: str, lower: str, measure: str = "spearman") -> Callable[[Measurements], Measured]:
    """Median scores of two of: features (of A), neurons (of A), control (its features); and their difference."""

    def measured(m: Measurements) -> Measured:
        runs = [runs_of(m)[name] for name in (higher, lower)]
        numbers = {name: m.number("scores", runs_of(m)[name], f"{measure}.median") for name in (higher, lower)}
        numbers["difference"], *ends = m.score_difference(*runs, measure)
        intervals = {"difference": tuple(ends)}
        return Measured(numbers, tokens_of(m, runs), runs, scored_note(m, (higher, lower)), intervals)

    return measured


def single_token_features(m: Measurements) -> Measured:
    runs = {"control": m.run(CONTROL), "features": m.run("A")}
    shares = {name: m.single_token_share(run) for name, run in runs.items()}
    judged = {name: len(m.single_token_judged(run)) for name, run in runs.items()}
    note = f"judged: {', '.join(f'{n} {name}' for name, n in judged.items())}"
    intervals = {name: share_interval(shares[name], judged[name]) for name in runs}
    return Measured(shares, tokens_of(m, list(runs.values())), list(runs.values()), note, intervals)


def zeros_in_random_windows(m: Measurements) -> Measured:
    names = ("features", "neurons")
    runs = [runs_of(m)[name] for name in names]
    numbers, ends = {}, {}
    for name, run in zip(names, runs, strict=True):
        numbers[name] = m.number("scores", run, ZERO_SHARE)
        ends |= m.ends("scores", run, {name: ZERO_SHARE})
    return Measured(numbers, tokens_of(m, runs), runs, scored_note(m, names), ends)


def rated_by_people(m: Measurements) -> Measured:
    names = ("features", "neurons")
    runs = [runs_of(m)[name] for name in names]
    medians = {name: m.rating(runs_of(m)[name], "median") for name in names}
    rated = ", ".join(f"{m.rating(runs_of(m)[name], 'n'):.0f} of {name}" for name in names)
    return Measured(medians, tokens_of(m, runs), runs, f"intervals rated: {rated}")


ROWS = (
    Finding(
        "features-beat-neurons",
        "#appendix-automated-setup",
        "Explained by a token table (the offline explainer), features are better predicted than neurons.",
        "features > neurons, medians in a figure",
        "V",
        all_of(("difference", ">", 0)),
        median_scores("features", "neurons"),
        "scores",
    ),
    Finding(
        "features-beat-neurons-weighted",
        "#appendix-automated-setup",
        "So are they where each window weighs what it stands for in the text: random ones 1, those of an interval of "
        "activation as often as it occurs.",
        "importance-weighted scores, in a figure",
        "U",
        all_of(("difference", ">", 0)),
        median_scores("features", "neurons", "spearman_weighted"),
        SCORE_TABLE,
    ),
    Finding(
        "control-beats-features",
        "#appendix-automated-setup",
        "Explained by a token table (as above), features of a transformer with shuffled weights score higher still.",
        "median of the randomised transformer > A/1",
        "V",
        all_of(("difference", ">", 0)),
        median_scores("control", "features"),
        "scores",
    ),
    Finding(
        "control-is-single-token",
        "#appendix-automated-setup",
        "They do so because more of them fire on one single token than features of model A.",
        "randomised features are single-token features",
        "V",
        all_of(("control", ">", "features")),
        single_token_features,
        SCORE_TABLE,
    ),
    Finding(
        "neurons-fire-more",
        "#appendix-automated-setup",
        "A token drawn at random leaves more features inactive than neurons (mean share of zeros in random windows).",
        "zeros in random examples: mean 88 % of features, 54 % of neurons",
        "V",
        all_of(("features", ">", "neurons")),
        zeros_in_random_windows,
        SCORE_TABLE,
    ),
    Finding(
        "people-prefer-features",
        "#appendix-rubric",
        "People who do not know which is which find intervals of features more interpretable than those of neurons.",
        "medians 12 and 0 of 14, one rater",
        "V",
        all_of(("features", ">", "neurons")),
        rated_by_people,
        "",
    ),
)
