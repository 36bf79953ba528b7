"""What trained models and dictionaries make of ideally interpretable features; criteria as in `theory`.

The arguments are of softmax layers. Whether dictionaries of trained models are so is asked here, and the statements on
layers, on ratios alone and on text are ours (source U). Carriers were first summed up over all depths and dictionaries;
their criteria are asked of each depth since a first run showed that depths differ, and the least KL dates from
then, too. The other thresholds are those of before. What coupled features turn was first measured on the tokens that it
was chosen on.
"""

from collections.abc import Callable

from monosem.findings.discussion import AFTERWARDS, SECTION, discussed
from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements, NotMeasuredError
from monosem.ground.records import value_of

MOSTLY = 0.5  # share of the places at which carriers fire, over which several of them are said to fire together
LEAST_KL = 0.5  # nats that ablating all features must cost in models whose carriers are compared
ENDS = ("shallowest", "deepest")


def of_ends(ideal: str, **fields: str) -> Callable[[Measurements], Measured]:
    """Numbers of the dictionaries that hold an ideal feature, of the shallowest and of the deepest models."""

    def measure(m: Measurements) -> Measured:
        note = str(value_of(m.investigation("carriers"), "note", "carriers"))
        for end in ENDS:
            if not m.found("carriers", f"{ideal}.{end}.held"):
                layers = m.found("carriers", f"{ideal}.{end}.n_layers")
                raise NotMeasuredError(f"no dictionary holds it in the {end} models (layers: {layers:g}; {note})")
        numbers = {
            f"{name} {end}": m.found("carriers", f"{ideal}.{end}.{field}")
            for name, field in fields.items()
            for end in ENDS
        }
        return Measured(numbers, 0, [], note)

    return measure


def compared(m: Measurements) -> Measured:
    """Mean numbers of carriers of the temperature, where enough is at stake in both."""
    measured = of_ends("continuous", mean="mean", KL="kl_ablated", layers="n_layers")(m)
    numbers = measured.numbers
    if numbers["layers shallowest"] == numbers["layers deepest"]:
        raise NotMeasuredError("needs models of two depths")
    for end in ENDS:
        if numbers[f"KL {end}"] < LEAST_KL:
            raise NotMeasuredError(
                f"needs {LEAST_KL:g} nats that ablating all features costs in models of each depth; it costs "
                f"{numbers[f'KL {end}']:.2g} in the {end}, where the same share of it is far less"
            )
    return measured


SEVERAL = all_of(*((f"median {end}", ">=", 2) for end in ENDS), *((f"together {end}", ">", MOSTLY) for end in ENDS))

ROWS = (
    Finding(
        "binary-carried-by-one",
        SECTION,
        "In trained models, one dictionary feature carries what follows `</p>`: it restores the share asked for of the "
        "KL that ablating all features costs there (features needed, median of the dictionaries whose reconstruction "
        f"restores as much, in models of each depth). {AFTERWARDS}",
        "one linear feature fits any fixed distribution over three tokens",
        "D",
        all_of(*((f"median {end}", "<=", 1) for end in ENDS)),
        of_ends("binary", median="median", most="most"),
        "carriers",
    ),
    Finding(
        "temperature-carried-by-several",
        SECTION,
        "A temperature that words' ratios rise and fall with is carried by two features or more, several of which fire "
        f"at most of the places where any does, in models of each depth. {AFTERWARDS}",
        "a non-monotone ratio takes two co-firing features",
        "D",
        SEVERAL,
        of_ends("continuous", median="median", together="together"),
        "carriers",
    ),
    Finding(
        "ratios-carried-by-several",
        SECTION,
        "The same of the shares of the three words among themselves, whether or not one of them is said at all. "
        f"{AFTERWARDS}",
        "said of ratios; that a descriptor follows is binary, and may hide them",
        "U",
        SEVERAL,
        of_ends("ratios", median="median", together="together"),
        "carriers",
    ),
    Finding(
        "more-layers-need-fewer",
        SECTION,
        "With more layers before it, the last MLP needs fewer features for the temperature (mean number; judged where "
        f"ablating them all costs enough in models of each depth). {AFTERWARDS}",
        "asked, not answered",
        "U",
        all_of(("mean deepest", "<", "mean shallowest")),
        compared,
        "carriers",
    ),
    discussed(
        "coupled-pairs-in-text",
        "In a dictionary of real text, some features that fire together turn a ratio of two tokens that neither turns "
        "alone, on other text than that where it was looked for: more pairs than where their activations are dealt out "
        "anew (most of several times).",
        "two co-firing features can; that dictionaries have such is not said",
        "U",
        all_of(("pairs", ">", "by chance")),
        "coupled_features",
        pairs="pairs.turning",
        by_chance="pairs.by_chance",
        candidates="pairs.candidates",
        greatest_turn="pairs.greatest",
    ),
    discussed(
        "coupled-triples-in-text",
        "So do some triples, where no pair of them does, again more than by chance.",
        "two co-firing features can; of three nothing is said",
        "U",
        all_of(("triples", ">", "by chance")),
        "coupled_features",
        triples="triples.turning",
        by_chance="triples.by_chance",
        candidates="triples.candidates",
        greatest_turn="triples.greatest",
    ),
)
