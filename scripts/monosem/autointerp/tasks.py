"""The questions about one feature: explain it, and four tests of an explanation.

simulation (the paper's): the level, 0-9, of every token of short windows. logits (the paper's): which tokens the
feature makes more likely, among random ones and ones that rank 10th to 60th by logit weight. detection: which pieces of
text activate it. fuzzing: in which pieces the marked tokens are the ones that activate it. A test shows the description
and numbered items. The simulation's answer names for each item the tokens that are not at 0, which small models do far
better than a level for every token; the others give each item a level, of which 5 and more is a yes.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from monosem.autointerp.demonstrations import DEMONSTRATIONS, Subject
from monosem.autointerp.prompts import (
    DATA,
    LEVELS,
    Window,
    as_active,
    as_marked_text,
    as_object,
    as_text,
    between,
    compact,
    in_levels,
    in_tokens,
    quoted,
)
from monosem.llm.questions import Question

STRONG = 3  # level from which a token counts as active in detection and fuzzing: 0.3 of the maximum
EXPLANATION_TOKENS = 120
HEADINGS = {"top": "strongest", "interval": "weaker", "random": "random", "out_of_context": "same_tokens_elsewhere"}
EXPLAIN = (
    "You find out what one feature of a language model responds to. You see short pieces of text in quoted tokens. A "
    "number from 1 to 9 after a token is the feature's response to it; tokens without a number get none. You also see "
    "tokens that the feature makes more likely to come next. Say in at most twenty words what tokens it responds to, "
    f'and in what kind of text. {DATA} Answer in JSON: {{"explanation":"..."}}'
)
TEST = (
    "You are given a description of what one feature of a language model responds to, and numbered items. {ask} "
    f"{DATA} Answer in JSON, with {{each}} for each item's number."
)
RATE = "Rate from 0 (surely not) to 9 (surely) whether"
ASKS = {  # of each test: what is asked, and what an item gets
    "simulation": (
        "Predict the feature's response to each token of each item, from 0 (none) to 9 (strongest). Many items have "
        "none.",
        "a list of the tokens that get a response, and its level,",
    ),
    "logits": (f"Each item is a token. {RATE} the feature makes it more likely to come next.", "a level"),
    "detection": (f"Each item is a piece of text. {RATE} the feature responds to anything in it.", "a level"),
    "fuzzing": (
        f"Each item is a piece of text with marks, <<so>>. {RATE} the marked tokens are those it responds to.",
        "a level",
    ),
}
TASKS = tuple(ASKS)


class Item(NamedTuple):
    """One numbered line of a test; `truth` has a level for each of `tokens` in the simulation, else a single 0 or 1."""

    shown: str
    truth: tuple[int, ...]
    tokens: tuple[str, ...] = ()
    weight: float = 1.0

    @property
    def schema(self) -> dict[str, Any]:
        return as_active(self.tokens) if self.tokens else LEVELS

    @property
    def right(self) -> Any:  # noqa: ANN401
        """The answer, as the schema has it."""
        if not self.tokens:
            return 9 * self.truth[0]
        pairs = zip(self.tokens, self.truth, strict=True)
        return [{"token": token, "level": level} for token, level in pairs if level]

    def levels(self, answer: Any) -> list[int]:  # noqa: ANN401
        """An answer in the form of `truth`. Where a token stands twice, it has one level."""
        if not self.tokens:
            return [int(answer)]
        named = {pair["token"]: int(pair["level"]) for pair in answer}
        return [named.get(token, 0) for token in self.tokens]


def explain_question(subject: Subject, shots: int) -> Question:
    messages = [("system", EXPLAIN)]
    for description, example in DEMONSTRATIONS[:shots]:
        messages += [("user", evidence(example)), ("assistant", compact({"explanation": description}))]
    messages.append(("user", evidence(subject)))
    return Question(tuple(messages), as_object({"explanation": {"type": "string"}}), EXPLANATION_TOKENS)


def evidence(subject: Subject) -> str:
    parts = [between(HEADINGS[kind], list(map(in_levels, windows))) for kind, windows in subject.explain.items()]
    return "\n".join([*parts, between("likely_next", [" ".join(map(quoted, subject.highest))])])


def sheets(
    task: str, description: str, items: Sequence[Item], batch: int, shots: int
) -> Iterator[tuple[Sequence[Item], Question]]:
    """The items, `batch` at a time, each time with the question that asks for them."""
    ask, each = ASKS[task]
    messages = [("system", TEST.format(ask=ask, each=each))]
    for shown, example in DEMONSTRATIONS[:shots]:
        worked = items_of(task, example, n=6, rng=np.random.default_rng(0))
        right = {str(number): item.right for number, item in enumerate(worked, start=1)}
        messages += [("user", sheet(shown, worked)), ("assistant", compact(right))]
    for start in range(0, len(items), batch):
        part = items[start : start + batch]
        properties = {str(number): item.schema for number, item in enumerate(part, start=1)}
        answer_tokens = 40 + sum(10 + 20 * len(item.tokens) for item in part)
        asked = (*messages, ("user", sheet(description, part)))
        yield part, Question(asked, as_object(properties), answer_tokens)


def sheet(description: str, items: Sequence[Item]) -> str:
    lines = [f"{number}. {item.shown}" for number, item in enumerate(items, start=1)]
    return "\n".join([between("description", [quoted(description)]), between("items", lines)])


def items_of(task: str, subject: Subject, n: int, rng: np.random.Generator) -> list[Item]:
    """About `n` items in random order; none where the feature's windows do not hold items of both kinds."""
    if task == "simulation":
        items = [
            Item(in_tokens(window), window.levels, window.tokens, window.weight) for window in subject.simulate[:n]
        ]
    elif task == "logits":
        items = halves([Item(quoted(token), (1,)) for token in subject.ranked],
                       [Item(quoted(token), (0,)) for token in subject.others], n, rng)  # fmt: skip
    else:
        strong = [window for window in subject.contexts if max(window.levels) >= STRONG]
        make = detection_items if task == "detection" else fuzzing_items
        items = halves(*make(subject, strong, rng), n, rng)
    return [items[place] for place in rng.permutation(len(items))]


def detection_items(subject: Subject, strong: list[Window], rng: np.random.Generator) -> tuple[list[Item], list[Item]]:
    """Windows with a strong activation, and windows without any; those between are not asked about."""
    silent = [window for window in subject.contexts if not any(window.levels)]
    return [Item(as_text(window), (1,)) for window in strong], [Item(as_text(window), (0,)) for window in silent]


def fuzzing_items(subject: Subject, strong: list[Window], rng: np.random.Generator) -> tuple[list[Item], list[Item]]:
    """Windows with their strong tokens marked, and other such windows with as many silent tokens marked instead."""
    right, wrong = [], []
    for window in strong:
        levels = np.array(window.levels)
        active, silent = np.flatnonzero(levels >= STRONG), np.flatnonzero(levels == 0)
        if len(wrong) < len(right) and silent.size >= active.size:
            wrong.append(Item(as_marked_text(window, rng.choice(silent, active.size, replace=False)), (0,)))
        else:
            right.append(Item(as_marked_text(window, active), (1,)))
    return right, wrong


def halves(yes: list[Item], no: list[Item], n: int, rng: np.random.Generator) -> list[Item]:
    """`n` / 2 of each, or as many as there are of the fewer."""
    most = min(n // 2, len(yes), len(no))
    return [kind[place] for kind in (yes, no) for place in rng.permutation(len(kind))[:most]]
