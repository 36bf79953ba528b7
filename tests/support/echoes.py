"""A server of language models that shows the key in everything it sends: each request meets another way."""

import base64
import html
import itertools
import json
import urllib.parse

from language_model import envelope, sends
from leaks import KEY

ESCAPED = "".join(f"\\u{ord(character):04x}" for character in KEY)
SPELT = {
    "raw": KEY,
    "upper": KEY.upper(),
    "repr": repr(f"Bearer {KEY}\n"),
    "escaped": ESCAPED,
    "percent": "".join(f"%{ord(character):02X}" for character in KEY),
    "base64": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "hex": KEY.encode().hex(),
    "lines": f"{KEY[:11]}\n{KEY[11:22]}\n{KEY[22:]}",
    "cut": KEY[:20],
}


def of_body(change):
    """A reply as of a right answer, changed."""

    def behave(handler):
        body = envelope({"path": handler.path}, json.dumps({"explanation": f"words like {KEY} and {ESCAPED}"}), (5, 5))
        handler.reply(200, json.dumps(change(body)).encode())

    return behave


def in_parts(body):
    parts = [{"type": "text", "text": text} for text in ('{"explanation": "in parts ' + KEY[:16], KEY[16:] + '"}')]
    if "choices" in body:
        body["choices"][0]["message"]["content"] = parts
        return body
    return body | {"content": parts}


def declined(body):
    if "choices" in body:
        body["choices"][0]["message"] = {"content": None, "refusal": f"not for {KEY}"}
        return body
    return body | {"stop_reason": "refusal", "content": [{"type": "text", "text": f"not for {KEY}"}]}


def wrong_types(body):
    return [body, KEY]


def status_line(handler):
    handler.wfile.write(f"HTTP/1.1 {KEY} {KEY}\r\n\r\n".encode())
    handler.close_connection = True


def header_line(handler):
    handler.wfile.write(f"HTTP/1.1 200 OK\r\n\0{KEY}: {KEY}\r\n\r\n".encode())
    handler.close_connection = True


def reason_phrase(handler):
    handler.wfile.write(f"HTTP/1.1 500 {KEY}\r\nX-Request-Id: {KEY}\r\nContent-Length: 0\r\n\r\n".encode())
    handler.close_connection = True


PAGE = f"<html><title>500</title>{html.escape(KEY)} {''.join(f'&#{ord(c)};' for c in KEY)}</html>"
WAYS = [
    *(sends({"error": {"message": f"no: {said}", "param": said}}, 400) for said in SPELT.values()),
    *(sends(f"plainly {said}", 500) for said in SPELT.values()),
    *(sends({"error": {"message": said}}) for said in SPELT.values()),
    sends(PAGE, 502),
    sends(PAGE),
    sends({"error": {"message": f"response_format, output_config unsupported, as {KEY} is"}}, 422),
    sends({KEY: KEY, "model": KEY, "id": ESCAPED}),
    sends("", 429, Retry_After=KEY, X_Request_Id=KEY, Set_Cookie=f"key={KEY}"),
    sends(b"\xff" + KEY.encode("utf-16"), 500, Content_Type="text/html; charset=utf-16"),
    sends(KEY, 200, Content_Encoding="gzip"),
    of_body(lambda body: body | {"model": KEY}),
    of_body(lambda body: body | {"usage": {KEY: KEY}}),
    of_body(in_parts),
    of_body(declined),
    of_body(wrong_types),
    status_line,
    header_line,
    reason_phrase,
    *(json.dumps({"explanation": f"said {said}"}) for said in SPELT.values()),
    json.dumps({"explanation": KEY, KEY: 1}),
    f'{{"explanation": "{ESCAPED}"}}',
    f"<think>{KEY}</think> {KEY}",
]
LAST = [  # which end a run
    sends({"error": {"message": KEY}}, 401),
    sends(PAGE, 403),
    sends({"error": ESCAPED}, 404),
    sends("", 307, Location=f"http://127.0.0.1:9/{urllib.parse.quote(KEY)}?key={KEY}"),
    sends({"error": {"code": 401, "message": SPELT["base64"]}}),
]


def in_turn(ways):
    turns = itertools.cycle(ways)
    return lambda request: next(turns)
