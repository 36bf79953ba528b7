"""The key of a language model is in the environment and in what is sent, and nowhere else: whatever the server does."""

import logging
import os
import sqlite3
import subprocess
import sys

import language_model
import pandas as pd
import pytest
from echoes import LAST, WAYS, in_turn
from leaks import KEY, leaks
from places import SCRIPTS
from planted import N_PLANTED, explain, explain_flags, plant, score, write_explanations

from monosem.llm.asking import Stopped
from monosem.pages.browser.answers import read_answers
from monosem.pages.browser.columns import SCORES, read_features
from monosem.pages.browser.shards import write_shard

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
pytestmark = pytest.mark.faults
APIS = ["openai", "anthropic"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    return plant(tmp_path_factory.mktemp("planted"))


@pytest.fixture
def echo(monkeypatch):
    """A server that shows keys, and the key in the environment."""
    monkeypatch.setenv("TESTER_KEY", KEY)
    server = language_model.start(in_turn(WAYS))
    yield server
    server.stop()


def url_of(server, api):
    return server.openai if api == "openai" else server.url


def searched(folder):
    """Whether each file of a folder, by its name, shows the key: in its bytes, or in the rows that these hold."""
    found = {}
    for path in folder.rglob("*"):
        said = [path.read_bytes()] if path.is_file() else []
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
            said += [str(value).encode() for name in table for value in table[name]]
        if path.suffix == ".sqlite":
            with sqlite3.connect(path) as database:
                rows = [*database.execute("SELECT * FROM answers"), *database.execute("SELECT * FROM attempts")]
            said += [str(value).encode() for row in rows for value in row]
        found[path.name] = any(map(leaks, said))
    return found


def write_pages(planted, folder):
    """What the feature browser's pages say of what a language model said and was asked, as they hold it."""
    features = planted / "features.parquet"
    of_each = pd.read_parquet(features)[["feature"]]
    of_each.assign(text="words", single_token=False, n_top=1).to_parquet(folder / "offline.parquet")
    scored = {**dict.fromkeys(SCORES, 0.5), "status": "ok", "reason": ""}
    of_each.assign(**scored).to_parquet(folder / "offline_scores.parquet")
    said = [folder / "offline.parquet", folder / "offline_scores.parquet"]
    for number, told in enumerate(sorted(folder.rglob("explanations.parquet"))):
        table = read_features(features, *said, told, folder / "scores.parquet")
        rows = table[["feature", "llm_explanation", "llm_status"]].to_dict("records")
        write_shard(folder / f"features-{number}.js", [[row for row in rows if row["llm_status"] is not None]])
    write_shard(folder / "answers.js", read_answers(folder / "answers.parquet"))


@pytest.mark.parametrize("api", APIS)
def test_no_way_to_show_the_key_reaches_a_file_or_the_output(planted, tmp_path, echo, caplog, capfd, tried, api):
    caplog.set_level(logging.DEBUG)  # of all loggers
    how = {"api": api, "key_variable": "TESTER_KEY", "give_up": 10_000, "attempts": 1, "concurrency": 1}
    inputs = {name: planted / f"{name}.parquet" for name in ("examples", "features")}
    inputs |= {"logit-weights": planted / "logits.safetensors", "tokenizer": planted / "tokenizer.json"}
    statuses = set()
    for number in range(-(-len(WAYS) // N_PLANTED) + 1):
        (folder := tmp_path / str(number)).mkdir()
        found = explain(folder, url_of(echo, api), **inputs, **how)
        statuses |= set(found["status"])
    assert len(echo.log) > len(WAYS) and {KEY in request["key"] for request in echo.log} == {True}
    assert {"ok", "unparsable", "declined", "refused", "server_error", "garbled", "connection_error"} <= statuses
    write_explanations(tmp_path, ["words"] * N_PLANTED)
    score(tmp_path, url_of(echo, api), batch=2, contexts=planted / "contexts.parquet", **inputs, **how)
    for last in LAST:
        echo.server.behave = lambda request, last=last: last
        with pytest.raises(Stopped) as stopped:
            explain(tmp_path, url_of(echo, api), **inputs, **how, cache=tmp_path / "another.sqlite")
        assert not leaks(str(stopped.getrepr(style="native")).encode())
    write_pages(planted, tmp_path)
    assert [name for name, leaking in searched(tmp_path).items() if leaking] == []
    printed = capfd.readouterr()
    assert not leaks((printed.out + printed.err + caplog.text).encode())
    texts = pd.concat(pd.read_parquet(path) for path in tmp_path.rglob("explanations.parquet"))["explanation"]
    assert texts.str.contains(r"said \*\*\*").any(), "such an explanation stays, without the key"
    assert "said ***" in "".join(path.read_text() for path in tmp_path.glob("features-*.js"))
    if api == "openai":
        tried(
            "a server shows the key back in every way it can: errors, headers, pages, redirects, explanations; "
            "raw, escaped, percent-encoded, as base64, cut off, over lines",
            "`***` stands for it in tables, cache, records, pages, logs and output",
        )


@pytest.mark.parametrize("api", APIS)
def test_scripts_that_end_by_an_error_do_not_print_the_key_either(planted, echo, tmp_path, api):
    """A process of its own, with the logs of the SDKs switched on."""
    environment = {**os.environ, "OPENAI_LOG": "debug", "ANTHROPIC_LOG": "debug", "TESTER_KEY": KEY}
    changed = {"api": api, "key_variable": "TESTER_KEY", "cache": tmp_path / "cache.sqlite", "give-up": 3}
    flags = explain_flags(planted, url_of(echo, api), **changed, output=tmp_path / "e.parquet")
    for behave, variable in [(LAST[0], KEY), (WAYS[0], KEY), (LAST[0], f"{KEY}\n")]:
        echo.server.behave = lambda request, behave=behave: behave
        done = subprocess.run(
            [sys.executable, SCRIPTS / "explain_features.py", *flags],
            env={**environment, "TESTER_KEY": variable},
            capture_output=True,
            check=False,
        )
        assert done.returncode == 1 and not leaks(done.stdout + done.stderr)
    assert not any(searched(tmp_path).values())


@pytest.mark.parametrize(
    "url", [f"http://me:{KEY}@127.0.0.1:9/v1", f"http://127.0.0.1:9/v1?key={KEY}", f"http://h/#{KEY}"]
)
def test_a_secret_in_the_url_is_refused_before_anything_is_written(planted, tmp_path, capfd, url):
    with pytest.raises(ValueError, match=r"--url: a user, a password or a query in it") as error:
        explain(planted, url, cache=tmp_path / "cache.sqlite")
    assert not leaks(str(error.getrepr(style="native")).encode()) and not list(tmp_path.iterdir())
    assert not leaks("".join(capfd.readouterr()).encode())
