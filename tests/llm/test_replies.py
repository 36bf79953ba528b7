"""Every odd reply in turn: each has a name, none ends a run, and what is kept of it does no harm later."""

import json
import re
import sqlite3
import time

import pytest
from asked import ATTEMPTS, RIGHT, question
from language_model import refuses
from odd_replies import ANTHROPIC, BAD, OK, OPENAI, chat, drips, text

from monosem.llm.asking import Stopped
from monosem.llm.questions import STATUSES

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
CASES = [("openai", *case) for case in OPENAI.items()] + [("anthropic", *case) for case in ANTHROPIC.items()]


@pytest.mark.faults
@pytest.mark.parametrize(("api", "name", "case"), CASES, ids=[f"{api}: {name}" for api, name, _ in CASES])
def test_an_odd_reply_has_a_name_and_the_cache_no_harm(served, make, tmp_path, api, name, case):
    behave, status, reason = case
    served.server.behave, served.server.usage = lambda request: behave, (5, 5)
    asker = make(api=api, timeout_s=0.5 if behave is drips else 30)
    (answer,) = asker.ask_all([question()], desc="asking")
    assert answer.status == status in STATUSES and (answer.value == {"level": 7}) == (status == OK), answer
    assert re.search(reason, answer.reason) and answer.reason.isprintable(), answer.reason
    answer.reason.encode()
    spent = asker.ledger.spent()
    assert 0 <= spent.tokens <= ATTEMPTS * (question().most_tokens + question().answer_tokens)
    if status in (OK, BAD, "declined"):
        served.server.behave = lambda request: 500
        assert make(api=api).ask(question()) == answer


@pytest.mark.faults
@pytest.mark.parametrize(
    "stored",
    [
        [[text(RIGHT)], True, 5, 5],
        [{"level": 7}, True, None, None],
        [RIGHT, True, "5", -5],
        [f"<think>hm</think>{RIGHT}", True, 5.0, float("nan")],
    ],
)
def test_old_cache_entries_of_any_shape_are_read_and_not_asked_again(served, make, tmp_path, stored):
    make().ask(question())
    with sqlite3.connect(tmp_path / "cache.sqlite") as database:
        database.execute("UPDATE answers SET reply = ?", (json.dumps(stored),))
    served.log.clear()
    answer = make().ask(question())
    assert answer.value == {"level": 7} and not served.log


@pytest.mark.faults
@pytest.mark.parametrize("stored", ["null", "[]", "not JSON", '{"text": 1}', "[1, 2]"])
def test_what_is_no_reply_in_the_cache_is_asked_again(served, make, tmp_path, stored):
    make().ask(question())
    with sqlite3.connect(tmp_path / "cache.sqlite") as database:
        database.execute("UPDATE answers SET reply = ?", (stored,))
    assert make().ask(question()).value == {"level": 7} and len(served.log) == 2


@pytest.mark.faults
def test_a_model_of_which_nothing_can_be_read_stops_early_and_is_asked_again_later(served, make, tried):
    questions = [question(str(number)) for number in range(50)]
    for behave, said in {"seven": "no JSON object", "": "empty", chat(None, refusal="no"): "declined: no"}.items():
        served.log.clear()
        served.server.behave = lambda request, behave=behave: behave
        with pytest.raises(Stopped, match=rf"none of the first 4 answers could be read.*{said}"):
            make(give_up=4).ask_all(questions, desc="asking")
        assert len(served.log) <= 5  # one may be under way
    served.server.behave = lambda request: RIGHT
    assert all(answer.status == "ok" for answer in make(give_up=4).ask_all(questions, desc="asking")[:4])
    tried(
        "a language model answers, but never in JSON, or always declines",
        "the run stops after the first answers, says what the last one lacked, and keeps none of them",
    )


@pytest.mark.faults
def test_what_may_pass_is_tried_again_and_changes_nothing_else(served, make, tried):
    for number, code in enumerate([408, 409, 425, 429, 500, 502, 503, 504, 529] * 2):
        api = ["openai", "anthropic"][number % 2]
        refusal = refuses(code, "no response_format just now: a schema, max_completion_tokens, temperature unsupported")
        served.log.clear()
        served.server.behave = lambda request, refusal=refusal: RIGHT if len(served.log) > 1 else refusal
        assert make(api=api).ask(question(f"{number}")).status == "ok" and len(served.log) == 2
        assert served.log[0] == served.log[1]
    tried("a language model's server sends HTTP 408, 409, 425, 429 or 5xx", "the same request is sent again")


@pytest.mark.faults
@pytest.mark.parametrize("given", ["1", "Fri, 31 Dec 1999 23:59:59 GMT", "nan", "-5", "inf", "soon", "1e400", "\xb2"])
def test_any_retry_after_is_understood_or_ignored(served, make, monkeypatch, given):
    waited = []
    monkeypatch.setattr(time, "sleep", waited.append)
    later = refuses(503, "later", Retry_After=given)
    served.server.behave = lambda request: RIGHT if len(served.log) > 1 else later
    assert make().ask(question()).status == "ok"
    assert waited == [1.0] if given == "1" else waited[0] < 1
