"""What trained models and dictionaries make of ideally interpretable features; criteria as in `theory`.

The arguments are of softmax layers. Whether dictionaries of trained models are so is asked here, and the statements on
layers, on ratios alone and on text are ours (source U).
"""

from monosem.findings.discussion import SECTION, taken
from monosem.findings.finding import Finding, all_of

MOSTLY = 0.5  # share of the places at which carriers fire, over which several of them are said to fire together

ROWS = (
    Finding(
        "binary-carried-by-one",
        SECTION,
        "In trained models, one dictionary feature carries what follows `</p>`: it restores 90 % of the KL that "
        "ablating all features costs there (features needed, over models and widths).",
        "one linear feature fits any fixed distribution over three tokens",
        "D",
        all_of(("median", "<=", 1)),
        taken("carriers", median="binary.median", fewest="binary.fewest", most="binary.most"),
        "carriers",
    ),
    Finding(
        "temperature-carried-by-several",
        SECTION,
        "A temperature that words' ratios rise and fall with is carried by two features or more, several of which fire "
        "at most of the places where any does.",
        "a non-monotone ratio takes two co-firing features",
        "D",
        all_of(("median", ">=", 2), ("together", ">", MOSTLY)),
        taken(
            "carriers",
            median="continuous.median",
            fewest="continuous.fewest",
            most="continuous.most",
            together="continuous.together",
        ),
        "carriers",
    ),
    Finding(
        "ratios-carried-by-several",
        SECTION,
        "The same of the shares of the three words among themselves, whether or not one of them is said at all.",
        "said of ratios; that a descriptor follows is binary, and may hide them",
        "U",
        all_of(("median", ">=", 2), ("together", ">", MOSTLY)),
        taken(
            "carriers", median="ratios.median", fewest="ratios.fewest", most="ratios.most", together="ratios.together"
        ),
        "carriers",
    ),
    Finding(
        "more-layers-need-fewer",
        SECTION,
        "With more layers before it, the last MLP needs fewer features for the temperature (mean number).",
        "asked, not answered",
        "U",
        all_of(("deepest", "<", "shallowest")),
        taken(
            "carriers",
            deepest="layers.deepest.continuous",
            shallowest="layers.shallowest.continuous",
            KL_of_deepest="layers.deepest.kl_ablated",
            KL_of_shallowest="layers.shallowest.kl_ablated",
        ),
        "carriers",
    ),
    Finding(
        "coupled-pairs-in-text",
        SECTION,
        "In a dictionary of real text, some features that fire together turn a ratio of two tokens that neither turns "
        "alone: more pairs than where their activations are dealt out anew (most of several times).",
        "two co-firing features can; that dictionaries have such is not said",
        "U",
        all_of(("pairs", ">", "by chance")),
        taken(
            "coupled_features",
            pairs="pairs.turning",
            by_chance="pairs.by_chance",
            candidates="pairs.candidates",
            greatest_turn="pairs.greatest",
        ),
        "coupled_features",
    ),
    Finding(
        "coupled-triples-in-text",
        SECTION,
        "So do some triples, where no pair of them does, again more than by chance.",
        "two co-firing features can; of three nothing is said",
        "U",
        all_of(("triples", ">", "by chance")),
        taken(
            "coupled_features",
            triples="triples.turning",
            by_chance="triples.by_chance",
            candidates="triples.candidates",
            greatest_turn="triples.greatest",
        ),
        "coupled_features",
    ),
)
