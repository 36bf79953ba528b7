"""What a language model is shown of a feature, and what its answers are worth."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from monosem.autointerp.demonstrations import DEMONSTRATIONS, Subject
from monosem.autointerp.judgement import Asked, score, yes_or_no
from monosem.autointerp.prompts import Window, as_marked_text, in_levels, quoted
from monosem.autointerp.singles import ASKS, CHOICES, singles
from monosem.autointerp.tasks import STRONG, TASKS, Item, explain_question, items_of, sheets
from monosem.llm.answers import read_reply
from monosem.llm.questions import Answer, Reply

RNG = np.random.default_rng


@given(st.text())
def test_quoted_text_reads_back_and_cannot_leave_its_quotes(text):
    shown = quoted(text)
    assert json.loads(shown) == text
    assert shown.isprintable() and "<" not in shown and re.fullmatch(r'"(?:[^"\\]|\\.)*"', shown)


def test_levels_stand_after_tokens_that_have_one():
    assert in_levels(Window((" a", "<b", "\n"), (0, 9, 1))) == r'" a" "\u003cb":9 "\n":1'
    assert as_marked_text(Window((" a", "<b", '"'), (0, 9, 1)), [1]) == r'" a<<\u003cb>>\""'


@pytest.mark.parametrize("shots", [0, 1, 3])
def test_worked_examples_are_what_the_schema_asks_for(shots):
    question = explain_question(DEMONSTRATIONS[0].subject, shots)
    assert len(question.messages) == 2 + 2 * shots
    for task in TASKS:
        items = items_of(task, DEMONSTRATIONS[0].subject, 6, RNG(0))
        ((part, asked),) = sheets(task, "words", items, batch=100, shots=shots)
        assert part == items and len(asked.messages) == 2 + 2 * shots
        worked = json.dumps({str(number): item.right for number, item in enumerate(items, start=1)})
        answer = read_reply("key", Reply(worked, True, 1, 1), asked, 0.0)
        assert answer.status == "ok", answer.reason
        assert score(task, [Asked(0, task, items, answer)])["status"] == "ok"


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("batch", [1, 4, 7, 100])
def test_batches_hold_every_item_once(task, batch):
    items = items_of(task, DEMONSTRATIONS[1].subject, 6, RNG(0))
    parts = [part for part, _ in sheets(task, "words", items, batch, shots=1)]
    assert [item for part in parts for item in part] == items and all(len(part) <= batch for part in parts)


def subject(windows=(), ranked=(), others=()):
    return Subject({}, list(windows), list(windows), [], list(ranked), list(others))


def windows_of(rows):
    return [Window(tuple(f" t{place}" for place in range(len(levels))), tuple(levels)) for levels in rows]


rows = st.lists(st.lists(st.integers(0, 9), min_size=3, max_size=3), max_size=20)


@given(rows, st.integers(2, 12))
def test_detection_asks_about_strong_and_silent_windows_in_equal_numbers(levels, n):
    items = items_of("detection", subject(windows_of(levels)), n, RNG(0))
    strong = sum(max(row) >= STRONG for row in levels)
    silent = sum(not any(row) for row in levels)
    assert sum(item.truth[0] for item in items) == len(items) / 2 == min(n // 2, strong, silent)


@given(rows, st.integers(2, 12))
def test_fuzzing_marks_strong_tokens_or_as_many_silent_ones(levels, n):
    for item in items_of("fuzzing", subject(windows_of(levels)), n, RNG(0)):
        places = [int(place) for place in re.findall(r"<< t(\d)>>", item.shown)]
        text = [row for row in levels if marks(row, places, strong=bool(item.truth[0]))]
        assert places and text


def marks(row, places, *, strong):
    active = [place for place, level in enumerate(row) if level >= STRONG]
    if strong:
        return places == active
    return len(places) == len(active) > 0 and all(row[place] == 0 for place in places)


def test_logits_are_half_ranked_and_half_random():
    ranked, others = [f"r{i}" for i in range(50)], [f"o{i}" for i in range(50)]
    items = items_of("logits", subject(ranked=ranked, others=others), 100, RNG(0))
    assert {item.shown[1] for item in items if item.truth == (1,)} == {"r"} and len(items) == 100
    assert sum(item.truth[0] for item in items) == 50
    assert [item.truth for item in items[:50]] != [(1,)] * 50, "shuffled"


def test_a_token_that_stands_twice_has_one_level():
    item = Item("", (9, 0, 9), (" a", " b", " a"))
    assert item.levels([{"token": " a", "level": 4}]) == [4, 0, 4] and item.levels([]) == [0, 0, 0]


def reply(levels):
    return Answer("key", "ok", "", {str(number): level for number, level in enumerate(levels, start=1)})


def judged(truth, levels):
    return score("detection", [Asked(0, "detection", [Item("", (each,)) for each in truth], reply(levels))])


def test_yes_and_no_by_hand():
    found = judged([1, 1, 0, 0, 0, 0], [9, 4, 5, 0, 0, 0])
    assert found["balanced_accuracy"] == pytest.approx((1 / 2 + 3 / 4) / 2) and found["accuracy"] == pytest.approx(
        4 / 6
    )
    assert found["auc"] == pytest.approx(7 / 8) and found["always_no_accuracy"] == pytest.approx(4 / 6)


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 9)), min_size=2).filter(lambda x: len({t for t, _ in x}) == 2))
def test_auc_is_the_share_of_pairs_in_order(pairs):
    truth, given_ = (np.array(column, dtype=int) for column in zip(*pairs, strict=True))
    yes, no = given_[truth == 1], given_[truth == 0]
    expected = np.mean((yes[:, None] > no) + 0.5 * (yes[:, None] == no))
    assert yes_or_no(truth, given_)["auc"] == pytest.approx(expected)


def test_constants_are_undefined():
    assert judged([1, 0], [0, 0])["status"] == "undefined_constant_prediction"
    assert judged([1, 1], [0, 9])["status"] == "undefined_constant_truth"
    assert "auc" not in judged([1, 0], [9, 9])


def test_one_failed_request_fails_the_test_by_its_name():
    good = Asked(0, "detection", [Item("", (1,))], reply([9]))
    bad = Asked(0, "detection", [Item("", (0,))], Answer("key", "timeout", "no reply within 3 s"))
    found = score("detection", [good, bad])
    assert found["status"] == "timeout" and found["reason"] == "no reply within 3 s" and "auc" not in found
    assert pd.isna(pd.DataFrame([found]).get("auc", pd.Series([np.nan]))).all()


@pytest.mark.parametrize("task", ASKS)
def test_single_items_stand_last_and_share_all_that_stands_before(task):
    items = items_of(task, DEMONSTRATIONS[1].subject, 4, RNG(0))
    asked = list(singles(task, "words", items, shots=2))
    assert [item for (item,), _ in asked] == items
    before = {question.messages[:-1] for _, question in asked}
    assert len(before) == 1 and {question.choices for _, question in asked} == {CHOICES}
    shown = [text for role, text in before.pop() if role == "assistant"]
    assert sorted(shown) == ["No", "No", "Yes", "Yes"]
    assert [question.messages[-1][1].split("\n")[-1] for _, question in asked] == [item.shown for item in items]


def test_a_share_of_yes_is_ranked_as_it_is():
    shares = {0.9: 1, 0.4: 1, 0.45: 0, 0.1: 0}
    asked = [
        Asked(0, "detection", [Item("", (truth,))], Answer("key", "ok", "", {"Yes": yes, "No": 1 - yes}, by="word"))
        for yes, truth in shares.items()
    ]
    found = score("detection", asked)
    assert found["auc"] == pytest.approx(3 / 4) and found["balanced_accuracy"] == pytest.approx(3 / 4)
