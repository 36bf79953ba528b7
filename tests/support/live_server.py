"""A small run as the workflow leaves it, and scripts/serve_live.py over it, in a process of its own."""

import http.client
import json
import re
import subprocess
import sys
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from places import SCRIPTS
from small_run import collect, evaluate_flags, lm_flags, pack_flags, sae_flags, shuffle
from waiting import PATIENCE_S, wait_until

import evaluate_dictionary
import pack_tokens
import train_lm
import train_sae

CONTEXT, WIDTH = 160, 24
RUN = "A/mlp_post/relu-w24"
HOSTILE = "<img src=x onerror=alert(1)> \u202eevil\u200b"
SAID, DEAD = 3, 5  # features that a language model explained, and that are made out to be dead
JSON = {"Content-Type": "application/json"}


def build(root: Path, corpus) -> Path:
    """The folder of the dictionary, in results/ as they always are, with a report of few files and one link."""
    results = root / "results"
    tokens, model = results / "tokens", results / "A"
    folder = model / "mlp_post/relu-w24"
    tokens.mkdir(parents=True)
    (tokens / "tokenizer.json").write_bytes(corpus.tokenizer.read_bytes())
    for split, n_tokens in {"train": 3200, "val": 1600}.items():
        pack_tokens.main(pack_flags(corpus, tokens, split, context_length=CONTEXT, n_tokens=n_tokens))
    train_lm.main(lm_flags(tokens, model / "lm", tokens=12_800, val_tokens=800))
    acts = shuffle(collect(tokens, model / "lm", model / "mlp_post", per_context=100), model / "mlp_post")
    train_sae.main(sae_flags(acts, folder))
    evaluate_dictionary.main(evaluate_flags(tokens, model / "lm", acts, folder, folder, n_tokens=1600, loss_tokens=320))
    features = pd.read_parquet(folder / "features.parquet")
    features.loc[DEAD, "max_act"] = 0
    features.to_parquet(folder / "features.parquet")
    (folder / "autointerp/llm").mkdir(parents=True)
    of = {"feature": range(WIDTH)}
    text = {"text": [f'"token {f}" 9' for f in range(WIDTH)], "single_token": False, "n_top": 0}
    pd.DataFrame({**of, **text}).to_parquet(folder / "autointerp/explanations.parquet")
    said = ["" if f != SAID else HOSTILE for f in range(WIDTH)]
    pd.DataFrame({**of, "explanation": said}).to_parquet(folder / "autointerp/llm/explanations.parquet")
    write_report(results / "report")
    return folder


def write_report(report: Path) -> None:
    data = report / "browser/data" / RUN
    data.mkdir(parents=True)
    (data / "table.js").write_text("monosem.receive({});\n")
    for folder in (report, report / "browser"):
        (folder / "index.html").write_text("<!doctype html><title>report</title>")
    (report / "notes.bin").write_text("of no kind that is served")
    (report.parent / "secret.html").write_text("secret")
    (report / "link.html").symlink_to(report.parent / "secret.html")


@dataclass(frozen=True)
class Served:
    process: subprocess.Popen
    log: Path
    port: int

    def ask(self, address: str, body: object = None, method: str | None = None, **headers: str | None):
        """Status, headers and content of an answer; `body` may be bytes, and is JSON if it is not."""
        content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        given = {"Host": f"127.0.0.1:{self.port}", **(JSON if body is not None else {})}
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        if content is not None and "Content-Length" not in given:
            given["Content-Length"] = str(len(content))
        with closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_S)) as connection:
            connection.putrequest(method or ("GET" if body is None else "POST"), address, skip_host=True)
            for name, value in given.items():
                if value is not None:
                    connection.putheader(name, value)
            connection.endheaders(content)
            with connection.getresponse() as reply:
                found = reply.read()
        is_json = reply.headers.get_content_type() == "application/json"
        return reply.status, reply.headers, json.loads(found) if is_json and found else found

    def answer(self, address: str, **body: object) -> dict:
        status, _, found = self.ask(address, body or None)
        assert status == 200, found
        return found


@contextmanager
def serving(log: Path, *words: object):
    """The server as a process, ready to answer; it fails no request by an error of its own."""
    command = [sys.executable, SCRIPTS / "serve_live.py", *words, "--port", 0, "--threads", 1, "--device", "cpu"]
    with log.open("w") as file:
        process = subprocess.Popen(list(map(str, command)), stdout=file, stderr=subprocess.STDOUT)
    try:
        port = lambda: re.search(r"serving http://127\.0\.0\.1:(\d+)/", log.read_text())  # noqa: E731
        assert wait_until(port, lambda: process.poll() is None), log.read_text()
        yield Served(process, log, int(port()[1]))
        assert "Traceback" not in log.read_text()
    finally:
        process.kill()
        process.wait()
