"""explain_features.py and score_explanations.py against servers that send everything odd in turn."""

import itertools
import json
import sqlite3

import language_model
import pytest
from language_model import question_of
from odd_replies import ANTHROPIC, OPENAI, drips, text
from planted import N_FEATURES, N_PLANTED, explain, plant, score, write_explanations

from monosem.autointerp.judgement import REASONS

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
EXPLANATIONS = [
    "\ud83d",
    "half \ud83d of one \ude00",
    "\0 and \x1b[31m",
    " \u2028\n",
    "",
    "</script>\u202e<!--",
    "x" * 5000,
    'the tag <think> and {"explanation": "another"}',
]


@pytest.mark.faults
@pytest.mark.parametrize(("api", "replies"), [("openai", OPENAI), ("anthropic", ANTHROPIC)])
def test_no_reply_ends_a_run_and_each_is_counted_by_name(tmp_path, tried, api, replies):
    plant(tmp_path)
    odd = [behave for behave, *_ in replies.values() if behave is not drips]
    turns = itertools.cycle(odd)
    server = language_model.start(lambda request: next(turns))
    url = server.openai if api == "openai" else server.url
    try:
        statuses = set()
        for number in range(-(-len(odd) // N_PLANTED)):
            statuses |= set(explain(tmp_path, url, api=api, cache=tmp_path / f"{number}.sqlite")["status"])
        assert {"unparsable", "declined", "dead"} <= statuses <= set(REASONS), statuses
        write_explanations(tmp_path, ["words"] * N_PLANTED)
        scores = score(tmp_path, url, api=api, batch=3, give_up=10_000)
        record = json.loads((tmp_path / "scores.json").read_text())
        for task, rows in scores.groupby("task"):
            counted = record[task]["status_counts"]
            assert counted == {name: int((rows["status"] == name).sum()) for name in REASONS}
            assert sum(counted.values()) == N_FEATURES and counted["ok"] == 0
        server.server.behave = lambda request: 500
        again = score(tmp_path, url, api=api, batch=3, give_up=10_000)
        assert set(again["status"]) <= set(scores["status"]) | {"server_error"}
    finally:
        server.stop()
    tried(
        f"{len(odd)} odd replies of a language model's server ({api}): thinking, other types, refusals, HTML, ...",
        "each is read or counted by name, the run ends well, and what is cached ends no later one",
    )


@pytest.mark.faults
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_odd_explanations_reach_tables_and_prompts_whole(tmp_path, api):
    plant(tmp_path)
    turns = itertools.cycle(json.dumps({"explanation": said}) for said in EXPLANATIONS)
    server = language_model.start(lambda request: "{}" if "<items>" in question_of(request) else next(turns))
    url = server.openai if api == "openai" else server.url
    said = []
    try:
        for number in range(2):
            found = explain(tmp_path, url, api=api, cache=tmp_path / f"{number}.sqlite", concurrency=1)
            said += found[:N_PLANTED].itertuples()
            score(tmp_path, url, api=api)
    finally:
        server.stop()
    assert [row.status for row in said] == ["ok", "ok", "ok", "unparsable", "unparsable", "ok", "ok", "ok"]
    assert [row.explanation for row in said[:3]] == ["\ufffd", "half \ufffd of one \ufffd", "\ufffd and \ufffd[31m"]
    assert said[7].explanation == EXPLANATIONS[7]


@pytest.mark.faults
def test_a_cached_reply_that_could_not_be_read_before_is_read_now(tmp_path):
    """As an older version left it: the parts of a text, where a text should be."""
    plant(tmp_path)
    server = language_model.start(lambda request: json.dumps({"explanation": "words"}))
    try:
        explain(tmp_path, server.openai)
        with sqlite3.connect(tmp_path / "cache.sqlite") as database:
            parts = [[text('{"explanation": "the same, '), text('in parts"}')], True, 5, 5]
            database.execute("UPDATE answers SET reply = ?", (json.dumps(parts),))
        n_asked = len(server.log)
        found = explain(tmp_path, server.openai)
        assert (found["explanation"][:N_PLANTED] == "the same, in parts").all() and len(server.log) == n_asked
    finally:
        server.stop()
