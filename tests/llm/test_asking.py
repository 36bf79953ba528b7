"""Questions to a server that does everything a server can do wrong: each has a status, and every run ends."""

import json
import re
import sqlite3
import threading

import pytest
from asked import ATTEMPTS, RIGHT, question
from language_model import TOKENS_IN, TOKENS_OUT, cut_off, garbage, half_a_body, hang, nothing, refuses
from waiting import PATIENCE_S

from monosem.llm.asking import Stopped, forecast
from monosem.llm.keys import read_key
from monosem.llm.ledger import Budget, Ledger
from monosem.llm.questions import STATUSES, Failure, Model, Question

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
NOWHERE = "http://127.0.0.1:9"  # the discard port: nobody listens


@pytest.mark.parametrize(
    ("behave", "status", "reason", "n_requests"),
    [
        (429, "rate_limited", "HTTP 429", ATTEMPTS),
        (500, "server_error", "HTTP 500", ATTEMPTS),
        (503, "server_error", "HTTP 503", ATTEMPTS),
        (hang, "timeout", "no reply within 0.3 s", ATTEMPTS),
        (half_a_body, "connection_error", "", ATTEMPTS),
        (garbage, "garbled", "", 1),
        (nothing, "garbled", "JSONDecodeError", 1),
        (400, "refused", "HTTP 400", 1),
        ("half a JSON: {", "unparsable", "no JSON object", 1),
        ('{"level": ', "unparsable", "no JSON object", 1),
        ('{"level": 4', "unparsable", "no JSON object", 1),
        ('{"level": 4, }', "unparsable", "Expecting|Illegal", 1),
        ('{"level": 11}', "unparsable", "11 is greater than the maximum", 1),
        ('{"level": "7"}', "unparsable", "is not of type 'integer'", 1),
        ('{"grade": 7}', "unparsable", "Additional properties|required", 1),
        ("I would say seven.", "unparsable", "no JSON object", 1),
        ("", "unparsable", "empty", 1),
        ('{"level": ' + "[" * 50_000 + "}", "unparsable", "", 1),
        (cut_off, "unparsable", "cut off", 1),
    ],
)
def test_whatever_the_server_does_has_a_status(served, make, behave, status, reason, n_requests):
    served.server.behave = lambda request: behave
    asker = make(timeout_s=0.3 if behave is hang else 30)
    (answer,) = asker.ask_all([question()], desc="asking")
    assert answer.status == status and answer.value is None and status in STATUSES
    assert re.search(reason, answer.reason), answer.reason
    assert len(served.log) == n_requests


def test_a_server_that_is_not_there_is_a_status(make):
    (answer,) = make(f"{NOWHERE}/v1").ask_all([question()], desc="asking")
    assert answer.status == "connection_error"


@pytest.mark.parametrize("text", [RIGHT, f"```json\n{RIGHT}\n```", f"Sure! {RIGHT}"])
def test_text_around_the_answer_is_ignored(served, make, text):
    served.server.behave = lambda request: text
    assert make().ask(question()).value == {"level": 7}


def test_a_failed_attempt_is_tried_again_and_the_answer_kept(served, make):
    served.server.behave = lambda request: RIGHT if len(served.log) == ATTEMPTS else [429, 500][len(served.log) % 2]
    assert make().ask(question()).status == "ok" and len(served.log) == ATTEMPTS
    again = make().ask(question())
    assert again.value == {"level": 7} and len(served.log) == ATTEMPTS
    assert again.usd == pytest.approx((TOKENS_IN + 10 * TOKENS_OUT) / 1e6)


def test_failures_are_not_kept_but_unparsable_answers_are_paid_for(served, make):
    served.server.behave = lambda request: 500
    make().ask(question())
    served.server.behave = lambda request: "no idea"
    assert make().ask(question()).status == "unparsable"
    n_asked = len(served.log)
    assert make().ask(question()).status == "unparsable" and len(served.log) == n_asked == ATTEMPTS + 1


@pytest.mark.parametrize(
    "changed", ["url", "name", "temperature", "messages", "schema", "answer_tokens", "thinking_tokens"]
)
def test_another_question_or_model_is_another_answer(changed):
    model, asked = Model("openai", "u", "m", 0.0, 0, 1.0, 1.0), question()
    before = asked.asked_of(model)
    if changed in ("messages", "schema", "answer_tokens"):
        values = {"messages": (("user", "x"),), "schema": {}, "answer_tokens": 51}
        asked = Question(**{**vars(asked), changed: values[changed]})
    else:
        values = {"url": "v", "name": "n", "temperature": None, "thinking_tokens": 1}
        model = Model(**{**vars(model), changed: values[changed]})
    assert asked.asked_of(model) != before
    dearer = Model(**{**vars(model), "usd_in": 5.0})
    assert asked.asked_of(dearer) == asked.asked_of(model)


def test_answers_come_in_the_order_of_the_questions_and_equal_ones_are_asked_once(served, make):
    served.server.behave = lambda request: json.dumps({"level": int(request["messages"][-1]["content"])})
    numbers = [3, 1, 4, 1, 5, 9, 2, 6, 5, 3, 5]
    answers = make(concurrency=4).ask_all([question(str(number)) for number in numbers], desc="asking")
    assert [answer.value["level"] for answer in answers] == numbers
    assert len(served.log) == len(set(numbers))


def test_as_many_requests_at_once_as_allowed_and_no_more(served, make):
    under_way, most, lock, together = [0], [0], threading.Lock(), threading.Barrier(3)

    def behave(request):
        with lock:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        together.wait(timeout=PATIENCE_S)
        with lock:
            under_way[0] -= 1
        return RIGHT

    served.server.behave = behave
    make(concurrency=3).ask_all([question(str(number)) for number in range(12)], desc="asking")
    assert most[0] == 3


def test_a_server_without_schemas_is_asked_without(served, make, capsys):
    refusal = refuses(400, "This server does not support response_format.")
    served.server.behave = lambda request: refusal if "response_format" in request else RIGHT
    answers = make().ask_all([question(str(number)) for number in range(4)], desc="asking")
    assert all(answer.status == "ok" for answer in answers) and len(served.log) == 5
    assert "takes no JSON schema" in capsys.readouterr().err


def test_a_refusal_after_schemas_were_taken_is_a_refusal(served, make):
    asker = make()
    asker.ask(question())
    served.server.behave = lambda request: 400
    assert asker.ask(question("too long?")).status == "refused" and len(served.log) == 2


def test_anthropic_is_asked_in_its_own_way(served, make):
    asker = make(api="anthropic")
    answer = asker.ask(question())
    (request,) = served.log
    assert answer.value == {"level": 7} and (answer.tokens_in, answer.tokens_out) == (TOKENS_IN, TOKENS_OUT)
    assert request["path"] == "/v1/messages" and request["system"] == "Answer in JSON."
    assert request["messages"] == [{"role": "user", "content": "how much?"}] and request["max_tokens"] == 50
    assert request["output_config"]["format"]["type"] == "json_schema" and request["temperature"] == 0


@pytest.mark.parametrize(("behave", "status"), [(529, "server_error"), (429, "rate_limited"), (garbage, "garbled")])
def test_failures_of_anthropic_have_the_same_names(served, make, behave, status):
    served.server.behave = lambda request: behave
    assert make(api="anthropic").ask(question()).status == status


def test_the_budget_is_never_passed_by_jobs_side_by_side(served, make, tmp_path):
    each = question().most_tokens + question().answer_tokens
    limit = 5 * each
    served.server.usage = (question().most_tokens - 20, 10)
    askers = [make(tokens=limit, concurrency=3) for _ in range(2)]
    stopped = []

    def job(number):
        try:
            askers[number].ask_all([question(f"{number} {i}") for i in range(10)], desc="asking")
        except Stopped as stop:
            stopped.append(str(stop))

    threads = [threading.Thread(target=job, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stopped) == 2 and all("run the same command again" in text for text in stopped)
    spent = askers[0].ledger.spent()
    assert spent.tokens == len(served.log) * sum(served.server.usage)
    assert limit - 2 * each < spent.tokens <= limit


def test_a_request_of_unknown_cost_counts_at_its_most(served, make):
    served.server.behave = lambda request: hang
    asker = make(timeout_s=0.3)
    asker.ask(question())
    most = question().most_tokens + question().answer_tokens
    assert asker.ledger.spent().tokens == ATTEMPTS * most
    served.server.behave = lambda request: 500
    asker.ask(question("again"))
    assert asker.ledger.spent().tokens == ATTEMPTS * most


def test_a_server_that_is_gone_ends_the_run_early(make):
    with pytest.raises(Stopped, match=r"the last 3 questions failed, at last by connection_error.*are kept in"):
        make(f"{NOWHERE}/v1", give_up=3).ask_all([question(str(number)) for number in range(50)], desc="asking")


@pytest.mark.parametrize(
    ("code", "message"),
    [(401, "does not accept the key .TESTER_KEY"), (403, "does not accept"), (404, "has no model")],
)
def test_what_no_retry_can_mend_stops_at_once(served, make, monkeypatch, code, message):
    monkeypatch.setenv("TESTER_KEY", "sk-secret")
    served.server.behave = lambda request: code
    with pytest.raises(Stopped, match=message) as error:
        make(key_variable="TESTER_KEY").ask_all([question(str(number)) for number in range(5)], desc="asking")
    assert "sk-secret" not in str(error.value) and "***" in str(error.value)


def test_a_missing_key_and_a_foreign_cache_are_explained(tmp_path, monkeypatch):
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    with pytest.raises(ValueError, match="environment variable NO_SUCH_KEY: not set"):
        read_key("NO_SUCH_KEY")
    (tmp_path / "cache.sqlite").write_text("not a database, but long enough to be looked at as one" * 20)
    with pytest.raises(ValueError, match=r"cache.sqlite: not a cache of answers"):
        Ledger(tmp_path / "cache.sqlite", Budget(None, None))


def test_the_cache_holds_the_question_for_those_who_audit(make, tmp_path):
    answer = make().ask(question("audited?"))
    row = sqlite3.connect(tmp_path / "cache.sqlite").execute("SELECT key, question, reply FROM answers").fetchone()
    assert row[0] == answer.key and "audited?" in row[1] and json.loads(row[2])[0] == RIGHT


def test_a_failure_says_what_it_is():
    assert str(Failure("timeout", "no reply")) == "timeout: no reply" and Failure("timeout", "").transient


def test_the_forecast_counts_what_is_new(make):
    asker = make()
    asker.ask(question())
    text = forecast([question(), question("other"), question("other")], asker.client.model, asker.ledger)
    assert "3 requests, 1 of them answered before" in text and "at most 50" in text
