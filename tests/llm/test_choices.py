"""Questions of which the answer is one of a few words: by its probability, or by the word where a server gives none."""

import math

import pytest
from asked import question
from language_model import refuses, sends

from monosem.llm.questions import Question, key_of

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
YES_OR_NO = ("Yes", "No")


def choice(text="is it?"):
    return Question((("system", "Answer Yes or No."), ("user", text)), {}, 1, YES_OR_NO)


def likely(*places, text="Yes"):
    """A reply with these tokens and chances at each place."""
    content = [
        {"top_logprobs": [{"token": token, "logprob": math.log(chance)} for token, chance in place]} for place in places
    ]
    return sends(
        {"choices": [{"message": {"content": text}, "finish_reason": "length", "logprobs": {"content": content}}]}
    )


def test_a_share_is_of_all_tokens_that_spell_a_word(served, make):
    served.server.behave = lambda request: likely([("Yes", 0.3), (" yes", 0.1), ("No", 0.1), ("Maybe", 0.5)])
    asker = make()
    answer = asker.ask(choice())
    assert answer.value == pytest.approx({"Yes": 0.8, "No": 0.2}) and answer.by == "probability"
    (request,) = served.log
    assert request["logprobs"] is True and request["max_tokens"] == 1 and "response_format" not in request
    served.server.behave = lambda request: 500
    assert make().ask(choice()) == answer, "kept with its probabilities"


def test_what_stands_before_the_word_is_passed_over(served, make):
    served.server.behave = lambda request: likely([("\n", 1.0)], [("No", 0.75), ("Yes", 0.25)])
    assert make().ask(choice()).value == pytest.approx({"Yes": 0.25, "No": 0.75})


@pytest.mark.parametrize(
    ("said", "share"),
    [("Yes", 1.0), (" no.", 0.0), ("**No**", 0.0), ("<think>No? Or</think> yes", 1.0)],
)
@pytest.mark.parametrize("api", ["openai", "anthropic"])
def test_without_probabilities_the_word_counts_and_the_answer_says_so(served, make, api, said, share):
    served.server.behave = lambda request: said
    answer = make(api=api).ask(choice())
    assert answer.value == {"Yes": share, "No": 1 - share} and answer.by == "word"


@pytest.mark.parametrize("said", ["", "Surely", "Yesterday", "<think>Yes"])
def test_another_word_is_no_answer(served, make, said):
    served.server.behave = lambda request: said
    answer = make().ask(choice())
    assert answer.status == "unparsable" and answer.value is None and not answer.by


@pytest.mark.faults
@pytest.mark.parametrize("logprob", [math.nan, "0", None, True, 5, -(10**400)])
def test_what_is_no_logprob_is_left_out(served, make, logprob):
    top = [{"token": "Yes", "logprob": logprob}, {"token": "No", "logprob": -1.0}, 3, {"token": 4}]
    places = [None, {"top_logprobs": None}, {"top_logprobs": top}]
    body = {"choices": [{"message": {"content": "Yes"}, "logprobs": {"content": places}}]}
    served.server.behave = lambda request: sends(body)
    assert make().ask(choice()).value == {"Yes": 0.0, "No": 1.0}


@pytest.mark.parametrize("said", ["logprobs is not supported with this model", "top_logprobs must be at most 5"])
def test_a_server_that_refuses_probabilities_is_asked_for_words(served, make, capsys, said):
    refusal = refuses(400, said)
    served.server.behave = lambda request: refusal if "logprobs" in request else "No"
    answers = make().ask_all([choice("one?"), choice("two?")], desc="asking")
    assert [answer.by for answer in answers] == ["word", "word"] and len(served.log) == 3
    assert "no probabilities" in capsys.readouterr().err


def test_questions_without_choices_keep_their_keys(make):
    model = make().client.model
    assert "choices" not in question().asked_of(model) and "choices" in choice().asked_of(model)
    assert key_of(choice().asked_of(model)) != key_of(Question(choice().messages, {}, 1).asked_of(model))
