"""Servers that know other parameters, redirect, or could only be reached by a detour."""

import http.server
import threading

import pytest
from asked import RIGHT, question
from language_model import refuses, sends

from monosem.llm import wire
from monosem.llm.asking import Stopped
from monosem.llm.dialects import LONG, SHORT

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
pytestmark = pytest.mark.faults

# what a server refuses, and in whose words (OpenAI, vLLM or pydantic, LM Studio, Gemini, Anthropic, llama.cpp, Mistral)
REFUSALS = {
    SHORT: [
        "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
        "[{'loc': ('body', 'max_tokens'), 'msg': 'Extra inputs are not permitted'}]",
        "max_tokens is deprecated",
    ],
    LONG: ["Unrecognized request argument supplied: max_completion_tokens", "Unknown name max_completion_tokens"],
    "temperature": [
        "Unsupported value: 'temperature' does not support 0 with this model. Only the default (1) value is supported.",
        "`temperature` is deprecated for this model.",
        "[{'loc': ('body', 'temperature'), 'msg': 'Extra inputs are not permitted'}]",
    ],
    "response_format": [
        "'response_format.type' must be 'text'",
        "Invalid schema for response_format 'answer': 'minimum' is not permitted.",
        "Failed to parse grammar",
        "This model does not support structured outputs.",
    ],
    "system": [
        "System role not supported",
        "'messages[0].role' does not support 'system' with this model.",
        "Conversation roles must alternate user/assistant/user/assistant/...",
    ],
}
CASES = [(parameter, said) for parameter, words in REFUSALS.items() for said in words]


def holds(request, parameter):
    if parameter == "system":
        return request["messages"][0]["role"] == "system"
    return parameter in request


@pytest.mark.parametrize("code", [400, 422])
@pytest.mark.parametrize(("parameter", "said"), CASES)
def test_a_parameter_that_a_refusal_names_is_left_out_for_the_run(served, make, capsys, code, parameter, said):
    refusal = refuses(code, said)
    served.server.behave = lambda request: refusal if holds(request, parameter) else RIGHT
    asker = make()
    if parameter == LONG:
        asker.client.dialect = asker.client.dialect.__class__(limit=LONG)  # as for OpenAI's own URL
    answers = asker.ask_all([question(str(number)) for number in range(3)], desc="asking")
    assert [answer.status for answer in answers] == ["ok"] * 3 and len(served.log) == 4
    kept = {SHORT, LONG, "temperature", "response_format"} - {parameter}
    limits = {SHORT, LONG} & set(served.log[-1])
    assert len(limits) == 1 and all(name in served.log[-1] for name in kept - {SHORT, LONG})
    assert served.log[-1][limits.pop()] == 50
    assert "Answer in JSON." in str(served.log[-1]["messages"]) and "2" in served.log[-1]["messages"][-1]["content"]
    assert f"takes {'no' if parameter not in (SHORT, LONG) else ''}" in capsys.readouterr().err


def test_several_parameters_are_left_out_one_after_another(served, make, tried):
    def behave(request):
        for name in (SHORT, "temperature", "response_format"):
            if name in request:
                return refuses(400, f"unsupported parameter: {name}")
        return refuses(400, "System role not supported") if holds(request, "system") else RIGHT

    served.server.behave = behave
    answers = make().ask_all([question(str(number)) for number in range(3)], desc="asking")
    assert [answer.status for answer in answers] == ["ok"] * 3 and len(served.log) == 4 + 3
    tried(
        "a language model's server knows no schema, temperature, `max_tokens` or system message",
        "it is asked without, or by the other name, for the rest of the run; one line says so",
    )


@pytest.mark.parametrize("parameter", ["temperature", "output_config"])
def test_parameters_of_anthropic_are_left_out_too(served, make, parameter):
    refusal = refuses(400, f"{parameter}: Extra inputs are not permitted")
    served.server.behave = lambda request: refusal if parameter in request else RIGHT
    answers = make(api="anthropic").ask_all([question(str(number)) for number in range(3)], desc="asking")
    assert [answer.status for answer in answers] == ["ok"] * 3 and len(served.log) == 4


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (400, "max_tokens is too large: this model does not support more than 40"),
        (400, "temperature must be between 0 and 2"),
        (400, "This model's maximum context length is 8 tokens"),
        (400, "content management policy"),
        (422, ""),
        (413, "response_format unsupported"),
    ],
)
def test_a_refusal_of_something_else_is_final_for_its_question_only(served, make, code, said):
    served.server.behave = lambda request: refuses(code, said) if len(served.log) == 1 else RIGHT
    answers = make().ask_all([question(str(number)) for number in range(2)], desc="asking")
    assert [answer.status for answer in answers] == ["refused", "ok"] and len(served.log) == 2
    assert all(name in served.log[1] for name in (SHORT, "temperature", "response_format"))


def test_a_schema_refused_for_one_question_is_still_sent_with_the_others(served, make):
    refusal = refuses(400, "Invalid schema for response_format: too many properties")
    served.server.behave = lambda request: refusal if len(served.log) == 2 else RIGHT
    answers = make().ask_all([question(str(number)) for number in range(3)], desc="asking")
    assert [answer.status for answer in answers] == ["ok"] * 3
    assert ["response_format" in request for request in served.log] == [True, True, False, True]


@pytest.mark.parametrize("api", ["openai", "anthropic"])
@pytest.mark.parametrize("code", [301, 302, 307, 308])
def test_redirects_are_told_and_not_followed(served, make, monkeypatch, api, code):
    monkeypatch.setenv("TESTER_KEY", "sk-secret-0123456789")
    served.server.behave = lambda request: sends("", code, Location=f"{served.url}/elsewhere?k=sk-secret-0123456789")
    with pytest.raises(Stopped, match=rf"HTTP {code}, sends requests on to .*/elsewhere.*give the URL") as stopped:
        make(api=api, key_variable="TESTER_KEY").ask(question())
    assert len(served.log) == 1 and "sk-secret" not in str(stopped.value)


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that refuses everything, in every variable that names one; its list of what it was asked."""
    asked = []

    class Refuses(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            asked.append(self.path)
            self.send_error(401)

        do_CONNECT = do_GET = do_POST

        def log_message(self, *args):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Refuses)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    yield asked
    server.shutdown()
    server.server_close()


def test_no_proxy_stands_between_this_machine_and_itself(served, make, proxy, tried):
    for api, path in {"openai": "/v1", "anthropic": ""}.items():
        for host in ("127.0.0.1", "localhost", "127.1", "[::ffff:127.0.0.1]"):
            url = served.url.replace("127.0.0.1", host) + path
            assert make(url, api=api).ask(question(host)).status == "ok", url
        assert not proxy
        with pytest.raises(Stopped, match="does not accept"):
            make("http://elsewhere.invalid/v1", api=api).ask(question())
        assert proxy.pop(), "other machines are reached as the environment says"
    assert len(served.log) == 8
    tried("`http_proxy` and its like set, and the language model on loopback", "no proxy is asked")


def test_an_unusable_proxy_does_not_matter_to_loopback(served, make, monkeypatch):
    monkeypatch.setenv("ALL_PROXY", "socks9://nobody:0")
    for api in ("openai", "anthropic"):
        assert make(api=api).ask(question(api)).status == "ok"
        with pytest.raises(ValueError, match=r"elsewhere.invalid.*a proxy that the environment names"):
            make("http://elsewhere.invalid/v1", api=api)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/v1", True),
        ("http://127.8.9.1/v1", True),
        ("http://LOCALHOST./v1", True),
        ("http://llm.localhost/v1", True),
        ("http://[::1]:8/v1", True),
        ("http://0.0.0.0:8/v1", True),
        ("http://2130706433/v1", True),
        ("http://localhost.example.org/v1", False),
        ("http://10.0.0.1/v1", False),
        ("http://[2001:db8::1]/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_loopback_in_all_its_spellings(url, here):
    assert wire.is_here(url) == here
