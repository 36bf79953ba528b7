"""How the live server is asked and stopped: methods, addresses, who may ask, many at once, signals."""

import json
import signal
import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from http.client import HTTPException
from pathlib import Path

import live_server
import pytest
import torch
from live_server import CONTEXT, RUN, WIDTH
from waiting import PATIENCE_S, wait_until

import serve_live
from monosem.pages.live import asked, server
from monosem.pages.live.files import Files, addresses
from monosem.pages.live.model import Live

READ, STEER = "/api/read", {"text": "the cat", "feature": 2, "multiple": 2, "n_tokens": 64, "seed": 3, "temperature": 1}


OTHER = "http://evil.example"
REQUESTS = [
    ({"address": "/nothing"}, 404, "address /nothing: nothing is here; open /"),
    ({"address": "/api/nothing", "body": {}}, 404, "address /api/nothing"),
    ({"address": "/report/notes.bin"}, 404, "address"),
    ({"address": "/report/link.html"}, 404, "address"),
    ({"address": "/report/../secret.html"}, 404, "address"),
    ({"address": "/report/%2e%2e/secret.html"}, 404, "address"),
    ({"address": "/report//etc/passwd"}, 404, "address"),
    ({"address": "/report/%00"}, 404, "address"),
    ({"address": READ}, 405, "method GET: /api/read takes POST"),
    ({"address": READ, "method": "DELETE"}, 405, "method DELETE"),
    ({"address": READ, "method": "OPTIONS", "Origin": OTHER}, 403, f"Origin {OTHER}: pages of http://127.0.0.1:"),
    ({"address": "/", "body": {}}, 405, "method POST: / takes GET, HEAD"),
    ({"address": "/api/about", "body": {}}, 405, "method POST: /api/about takes GET, HEAD"),
    ({"address": "/", "method": "BREW"}, 501, "Unsupported method"),
    (
        {"address": READ, "body": {"text": ""}, "Content_Type": "text/plain"},
        415,
        "Content-Type text/plain: application",
    ),
    ({"address": READ, "body": {"text": ""}, "Content_Type": None}, 415, "Content-Type text/plain: application/json"),
    (
        {"address": READ, "method": "POST", "Content_Type": "application/json"},
        411,
        "Content-Length : the number of bytes of",
    ),
    ({"address": READ, "body": b"{}", "Content_Length": "-2"}, 411, "Content-Length -2"),
    ({"address": READ, "body": b" " * (1 << 22), "Content_Length": "9" * 5000}, 413, "262,144 bytes at most"),
    ({"address": READ, "body": {"text": ""}, "Origin": OTHER}, 403, f"Origin {OTHER}: pages of"),
    ({"address": READ, "body": {"text": ""}, "Origin": "http://127.0.0.1:1"}, 403, "Origin http://127.0.0.1:1"),
    ({"address": READ, "body": {"text": ""}, "Origin": "null"}, 403, "Origin null"),
    ({"address": "/", "Host": "evil.example"}, 403, "Host evil.example: only names of this machine are answered; open"),
    ({"address": "/", "Host": None}, 403, "Host : only names of this machine"),
    ({"address": READ, "body": {"text": ""}, "Host": "127.0.0.1.evil.example:80"}, 403, "Host 127.0.0.1.evil.example"),
]


@pytest.mark.parametrize(("request_of", "status", "message"), REQUESTS)
def test_what_is_not_to_be_asked_is_refused(served, request_of, status, message):
    found_status, headers, found = served.ask(**request_of)
    assert (found_status, message in found["error"]) == (status, True), found
    assert ("Allow" in headers) == (status == 405)


def test_this_machine_is_answered_by_both_its_names_and_through_a_tunnel(served):
    for host in ("127.0.0.1", "localhost", "LOCALHOST:9000"):
        status, headers, page = served.ask("/", Host=host, Origin=f"http://{host}")
        assert status == 200 and b"Try it live" in page
        assert (
            headers["Cross-Origin-Resource-Policy"] == "same-origin" and headers["X-Content-Type-Options"] == "nosniff"
        )


def test_pages_and_the_report_are_served_with_their_kinds(served):
    about = served.answer("/api/about")
    assert about["features"] == f"/report/browser/index.html#/{RUN}" and about["report"] == "/report/index.html"
    assert (about["run"], about["n_features"], about["room"]) == (RUN, WIDTH, CONTEXT - 1)
    kinds = {"/app/style.css": "text/css", "/live/live.js": "text/javascript", "/report/index.html": "text/html"}
    for address, kind in {**kinds, f"/report/browser/data/{RUN}/table.js": "text/javascript"}.items():
        status, headers, content = served.ask(address)
        assert status == 200 and headers.get_content_type() == kind and content
        assert served.ask(address, method="HEAD")[2] == b""


def test_it_listens_on_the_loopback_interface_only(served):
    found = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), None, socket.AF_INET)}
    listening = [
        line.split()[1] for line in Path("/proc/net/tcp").read_text().splitlines()[1:] if line.split()[3] == "0A"
    ]
    assert f"0100007F:{served.port:04X}" in listening and f"00000000:{served.port:04X}" not in listening
    for address in found - {"127.0.0.1", "127.0.1.1"}:
        with socket.socket() as outside:
            assert outside.connect_ex((address, served.port)) != 0


def test_ten_at_once_are_all_answered_right_and_nothing_is_loaded_again(served):
    texts = [f"the cat sat on {n} mats" for n in range(10)]
    alone = [served.answer(READ, text=text, feature=1) for text in texts]
    with ThreadPoolExecutor(10) as pool:
        together = list(pool.map(lambda text: served.answer(READ, text=text, feature=1), texts))
    assert together == alone and len({str(answer) for answer in alone}) == 10
    assert served.log.read_text().count("loaded") == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told_to_also_while_it_computes(folder, tmp_path, number):
    with live_server.serving(tmp_path / "log", "--dictionary", folder) as served:
        stop, started = threading.Event(), threading.Event()

        def keep_asking():
            while not stop.is_set():
                with suppress(OSError, HTTPException):  # when it has stopped
                    if served.ask("/api/steer", STEER)[0] == 200:
                        started.set()

        threads = [threading.Thread(target=keep_asking) for _ in range(3)]
        for thread in threads:
            thread.start()
        assert started.wait(PATIENCE_S)
        served.process.send_signal(number)
        assert served.process.wait(PATIENCE_S) == 0
        stop.set()
        for thread in threads:
            thread.join()
        assert "Traceback" not in served.log.read_text()


def test_a_port_in_use_is_named(served, folder):
    with pytest.raises(ValueError, match=rf"--port {served.port}: Address already in use; give another, or 0 for any"):
        serve_live.main(["--dictionary", str(folder), "--port", str(served.port), "--threads", "1"])
    with pytest.raises(ValueError, match="--port 70000: not a port; give another"):
        serve_live.main(["--dictionary", str(folder), "--port", "70000", "--threads", "1"])


def test_whoever_waits_too_long_is_told_so(folder, monkeypatch):
    monkeypatch.setattr(server, "PATIENCE_S", 0.01)
    live, done = Live.load(Files.around(folder), torch.device("cpu")), threading.Event()
    with server.Server(0, live, addresses(None)) as own:
        threading.Thread(target=own.serve_forever, daemon=True).start()
        own.worker.submit(done.wait)
        served = live_server.Served(None, None, own.server_port)
        status, _, found = served.ask(READ, {"text": "the"})
        assert served.answer("/api/about")["features"] is None
        done.set()
        own.shutdown()
    assert status == 503 and "not answered within 0.01 s; ask again later" in found["error"]


def test_a_question_whose_asker_has_left_is_not_computed(folder, monkeypatch):
    monkeypatch.setattr(server, "LOOK_S", 0.01)
    live, done, computed, futures = Live.load(Files.around(folder), torch.device("cpu")), threading.Event(), [], []
    body = json.dumps({"text": "left"}).encode()
    head = f"POST {READ} HTTP/1.1\r\nHost: {server.HOST}\r\nContent-Type: application/json\r\n"
    with server.Server(0, live, addresses(None)) as own, ExitStack() as stack:
        stack.callback(done.set)
        threading.Thread(target=own.serve_forever, daemon=True).start()
        own.questions[READ] = (asked.READ, lambda text, feature: computed.append(text) or {})
        own.worker.submit(done.wait)
        submit = own.worker.submit
        kept = lambda *question, **named: futures.append(submit(*question, **named)) or futures[-1]  # noqa: E731
        monkeypatch.setattr(own.worker, "submit", kept)
        with socket.create_connection((server.HOST, own.server_port)) as connection:
            connection.sendall(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
            wait_until(lambda: futures)
        wait_until(futures[0].cancelled)
        done.set()
        assert live_server.Served(None, None, own.server_port).ask(READ, {"text": "stays"})[0] == 200
        own.shutdown()
    assert computed == ["stays"]
