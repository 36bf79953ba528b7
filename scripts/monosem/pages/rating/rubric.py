"""The rubric of "Towards Monosemanticity" (#appendix-rubric): five parts, 14 points at most."""

from typing import NamedTuple


class Part(NamedTuple):
    name: str
    title: str
    highest: int
    question: str
    lowest_means: str
    highest_means: str


PARTS = (
    Part("confidence", "Confidence", 3, "How sure are you of your interpretation?", "I have none", "certain"),
    Part("activations", "Activations", 5, "How well do the examples agree with it?", "not at all", "every one does"),
    Part("logits", "Promoted tokens", 3, "How well do these tokens agree with it?", "not at all", "every one does"),
    Part("separation", "Separation", 1, "If they do not all agree: are those that do clearly set apart?", "no", "yes"),
    Part("specificity", "Specificity", 3, "How specific is your interpretation?", "fits much text", "fits little else"),
)
LOGITS = next(part for part in PARTS if part.name == "logits")
BONUS = next(part for part in PARTS if part.name == "separation")  # open only where the part before it is imperfect
MAXIMUM = sum(part.highest for part in PARTS if part != BONUS)


def needed(points: dict[str, int | None]) -> list[Part]:
    """The parts that a complete rating has points for."""
    return [part for part in PARTS if part != BONUS or points[LOGITS.name] != LOGITS.highest]


def total(points: dict[str, int | None]) -> int | None:
    """The sum, 0 to MAXIMUM; None while a needed part is missing."""
    given = [points[part.name] for part in needed(points)]
    return None if None in given else sum(given)
