"""Ask many questions: of the cache if they were asked before, else of the server, with retries and within a budget."""

import random
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import NamedTuple

from monosem.ground.progress import progress
from monosem.llm.answers import read_reply
from monosem.llm.clients import Client
from monosem.llm.ledger import Ledger, OverBudget, Spent
from monosem.llm.questions import Answer, Failure, Model, Question, Reply, Unusable, key_of

LONGEST_WAIT_S = 120.0
BYTES_A_TOKEN = 3  # about, in these prompts; for estimates only


class Policy(NamedTuple):
    """`give_up` failed questions in a row stop the run, for the server is gone, and so many answers of which none can
    be read, for the model cannot do it: no more are paid for."""

    concurrency: int
    attempts: int
    backoff_s: float
    give_up: int


class Stopped(SystemExit):
    """Ends the script with a message; what was answered is kept, and the same command goes on from there."""


class Asker:
    def __init__(self, client: Client, ledger: Ledger, policy: Policy) -> None:
        self.client, self.ledger, self.policy = client, ledger, policy
        self.failed_in_a_row = 0
        self.unread: list[str] = []  # keys of answers before the first that could be read
        self.any_read = False

    def ask_all(self, questions: Sequence[Question], desc: str) -> list[Answer]:
        """One answer a question, in order. Raises Stopped when the budget is spent or the server is gone."""
        distinct = list({question.asked_of(self.client.model): question for question in questions}.values())
        pool = ThreadPoolExecutor(self.policy.concurrency)
        try:
            futures = [pool.submit(self.ask, question) for question in distinct]
            for done in progress(as_completed(futures), total=len(futures), desc=desc, unit=" answers"):
                done.result()
        finally:
            pool.shutdown(cancel_futures=True)
        answers = {answer.key: answer for answer in (future.result() for future in futures)}
        return [answers[key_of(question.asked_of(self.client.model))] for question in questions]

    def ask(self, question: Question) -> Answer:
        model = self.client.model
        asked = question.asked_of(model)
        key = key_of(asked)
        known = self.ledger.find(key)
        if known:
            return read_reply(key, self.client.heard(known[0]), question, known[1])
        try:
            reply = self.insist(key, asked, question)
        except Unusable as unusable:
            raise self.stopped(str(unusable)) from None
        except Failure as failure:
            self.failed_in_a_row += 1
            if self.failed_in_a_row >= self.policy.give_up:
                raise self.stopped(f"the last {self.failed_in_a_row} questions failed, at last by {failure}") from None
            return Answer(key, failure.status, failure.reason)
        self.failed_in_a_row = 0
        answer = read_reply(key, reply, question, model.cost(reply.tokens_in, reply.tokens_out))
        self.watch(answer)
        return answer

    def watch(self, answer: Answer) -> None:
        """Stops the run while it is cheap, when none of its first answers can be read, and forgets those.

        Answers from the cache do not come here: they cost nothing, and must not end a run.
        """
        self.any_read = self.any_read or answer.status == "ok"
        if self.any_read:
            return
        self.unread.append(answer.key)
        if len(self.unread) >= self.policy.give_up:
            self.ledger.forget(self.unread)
            raise self.stopped(
                f"none of the first {len(self.unread)} answers could be read, and they are not kept; of the last one: "
                f"{answer.status}: {answer.reason}; try a model that answers as asked, or more --thinking-tokens"
            )

    def insist(self, key: str, asked: str, question: Question) -> Reply:
        """Attempts until one is answered; the last one's Failure where none is."""
        for attempt in range(1, self.policy.attempts + 1):
            try:
                return self.attempt(key, asked, question)
            except Failure as failure:
                if not failure.transient or attempt == self.policy.attempts:
                    raise
                backoff_s = self.policy.backoff_s * 2 ** (attempt - 1) * random.uniform(0.5, 1)
                time.sleep(min(LONGEST_WAIT_S, max(backoff_s, failure.wait_s)))
        raise AssertionError("at least one attempt")

    def attempt(self, key: str, asked: str, question: Question) -> Reply:
        most = most_of(question, self.client.model)
        try:
            number = self.ledger.reserve(key, most)
        except OverBudget as over:
            raise self.stopped(f"the budget does not allow the next request: {over}") from None
        try:
            reply = self.client.send(question)
        except Failure as failure:
            self.ledger.settle(number, failure.status, most if failure.cost_unknown else Spent(0.0, 0))
            raise
        except Unusable:
            self.ledger.settle(number, "refused", Spent(0.0, 0))
            raise
        self.ledger.keep(number, key, asked, reply, self.client.model.cost(reply.tokens_in, reply.tokens_out))
        return reply

    def stopped(self, reason: str) -> Stopped:
        return Stopped(
            f"stopped: {reason}. Answers so far are kept in {self.ledger.path}; "
            "run the same command again, with a higher budget if that was it, to go on from there."
        )


def most_of(question: Question, model: Model) -> Spent:
    """The most that one attempt can cost."""
    tokens_out = question.answer_tokens + model.thinking_tokens
    return Spent(model.cost(question.most_tokens, tokens_out), question.most_tokens + tokens_out)


def forecast(questions: Sequence[Question], model: Model, ledger: Ledger) -> str:
    """What asking would take, in words."""
    keys = {key_of(question.asked_of(model)): question for question in questions}
    new = [question for key, question in keys.items() if ledger.find(key) is None]
    tokens_in = sum(question.n_bytes for question in new) // BYTES_A_TOKEN
    tokens_out = sum(question.answer_tokens + model.thinking_tokens for question in new)
    return (
        f"{model.name} at {model.url}: {len(questions):,} requests, {len(keys) - len(new):,} of them answered before; "
        f"the others need about {tokens_in:,} tokens and give at most {tokens_out:,}, "
        f"together about {model.cost(tokens_in, tokens_out):.2f} USD"
    )
