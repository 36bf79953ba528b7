"""Findings on single features: the four contexts of the paper's case studies, and the claims made about each.

Where the paper gives no number for one of the four, the criterion is the claim's direction.
"""

from collections.abc import Callable, Mapping

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError

NAME = "contexts"
ALL = "#feature-analysis"
SECTIONS = {"Arabic": "#feature-arabic", "Hebrew": "#feature-hebrew", "DNA": ALL, "base64": "#feature-base64"}
SENSITIVITIES = {"Arabic": 0.74, "Hebrew": 0.55, "DNA": 0.80, "base64": 0.38}
PROXIES = {"Arabic": "proxy above 0", "DNA": "sign of the proxy"}  # of the others the paper does not say
SPECIFICITIES = {"Arabic": 0.81}  # share of the active tokens
UNIVERSALITIES = {"Arabic": 0.91, "Hebrew": 0.92, "DNA": 0.92, "base64": 0.85}
NEAREST = {"Hebrew": 0.10, "base64": 0.18}  # of the others the paper gives no number


def number(m: Measurements, context: str, field: str) -> float:
    entry = m.investigation(NAME)["contexts"].get(context)
    if entry is None:
        raise NotMeasuredError(f"needs {context} among the contexts of the config")
    if entry["absent"]:
        raise NotMeasuredError(
            f"needs more held-out documents with {context}, to choose and to measure on: {entry['n_inside']} tokens in "
            "those to measure on"
        )
    return m.found(NAME, f"contexts.{context}.{field}")


def measured(
    m: Measurements, numbers: dict[str, float], contexts: Mapping[str, object], tokens: str = "n_measured"
) -> Measured:
    note = "; ".join(
        f"{words}: " + ", ".join(f"{context} {number(m, context, field):.0f}" for context in contexts)
        for words, field in (("features", "feature"), ("measured documents with such text", "n_documents"))
    )
    return Measured(numbers, m.found(NAME, tokens), [m.run_of(NAME)], note)


def of_context(context: str, tokens: str = "n_measured", **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of one context; an underscore in their names stands for a space."""

    def measure(m: Measurements) -> Measured:
        numbers = {name.replace("_", " "): number(m, context, field) for name, field in fields.items()}
        return measured(m, numbers, {context: None}, tokens)

    return measure


def of_each(field: str, contexts: Mapping[str, object], less: str = "") -> Callable[[Measurements], Measured]:
    """One number of each context, less another of it."""

    def measure(m: Measurements) -> Measured:
        numbers = {c: number(m, c, field) - (number(m, c, less) if less else 0) for c in contexts}
        return measured(m, numbers, contexts)

    return measure


def sensitivity(context: str, value: float) -> Finding:
    return Finding(
        f"sensitive-{context}",
        SECTIONS[context],
        f"One feature is active where text is {context}: its activation correlates with the proxy.",
        f"Pearson {value:.2f}" + (f", {PROXIES[context]}" if context in PROXIES else ""),
        "V",
        all_of(("correlation", ">=", value)),
        of_context(context, correlation="sensitivity", best_neuron="neuron_sensitivity", recall="recall"),
        "context_claims",
    )


def universality(context: str, value: float) -> Finding:
    return Finding(
        f"universal-{context}",
        SECTIONS[context],
        f"The {context} feature of A has a counterpart in B that is active on the same tokens.",
        f"correlation {value:.2f} of activations",
        "V",
        all_of(("correlation", ">=", value)),
        of_context(context, tokens="n_tokens", correlation="match_correlation"),
        "context_claims",
    )


ROWS = (
    *(sensitivity(*item) for item in SENSITIVITIES.items()),
    Finding(
        "specific-Arabic",
        SECTIONS["Arabic"],
        "Most tokens on which the Arabic feature is active are Arabic, and the more the stronger it is active. (Weak: "
        "up to a tenth of its highest activation; strong: from half of it; both limits are ours.)",
        "81 % of active tokens, 25 % of the barely active, 98 % above activation 5",
        "V",
        all_of(("active", ">=", SPECIFICITIES["Arabic"]), ("strong", ">", "weak")),
        of_context("Arabic", active="inside", weak="inside_weak", strong="inside_strong"),
        "contexts",
    ),
    Finding(
        "specific-contexts",
        ALL,
        "The features of Hebrew, DNA and base64, too, are the more in their context the stronger they are active "
        "(share of strong less share of weak).",
        "specific, in figures",
        "U",
        all_of(*((context, ">", 0.0) for context in ("Hebrew", "DNA", "base64"))),
        of_each("inside_strong", dict.fromkeys(("Hebrew", "DNA", "base64")), less="inside_weak"),
        "contexts",
    ),
    Finding(
        "context-features-are-no-neurons",
        ALL,
        "No neuron is like the feature: the correlation of its activation with the nearest neuron's.",
        "Hebrew 0.10, base64 0.18",
        "V",
        all_of(*((context, "<=", value) for context, value in NEAREST.items())),
        of_each("nearest_correlation", NEAREST),
        "context_claims",
    ),
    Finding(
        "no-neuron-is-as-sensitive",
        ALL,
        "Nor does any neuron follow the proxy as the feature does (its correlation less the best neuron's).",
        "the feature is not a neuron",
        "I",
        all_of(*((context, ">", 0.0) for context in SENSITIVITIES)),
        of_each("sensitivity", SENSITIVITIES, less="neuron_sensitivity"),
        "context_claims",
    ),
    Finding(
        "contexts-downstream",
        ALL,
        "Each feature makes the tokens of its context likelier (chance that such a token has a higher logit weight "
        "than another, rare ones left out; 0.5 if the feature did not care).",
        "logit weights favour the context, in figures",
        "U",
        all_of(*((context, ">", 0.5) for context in SENSITIVITIES)),
        of_each("logit_area", SENSITIVITIES),
        "context_claims",
    ),
    *(universality(*item) for item in UNIVERSALITIES.items()),
)
