"""Findings on finite state automata: features that promote the tokens on which features fire next.

The paper shows one automaton of each kind; what is asked is whether there are such, and, of the chain, one as long; and
whether there are more than when the promoted tokens are dealt out anew among the features.
"""

from monosem.findings.finding import Finding, all_of
from monosem.findings.measurements import Measured, Measurements

NAME = "automata"
SECTION = "#phenomenology-fsa"
PAPER_CHAIN = 4  # features of the paper's HTML chain


def counted(m: Measurements, **fields: str) -> Measured:
    """Numbers of the record, and the same by chance."""
    fields |= {f"{name}_by_chance": f"by_chance.{field}" for name, field in fields.items()}
    return m.reported(NAME, fields, f"{m.found(NAME, 'n_edges'):.0f} edges")


def self_loops(m: Measurements) -> Measured:
    return counted(m, base64="n_self_loops_in", all="n_self_loops")


def pairs(m: Measurements) -> Measured:
    return counted(m, pairs="n_pairs")


def chains(m: Measurements) -> Measured:
    return counted(m, longest="longest_chain", chains="n_chains")


ROWS = (
    Finding(
        "self-loops",
        SECTION,
        "Some features promote tokens on which they fire again, one of base64 among them.",
        "a base64 feature",
        "V",
        all_of(("base64", ">", 0), ("base64", ">", "base64 by chance"), ("all", ">", "all by chance")),
        self_loops,
        "automata",
    ),
    Finding(
        "taking-turns",
        SECTION,
        "Some pairs of features take turns, each promoting tokens on which the other fires.",
        "two features of snake_case names",
        "V",
        all_of(("pairs", ">", 0), ("pairs", ">", "pairs by chance")),
        pairs,
        "automata",
    ),
    Finding(
        "chains",
        SECTION,
        "Some features hand on to one another in order, through as many as in the paper's example.",
        "four features in HTML",
        "V",
        all_of(("longest", ">=", PAPER_CHAIN), ("chains", ">", "chains by chance")),
        chains,
        "automata",
    ),
)
