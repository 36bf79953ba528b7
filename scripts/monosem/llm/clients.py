"""Clients of language model servers, through the official SDKs, whose own retries are switched off.

The two SDKs name their errors alike, so one mapping from error to status serves both. Replies are read here and not by
the SDKs' models, so that a reply which is not what the API promises is told apart from one that is.
"""

import os
import sys
import weakref
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from types import ModuleType

from monosem.llm.dialects import LONG, Dialect, request_anthropic, request_openai
from monosem.llm.keys import Secrets, lent, read_key
from monosem.llm.questions import Failure, Model, Question, Reply, Unusable, reason_of
from monosem.llm.replies import HttpError, read_anthropic, read_body, read_openai

URLS = {"openai": "https://api.openai.com/v1", "anthropic": "https://api.anthropic.com"}
PASSING = {408: "busy", 409: "busy", 425: "busy", 429: "rate_limited"}  # and from 500 on: server_error
LONGEST_REFUSAL = 10_000  # characters of one that are read
NAMING = (400, 422)  # codes of refusals that may name a parameter


class Client:
    """One model behind one server; safe to use from several threads. The key is read from the environment only."""

    def __init__(self, model: Model, key_variable: str | None, timeout_s: float) -> None:
        self.model, self.key_variable, self.timeout_s = model, key_variable, timeout_s
        key = read_key(key_variable)
        self.secrets = Secrets([key, *lent(model.api, os.environ)])
        self.sdk = sdk_of(model.api)
        from monosem.llm.wire import line  # the library under the SDKs comes with them

        options = {"base_url": model.url, "api_key": key or "none", "max_retries": 0, "timeout": timeout_s}
        try:
            options["http_client"] = line(self.sdk, model.url, self.secrets, timeout_s)
        except (ValueError, ImportError) as error:
            said = reason_of(self.secrets.hide(str(error)))
            raise ValueError(f"{model.url}: a proxy that the environment names cannot be used: {said}") from None
        weakref.finalize(self, options["http_client"].close)
        if model.api == "openai":
            self.create = self.sdk.OpenAI(**options).chat.completions.with_raw_response.create
            self.request, self.read = request_openai, read_openai
        else:
            self.create = self.sdk.Anthropic(**options, open_telemetry=False).messages.with_raw_response.create
            self.request, self.read = request_anthropic, read_anthropic
        # OpenAI's newer models know only the longer name, and other servers only the shorter.
        self.dialect = Dialect(limit=LONG) if model.url == URLS["openai"] else Dialect()
        self.answered = False  # in this dialect

    def send(self, question: Question) -> Reply:
        """Raises Failure, and Unusable when the server does not accept the key or know the model.

        A refusal that names a parameter is not the last word: the same is asked without it, and where that is answered
        all later questions are too. The question says in words too what the answer is like.
        """
        tried, said = [self.dialect], ""
        while True:
            try:
                reply = self.attempt(question, tried[-1])
            except HttpError as error:
                said = reason_of(error)
                other = tried[-1].learnt(error.said, self.model) if error.code in NAMING else tried[-1]
                if other in tried:
                    raise self.refusal(error, said) from None
                tried.append(other)
            else:
                self.learn(tried[-1], said)
                return reply

    def learn(self, dialect: Dialect, said: str) -> None:
        """Once a server has answered, what it refuses is about one question and not about all."""
        if dialect != self.dialect and not self.answered:
            print(f"{self.model.url}: takes {dialect.told(self.dialect)} ({said})", file=sys.stderr)
            self.dialect = dialect
        self.answered = True

    def attempt(self, question: Question, dialect: Dialect) -> Reply:
        from monosem.llm.wire import status_of

        try:
            text = self.create(**self.request(question, self.model, dialect)).http_response.text
            return self.heard(self.read(read_body(text), question, self.model))
        except self.sdk.APITimeoutError:
            raise Failure("timeout", f"no reply within {self.timeout_s:g} s") from None
        except self.sdk.APIConnectionError as error:
            cause = error.__cause__ or error
            raise Failure(status_of(cause), reason_of(self.secrets.hide(str(cause)))) from None
        except self.sdk.APIStatusError as error:
            headers = error.response.headers
            said = headers.get("location", "") if error.status_code < 400 else error.response.text[:LONGEST_REFUSAL]
            raise HttpError(error.status_code, said, wait_s(headers)) from None
        except (self.sdk.APIError, RecursionError) as error:
            raise Failure("garbled", reason_of(self.secrets.hide(str(error)))) from None

    def heard(self, reply: Reply) -> Reply:
        """Without secrets, which text that was joined from parts may hold again, and the cache from earlier times."""
        return reply._replace(text=self.secrets.hide(reply.text))

    def refusal(self, error: HttpError, reason: str) -> Exception:
        code, url = error.code, self.model.url
        if code < 400:
            return Unusable(
                f"{url}: HTTP {code}, sends requests on to {reason_of(error.said)}; give the URL it leads to"
            )
        if code in (401, 403):
            where = self.key_variable or "no variable; name one with --key-variable"
            return Unusable(f"{url}: does not accept the key ({where}): {reason}")
        if code == 404:
            return Unusable(f"{url}: has no model {self.model.name}, or is no such API: {reason}")
        return Failure(PASSING.get(code, "server_error" if code >= 500 else "refused"), reason, error.wait_s)


def sdk_of(api: str) -> ModuleType:
    """The SDK, which only those need who ask a language model."""
    try:
        if api == "openai":
            import openai as sdk
        else:
            import anthropic as sdk
    except ModuleNotFoundError:
        raise ValueError(f"package {api}: not installed; run `pip install -r workflow/envs/llm.txt`") from None
    return sdk


def wait_s(headers: Mapping[str, str]) -> float:
    """Seconds that a server asks to wait: a number, in either unit, or a date."""
    for name, unit in (("retry-after-ms", 1e-3), ("retry-after", 1.0)):
        given = headers.get(name, "")
        try:
            found = float(given) * unit
        except ValueError:
            try:
                found = (parsedate_to_datetime(given) - datetime.now(UTC)).total_seconds()
            except (ValueError, TypeError):  # no date, or one without a zone
                continue
        if isfinite(found) and found > 0:
            return found
    return 0.0
