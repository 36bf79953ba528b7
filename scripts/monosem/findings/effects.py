"""Findings on what features do: ablated where they fire, and pinned while the model writes.

The paper shows ablations and steering by example and names no share or correlation. Where an example is of one context,
the criterion is its direction. The 0.5 under ablation-agrees-with-weights is ours, set before the first run.
"""

from collections.abc import Callable

from monosem.findings.finding import Finding, all_of, changed
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

ABLATION, STEERING = "effects", "steering"
SECTION = "#feature-analysis"
CONTEXTS = ("Arabic", "Hebrew", "DNA", "base64")  # of the paper's case studies


def ablated(m: Measurements, **fields: str) -> Measured:
    note = f"{m.found(ABLATION, 'n_pairs'):.0f} ablations of {m.found(ABLATION, 'n_features'):.0f} features"
    return m.reported(ABLATION, fields, note)


def agreement(m: Measurements) -> Measured:
    fields = {"with_the_divisor": "correlation.divided", "without": "correlation.attribution"}
    return ablated(m, **fields, median_feature="of_a_feature.divided.median")


def helpfulness(m: Measurements) -> Measured:
    return ablated(m, share_of_features="share_helpful")


def steered(field: str) -> Callable[[Measurements], Measured]:
    """One number of each context, at the paper's multiple."""

    def measure(m: Measurements) -> Measured:
        found = m.investigation(STEERING)["contexts"]
        missing = [name for name in CONTEXTS if name not in found]
        if missing:
            raise NotMeasuredError(f"needs a feature of {', '.join(missing)} to steer with")
        perplexities = [f"{m.found(STEERING, f'contexts.{name}.perplexity'):.0f}" for name in CONTEXTS]
        without = f"{m.found(STEERING, 'perplexity_unsteered'):.0f}"
        note = f"{m.found(STEERING, 'n_texts'):.0f} texts each; perplexity {', '.join(perplexities)}, {without} without"
        return m.reported(STEERING, {name: f"contexts.{name}.{field}" for name in CONTEXTS}, note)

    return measure


ROWS = (
    Finding(
        "ablation-agrees-with-weights",
        SECTION,
        "What the next token loses when a feature is ablated is what the feature's logit weight on it says (Pearson "
        "correlation of the change of log-likelihood with activation times logit weight, over what the final "
        "normalisation divides by at that token). "
        + changed("1 December 2026", "the divisor, which differs from token to token, was left out"),
        "ablations beside logit weights, in figures",
        "U",
        all_of(("with the divisor", ">", 0.5)),
        agreement,
        "effects",
    ),
    Finding(
        "features-help",
        SECTION,
        "Most features make the tokens that follow likelier than they are without them (the sign of each feature's "
        "mean over its sampled ablations, however small).",
        "ablations, in figures",
        "I",
        all_of(("share of features", ">", 0.5)),
        helpfulness,
        "effects",
    ),
    Finding(
        "steering-brings-context",
        SECTION,
        "Pinned to its highest activation after 1,2,..,10, a context's feature brings that context into what the "
        "model writes (share of tokens, less the share without).",
        "samples turn Arabic, Hebrew, DNA, base64",
        "I",
        all_of(*((name, ">", 0.0) for name in CONTEXTS)),
        steered("gain"),
        "steering",
    ),
    Finding(
        "steering-is-specific",
        SECTION,
        "No other of these features brings about as much of the context as its own (share under its own, less the "
        "largest under another).",
        "each feature has an effect of its own",
        "I",
        all_of(*((name, ">", 0.0) for name in CONTEXTS)),
        steered("lead"),
        "steering",
    ),
)
