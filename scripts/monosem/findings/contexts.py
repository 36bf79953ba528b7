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
WIDEST_PROXY = 10  # times the share of a context's documents that its proxy may be above 0 on
FEWEST_DOCUMENTS = 20  # of a context in either half: of fewer, an interval over documents says little
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
    if entry["proxy_share"] > WIDEST_PROXY * entry["document_share"]:
        raise NotMeasuredError(
            f"needs a proxy of {context} that says what it is: it is above 0 on {entry['proxy_share']:.1%} of the "
            f"tokens, of which {entry['document_share']:.1%} are in such documents"
        )
    fewest = min(entry["n_documents"], entry["n_documents_chosen"])
    if fewest < FEWEST_DOCUMENTS:
        raise NotMeasuredError(
            f"needs {FEWEST_DOCUMENTS} held-out documents with {context} to choose on and as many to measure on, has "
            f"{entry['n_documents_chosen']} and {entry['n_documents']}"
        )
    return m.found(NAME, f"contexts.{context}.{field}")


def measured(
    m: Measurements, fields: Mapping[str, tuple[str, str]], contexts: Mapping[str, object], tokens: str = "n_measured"
) -> Measured:
    """Numbers under their names: of each the context and its field."""
    note = "; ".join(
        f"{words}: " + ", ".join(f"{context} {number(m, context, field):.0f}" for context in contexts)
        for words, field in (("features", "feature"), ("measured documents with such text", "n_documents"))
    )
    numbers = {name: number(m, *place) for name, place in fields.items()}
    dotted = {name: f"contexts.{context}.{field}" for name, (context, field) in fields.items()}
    return Measured(numbers, m.found(NAME, tokens), [m.run_of(NAME)], note, m.found_ends(NAME, dotted))


def of_context(context: str, tokens: str = "n_measured", **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of one context; an underscore in their names stands for a space."""

    def measure(m: Measurements) -> Measured:
        named = {name.replace("_", " "): (context, field) for name, field in fields.items()}
        return measured(m, named, {context: None}, tokens)

    return measure


def of_each(field: str, contexts: Mapping[str, object]) -> Callable[[Measurements], Measured]:
    """One number of each context."""
    return lambda m: measured(m, {context: (context, field) for context in contexts}, contexts)


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
        all_of(("active", ">=", SPECIFICITIES["Arabic"]), ("strong less weak", ">", 0)),
        of_context(
            "Arabic", active="inside", weak="inside_weak", strong="inside_strong", strong_less_weak="sharpening"
        ),
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
        of_each("sharpening", dict.fromkeys(("Hebrew", "DNA", "base64"))),
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
        of_each("lead", SENSITIVITIES),
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
