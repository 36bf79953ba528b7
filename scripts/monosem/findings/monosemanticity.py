"""Findings on what features and neurons stand for: purity, the neuron basis, tokens in context, dead features.

Of numbers that the paper does not give, one criterion is ours: 0.9 of told-apart, where it says that clusters separate.
The number in spread-over-neurons is that of N. Nanda's replication, printed with the paper, whose definition of `dense`
is not known; here more than ten neurons by participation ratio.
"""

from collections.abc import Callable

from monosem.findings.discussion import SECTION as DISCUSSION
from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError
from monosem.ground.records import NEURONS
from monosem.measures.resampling import share_interval

PURITY, GEOMETRY, TOKENS = "purity", "geometry", "tokens"


def purer(label: str) -> Callable[[Measurements], Measured]:
    def measure(m: Measurements) -> Measured:
        fields = {kind: f"{label}.{kind}.median" for kind in ("features", "neurons", "strongest of neurons")}
        runs = [m.run_of(PURITY), m.run_of(PURITY, NEURONS)]
        return m.reported(PURITY, {**fields, "all text": f"{label}.all_tokens"}, runs=runs)

    return measure


def geometry(trained: str, fields: dict[str, str]) -> Callable[[Measurements], Measured]:
    def measure(m: Measurements) -> Measured:
        require(m, trained)
        note = f"{m.found(GEOMETRY, f'{trained}.n_low'):.0f} dead or ultralow"
        own = {label: f"{trained}.{field}" for label, field in fields.items()}
        measured, n_alive = m.reported(GEOMETRY, own, note), m.found(GEOMETRY, f"{trained}.basis.neurons.n")
        shares = [label for label, field in fields.items() if field.startswith("basis.")]
        intervals = {label: share_interval(measured.numbers[label], round(n_alive)) for label in shares}
        return measured._replace(intervals={**measured.intervals, **intervals})

    return measure


def require(m: Measurements, trained: str) -> None:
    if m.investigation(GEOMETRY)[trained] is None:
        raise NotMeasuredError(f"needs a dictionary trained {trained.replace('_', ' ')}: config/pre_encoder_bias.yaml")


def without_bias(fields: dict[str, str]) -> Callable[[Measurements], Measured]:
    """The same field of the dictionaries with and without pre-encoder bias."""

    def measure(m: Measurements) -> Measured:
        for trained in ("with_bias", "without_bias"):
            require(m, trained)
        other = str(m.investigation(GEOMETRY)["without_bias"]["dictionary"])
        return m.reported(GEOMETRY, fields, runs=[m.run_of(GEOMETRY), m.run_of(GEOMETRY, other)])

    return measure


def of_word(fields: dict[str, str]) -> Callable[[Measurements], Measured]:
    def measure(m: Measurements) -> Measured:
        runs = [m.run_of(TOKENS, name) for name in m.sweep]
        note = f"token {m.investigation(TOKENS)['word']['text']!r}"
        measured = m.reported(TOKENS, {label: f"word.{field}" for label, field in fields.items()}, note, runs)
        if "in context" not in measured.numbers or not measured.numbers["features"]:
            return measured
        of_share = share_interval(measured.numbers["in context"], round(measured.numbers["features"]))
        return measured._replace(intervals={"in context": of_share})

    return measure


LESS_MIXED = all_of(("features", "<", "neurons"), ("features", "<", "strongest of neurons"))

ROWS = (
    Finding(
        "purer-in-category",
        "#appendix-rubric",
        "The text on which a feature is active is less mixed in its kind than that of a neuron, also on the neuron's "
        "strongest tokens only, as many as a feature has (medians of the entropy of document categories, bits).",
        "rubric with specificity in it: median of features 12, of neurons 0, of 14",
        "I",
        LESS_MIXED,
        purer("category"),
        "purity",
    ),
    Finding(
        "purer-in-token",
        "#appendix-rubric",
        "So are the tokens themselves (medians of the entropy of tokens, bits).",
        "rubric with specificity in it: median of features 12, of neurons 0, of 14",
        "I",
        LESS_MIXED,
        purer("token"),
        "purity",
    ),
    Finding(
        "spread-over-neurons",
        "#comment-nanda",
        "Nearly every feature is spread over many neurons (more than ten by participation ratio of its decoder row).",
        "one neuron 4 %, 2 to 10 neurons 4 %, dense 92 %",
        "V",
        all_of(("dense", ">=", 0.92)),
        geometry("with_bias", {"one neuron": "basis.one", "2 to 10": "basis.few", "dense": "basis.dense"}),
        "neuron_basis",
    ),
    Finding(
        "more-features-of-a-token",
        "#phenomenology-feature-splitting",
        "Each wider dictionary has more features for the token `the`.",
        "over 100 in A/4, of 65,536 features",
        "I",
        all_of(("smallest gain", ">", 0)),
        of_word({"narrowest": "narrowest", "widest": "widest", "smallest gain": "smallest_step"}),
        "token_features",
    ),
    Finding(
        "token-in-context",
        "#discussion-token-in-context",
        "Most features that the widest dictionary has for `the` fire on less than half of its occurrences.",
        "over 100 for one token at fewer than 20 active features a token",
        "I",
        all_of(("in context", ">", 0.5)),
        of_word({"in context": "in_context_share_of_widest", "features": "widest"}),
        "token_features",
    ),
    Finding(
        "low-clusters-separate",
        "#appendix-feature-density",
        "Features that are dead (or, over enough tokens, ultralow) are told from the others by encoder bias and cosine "
        "of encoder and decoder (the chance that the best combination of both is larger for one of them; 0.5 tells "
        "nothing).",
        "overlapping clusters of densities separate by encoder bias and encoder-decoder cosine",
        "I",
        all_of(("both", ">=", 0.9)),
        geometry("with_bias", {name: f"told_apart_by.{name}" for name in ("bias", "cosine", "both")}),
        "low_features",
    ),
    Finding(
        "low-encoders-alike",
        "#comment-nanda",
        "The encoders of dead (or ultralow) features point the same way, more than their decoders (mean cosine of "
        "two).",
        "of ultralow features: nearly one shared encoder direction; decoders not similar",
        "I",
        all_of(("encoders", ">", "decoders"), ("encoders", ">", "encoders of others")),
        geometry(
            "with_bias",
            {
                "encoders": "likeness.encoders.low",
                "decoders": "likeness.decoders.low",
                "encoders of others": "likeness.encoders.alive",
                "decoders of others": "likeness.decoders.alive",
            },
        ),
        "low_features",
    ),
    Finding(
        "low-load-on-weak-neurons",
        DISCUSSION,
        "Encoders of dead (or ultralow) features load on weak neurons more than others do (median share of the squared "
        "encoder on the quarter of the neurons that never fire strongly; their encoders are nearly one direction).",
        "ultralow encoders load on always-weakly-firing neurons (Anthropic, February 2024)",
        "D",
        all_of(("dead or ultralow", ">", "others")),
        geometry("with_bias", {"dead or ultralow": "weak_load.low", "others": "weak_load.alive"}),
        "low_features",
    ),
    Finding(
        "bias-lets-features-die",
        DISCUSSION,
        "Without the pre-encoder bias, all else equal, fewer features are dead or ultralow.",
        "drop the pre-encoder bias (Anthropic, February 2024)",
        "D",
        all_of(("without", "<", "with")),
        without_bias({"with": "with_bias.low_share", "without": "without_bias.low_share"}),
        "low_features",
    ),
    Finding(
        "bias-loads-weak-neurons",
        DISCUSSION,
        "Without it, encoders of dead and ultralow features exceed others less in their load on weak neurons.",
        "they do so through the pre-encoder bias (Anthropic, February 2024)",
        "D",
        all_of(("without", "<", "with")),
        without_bias({"with": "with_bias.weak_load.gap", "without": "without_bias.weak_load.gap"}),
        "low_features",
    ),
)
