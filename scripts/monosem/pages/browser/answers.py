"""What a language model was asked to test an explanation, what is true, and what it answered."""

from collections import defaultdict
from itertools import accumulate, pairwise
from pathlib import Path

from monosem.autointerp.judgement import YES
from monosem.autointerp.levels import N_LEVELS
from monosem.ground.records import read_table
from monosem.llm.answers import PROBABILITY, WORD
from monosem.pages.browser.texts import Shown, sentence, shown_token

COLUMNS = ["feature", "task", "status", "items", "lengths", "truth", "answer", "read_from"]
Entry = list[Shown | list[Shown] | list[int] | str | int | bool | None]


def read_answers(path: Path) -> dict[int, dict[str, list[Entry]]]:
    """Of each feature and test the items in the order in which they were asked; see `entry`."""
    found: dict[int, dict[str, list[Entry]]] = defaultdict(lambda: defaultdict(list))
    for row in read_table(path, COLUMNS).itertuples():
        bounds = pairwise(accumulate(row.lengths, initial=0))
        for part in (slice(*pair) for pair in bounds):
            truth, answer = row.truth[part].tolist(), row.answer[part].tolist()
            found[row.feature][row.task].append(entry(row.task, row.items[part].tolist(), truth, answer, row.read_from))
    return {feature: dict(tests) for feature, tests in found.items()}


def entry(task: str, texts: list[str], truth: list[int], answer: list[float], by: str) -> Entry:
    """Of the simulation tokens, their levels, and those predicted; of other tests a text, whether it is so, what was
    said, and whether that is right. Without an answer nothing is said."""
    if task == "simulation":
        return [[shown_token(token) for token in texts], truth, answer]
    (text,), (is_so,) = texts, truth
    if not answer:
        return [sentence(text), is_so, None, None]
    level, is_yes = answer[0], answer[0] >= YES
    said = {
        PROBABILITY: f"yes with probability {level / N_LEVELS:.2f}",
        WORD: "yes" if is_yes else "no",
    }.get(by, f"{level:g} of {N_LEVELS - 1}")
    return [sentence(text), is_so, said, is_yes == bool(is_so)]
