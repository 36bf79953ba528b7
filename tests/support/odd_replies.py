"""What servers of language models send instead of an answer, or around it: name, behaviour, the status it gets, why."""

import json

import language_model
from asked import RIGHT
from language_model import envelope, refuses, sends

OK, BAD = "ok", "unparsable"


def chat(content, *, finish="stop", usage=(5, 5), **message):
    body = envelope({"path": ""}, content, usage)
    body["choices"][0] |= {"finish_reason": finish, "message": {"content": content, **message}}
    return sends(body)


def counts(usage):
    body = envelope({"path": ""}, RIGHT, (1, 1))
    return sends(json.dumps({**body, "usage": usage}))


def claude(*blocks, stop="end_turn", usage=None):
    usage = {"input_tokens": 5, "output_tokens": 5} if usage is None else usage
    return sends({"content": list(blocks), "stop_reason": stop, "usage": usage})


def text(words):
    return {"type": "text", "text": words}


def broken_off(handler):
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    handler.wfile.write(b"10\r\n" + b'{"choices": [{"m' + b"\r\n")
    handler.wfile.flush()
    handler.close_connection = True


def drips(handler):
    """A byte at a time, each soon enough, and no end."""
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.end_headers()
    while not handler.server.released.wait(0.05):
        handler.wfile.write(b" ")
        handler.wfile.flush()


def too_long(handler):
    handler.reply(200, json.dumps(envelope({"path": ""}, RIGHT, (1, 1))).encode() + b"tail", claimed=60)


def status_line(handler):
    handler.wfile.write(b"HTTP/9.9 hello\r\n\r\n")
    handler.close_connection = True


DEEP = "[" * 100_000
THOUGHT = '<think>maybe {"level": 3}, or</think>'
TOOL = {"tool_calls": [{"type": "function", "function": {"name": "answer", "arguments": RIGHT}}]}
OPENAI = {
    "typed parts": (chat([text('{"lev'), text('el": 7}')]), OK, ""),
    "typed parts with thinking": (
        chat([{"type": "thinking", "thinking": [text('{"level": 3}')]}, text(RIGHT)]),
        OK,
        "",
    ),
    "an object for text": (chat({"level": 7}), OK, ""),
    "a number for text": (chat(7), BAD, "no JSON object"),
    "null content": (chat(None), BAD, "empty"),
    "thinking apart, cut off": (chat(None, finish="length", reasoning_content=RIGHT), BAD, "cut off"),
    "thinking before": (f"{THOUGHT}\n{RIGHT}", OK, ""),
    "thinking in brackets": (f'[THINK]{{"level": 3}}[/THINK]{RIGHT}', OK, ""),
    "thinking in channels": (f'<|channel|>analysis<|message|>{{"level": 3}}<|channel|>final<|message|>{RIGHT}', OK, ""),
    "thinking opened by the template": (f'maybe {{"level": 3}}</think>{RIGHT}', OK, ""),
    "thinking that does not end": ('<think>maybe {"level": 3}', BAD, "no answer after the thinking"),
    "thinking without an answer": (f"{THOUGHT} I do not know", BAD, "no JSON object"),
    "fences": (f"```json\n{RIGHT}\n```", OK, ""),
    "braces before": (f"In {{braces}}: {RIGHT}", OK, ""),
    "the answer twice": (f"{RIGHT}\n{RIGHT}", OK, ""),
    "two answers": (f'{RIGHT} or {{"level": 3}}', BAD, "2 answers that differ"),
    "another object after": (f'{RIGHT} {{"note": 1}}', OK, ""),
    "NaN": ('{"level": NaN}', BAD, "NaN is no number"),
    "infinity": ('{"level": 1e999}', BAD, "inf"),
    "a huge number": ('{"level": ' + "9" * 5000 + "}", BAD, "digits"),
    "deep": ('{"level": ' + DEEP + "}", BAD, ""),
    "many braces": ("{" * 20_000 + "}", BAD, ""),
    "surrogate in the text": (chat('{"level": "\ud83d"}'), BAD, "is not of type"),
    "surrogate in the answer": ('{"level": "\\ud83d"}', BAD, "is not of type"),
    "NUL": ('{"level": "\\u0000\0"}', BAD, "is not of type"),
    "refusal by field": (chat(None, refusal="I can't \0 help"), "declined", "I can't"),
    "refusal by part": (chat([{"type": "refusal", "refusal": "I can't"}]), "declined", "I can't"),
    "refusal by filter": (chat("", finish="content_filter"), "declined", "declined to answer"),
    "refusal in words": ("I'm sorry, but I can't help with that.", BAD, "no JSON object"),
    "a tool call": (chat(None, finish="tool_calls", **TOOL), OK, ""),
    "odd tool calls": (chat(None, tool_calls=[None], function_call=3), BAD, "empty"),
    "null counts": (counts({"prompt_tokens": None, "completion_tokens": None}), OK, ""),
    "counts of other kinds": (counts({"prompt_tokens": "5", "completion_tokens": [float("nan")]}), OK, ""),
    "absurd counts": (counts({"prompt_tokens": -5, "completion_tokens": 10**30}), OK, ""),
    "no counts": (counts("many"), OK, ""),
    "no choices": (sends({"choices": []}), "garbled", "no choices"),
    "null choice": (sends({"choices": [None]}), "garbled", "no choices"),
    "no message": (sends({"choices": [{"text": RIGHT}]}), "garbled", "no message"),
    "another API": (sends({"message": {"content": RIGHT}, "done": True}), "garbled", "no choices"),
    "a list": (sends([1]), "garbled", "object expected"),
    "null": (sends("null"), "garbled", "object expected"),
    "a deep body": (sends(DEEP), "garbled", "RecursionError"),
    "HTML": (sends("<html>busy</html>"), "garbled", "JSONDecodeError"),
    "an error inside": (sends({"error": {"message": "no luck"}}), "server_error", "no luck"),
    "an error with a number inside": (sends({"error": {"code": 429, "message": "slow"}}), "rate_limited", "slow"),
    "an error in words inside": (sends({"error": "overloaded"}), "server_error", "overloaded"),
    "an error in the choice": (sends({"choices": [{"error": {"code": 400, "message": "x"}}]}), "refused", "HTTP 400"),
    "chunks that stop": (broken_off, "connection_error", ""),
    "a status line of its own": (status_line, "connection_error", ""),
    "shorter than promised": (language_model.half_a_body, "connection_error", ""),
    "longer than promised": (too_long, "garbled", ""),
    "broken gzip": (sends(b"\x1f\x8bnothing", Content_Encoding="gzip"), "garbled", ""),
    "a huge body": (sends(b" " * (5 << 20)), "garbled", "more than 4 MiB"),
    "no end": (drips, "timeout", ""),
    "busy": (refuses(408, "later"), "busy", "HTTP 408"),
    "conflict": (refuses(409, "later"), "busy", "HTTP 409"),
    "too early": (refuses(425, "later"), "busy", "HTTP 425"),
    "overloaded": (sends("<html>" * 5000, 529), "server_error", "HTTP 529"),
    "teapot": (sends("", 418), "refused", "HTTP 418"),
}
ANTHROPIC = {
    "blocks": (claude({"type": "thinking", "thinking": '{"level": 3}'}, text(RIGHT)), OK, ""),
    "redacted": (claude({"type": "redacted_thinking", "data": "x"}, text(RIGHT)), OK, ""),
    "a tool": (claude({"type": "tool_use", "input": {"level": 7}}, stop="tool_use"), OK, ""),
    "odd blocks": (claude(None, 3, {}, {"type": "text"}, {"type": "text", "text": None}), BAD, ""),
    "text for blocks": (sends({"content": RIGHT, "usage": None}), OK, ""),
    "null content": (sends({"content": None}), BAD, "empty"),
    "refusal": (claude(stop="refusal"), "declined", "declined to answer"),
    "cut off": (claude(text('{"lev'), stop="max_tokens"), BAD, "cut off"),
    "null counts": (claude(text(RIGHT), usage={"input_tokens": None, "output_tokens": None}), OK, ""),
    "error": (sends({"type": "error", "error": {"type": "overloaded_error"}}), "server_error", "HTTP 529"),
    "another API": (chat(RIGHT), "garbled", "no content"),
    "conflict": (refuses(409, "later"), "busy", "HTTP 409"),
}
