"""A language model server for tests: real sockets, both APIs, scripted behaviour, and a log of all it was asked.

`behave` says what happens to a request: a text is the model's answer, a number an HTTP error, an Exception class or a
function something worse. `oracle` is a model that explains and tests perfectly where features follow single tokens.
"""

import json
import re
import socket
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import SimpleNamespace

TOKENS_IN, TOKENS_OUT = 1500, 10  # that replies claim to have used, unless `server.usage` says otherwise
Behaviour = Callable[[dict], object]


def key_of(headers):
    return headers.get("Authorization") or headers.get("X-Api-Key")


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        request = {"path": self.path, "key": key_of(self.headers), **body}
        with self.server.lock:
            self.server.log.append(request)
        found = self.server.behave(request)
        if isinstance(found, int):
            error = {"message": f"error {found} for {key_of(self.headers)}", "type": "scripted"}
            self.reply(found, json.dumps({"error": error}).encode())
        elif isinstance(found, str):
            self.reply(200, json.dumps(envelope(request, found, self.server.usage)).encode())
        else:
            found(self)

    def reply(self, code, content, claimed=None, headers=None):
        self.send_response(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content) if claimed is None else claimed))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args):
        pass


def envelope(request, text, used):
    if request["path"].endswith("/messages"):
        usage = dict(zip(("input_tokens", "output_tokens"), used, strict=True))
        return {"content": [{"type": "text", "text": text}], "stop_reason": "end_turn", "usage": usage}
    usage = dict(zip(("prompt_tokens", "completion_tokens"), used, strict=True))
    return {"choices": [{"message": {"content": text}, "finish_reason": "stop"}], "usage": usage}


def garbage(handler):
    handler.reply(200, b"\xff\xfe<html>busy</html>")


def sends(body, code=200, **headers):
    """A reply of any kind: `body` is text, bytes, or anything else as JSON; an underscore in a header is a dash."""
    content = body if isinstance(body, bytes) else (body if isinstance(body, str) else json.dumps(body)).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda handler: handler.reply(code, content, headers=named)


def refuses(code, message, **headers):
    return sends({"error": {"message": message, "type": "scripted"}}, code, **headers)


def nothing(handler):
    handler.reply(200, b"")


def half_a_body(handler):
    handler.reply(200, b'{"choices": [{"mess', claimed=5000)
    handler.connection.shutdown(socket.SHUT_RDWR)


def cut_off(handler):
    body = envelope({"path": ""}, '{"1":', (1, 1))
    body["choices"][0]["finish_reason"] = "length"
    handler.reply(200, json.dumps(body).encode())


def hang(handler):
    handler.server.released.wait(30)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request, client_address):
        """A client that went away is what some tests are about."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


def start(behave: Behaviour) -> SimpleNamespace:
    """url, log and stop() of a running server; `server.behave` may be exchanged."""
    server = Server(("127.0.0.1", 0), Handler)
    server.behave, server.log, server.usage = behave, [], (TOKENS_IN, TOKENS_OUT)
    server.lock, server.released = threading.Lock(), threading.Event()
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def stop():
        server.released.set()
        server.shutdown()
        server.server_close()

    url = f"http://127.0.0.1:{server.server_address[1]}"
    return SimpleNamespace(server=server, url=url, openai=f"{url}/v1", log=server.log, stop=stop)


def question_of(request):
    return request["messages"][-1]["content"]


def items_of(prompt):
    """The numbered lines of a test, and its description."""
    lines = re.search(r"<items>\n(.*)\n</items>", prompt, re.S)[1].split("\n")
    description = json.loads(re.search(r"<description>\n(.*)\n</description>", prompt)[1])
    return [line.split(". ", 1)[1] for line in lines], description


def quoted_tokens(line):
    """(token, level) of a line of quoted tokens."""
    pairs = re.findall(r'("(?:[^"\\]|\\.)*")(?::(\d))?', line)
    return [(json.loads(token), int(level or 0)) for token, level in pairs]


def oracle(request):
    """Explains by the list of tokens with their levels, and takes such a list at its word."""
    prompt, system = question_of(request), request["messages"][0]["content"]
    alone = re.fullmatch("It responds to: (.*)\n(.*)", prompt)
    if alone:
        judge = is_likely if "shown a token" in system else answer
        return "Yes" if judge(alone[2], json.loads(json.loads(alone[1]))) else "No"
    if "<items>" not in prompt:
        levels = dict(pair for line in prompt.split("<likely_next>")[0].split("\n") for pair in quoted_tokens(line))
        likely = [token for token, _ in quoted_tokens(prompt.split("<likely_next>")[1])]
        return json.dumps({"explanation": json.dumps({"levels": levels, "likely": likely})})
    items, description = items_of(prompt)
    known = json.loads(description)
    judge = is_likely if "Each item is a token" in system else answer
    return json.dumps({str(number): judge(item, known) for number, item in enumerate(items, start=1)})


def is_likely(item, known):
    return 9 if json.loads(item) in known["likely"] else 0


def answer(item, known):
    tokens = [token for token, _ in quoted_tokens(item)]
    if len(tokens) > 1:
        return [{"token": token, "level": known["levels"].get(token, 0)} for token in tokens]
    marked = re.findall(r"<<(.*?)>>", item)
    if marked:
        return 9 if all(known["levels"].get(json.loads(f'"{token}"'), 0) for token in marked) else 0
    return 9 if any(known["levels"].get(f" {word}") for word in tokens[0].split()) else 0
