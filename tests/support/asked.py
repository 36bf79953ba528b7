"""One question to a language model, the right answer to it, and who asks it of a scripted server."""

import language_model
import pytest

from monosem.llm.asking import Asker, Policy
from monosem.llm.clients import Client
from monosem.llm.ledger import Budget, Ledger
from monosem.llm.questions import Model, Question

SCHEMA = {
    "type": "object",
    "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 9}},
    "required": ["level"],
    "additionalProperties": False,
}
RIGHT = '{"level": 7}'
ATTEMPTS = 3


def question(text="how much?"):
    return Question((("system", "Answer in JSON."), ("user", text)), SCHEMA, 50)


@pytest.fixture
def served():
    server = language_model.start(lambda request: RIGHT)
    yield server
    server.stop()


@pytest.fixture
def make(tmp_path, served):
    """Makes an Asker of the server, or of another URL; the cache stays the same."""

    def made(url=None, *, api="openai", tokens=None, concurrency=1, give_up=50, key_variable=None, timeout_s=30):
        url = url or (served.openai if api == "openai" else served.url)
        model = Model(api, url, "tester", 0.0, 0, usd_in=1.0, usd_out=10.0)
        policy = Policy(concurrency, ATTEMPTS, backoff_s=0.001, give_up=give_up)
        ledger = Ledger(tmp_path / "cache.sqlite", Budget(None, tokens))
        return Asker(Client(model, key_variable, timeout_s), ledger, policy)

    return made
