"""Keys that no header can hold are refused before they are used; no spelling of one that was used passes `hide`."""

import base64
import html
import json
import urllib.parse

import pytest
from asked import question
from hypothesis import given
from hypothesis import strategies as st
from leaks import KEY, leaks

from monosem.llm.keys import HIDDEN, Secrets, lent, read_key

pytest.importorskip("openai", reason="pip install -r workflow/envs/llm.txt")
ODD = {
    "\n": "the end of a line",
    "\r": "the end of a line",
    "\r\n": "the end of a line",
    "\u2028": "the end of a line",
    " ": "a space or tab",
    "\t": "a space or tab",
    "\xa0": "a space or tab",
    "\u200b": "an invisible character",
    "\ufeff": "an invisible character",
    "\u202e": "an invisible character",
    "\x1b": "a control character",
    "\x7f": "a control character",
    "\u00e9": "not ASCII",
    "\u0441": "not ASCII",  # looks like a c
    "\U0001f511": "not ASCII",
    "\udcff": "not ASCII",  # a byte that is not UTF-8
}


@pytest.mark.faults
@pytest.mark.parametrize("api", ["openai", "anthropic"])
@pytest.mark.parametrize("place", [0, 9, len(KEY)])
def test_a_key_with_an_odd_character_is_refused_before_it_is_sent(served, make, monkeypatch, capfd, tried, api, place):
    for odd, named in ODD.items():
        key = KEY[:place] + odd + KEY[place:]
        monkeypatch.setenv("TESTER_KEY", key)
        with pytest.raises(ValueError, match="TESTER_KEY") as error:
            make(api=api, key_variable="TESTER_KEY").ask(question())
        assert f"variable TESTER_KEY: character {place + 1} of {len(key)} is {named}" in str(error.value)
        assert not leaks(str(error.getrepr(style="native")).encode())
    assert not served.log and not leaks("".join(capfd.readouterr()).encode())
    if (api, place) == ("openai", len(KEY)):
        tried(
            "a language model's key with a line end, a space, an invisible or a non-ASCII character",
            "refused before anything is sent: the variable and the position are named",
        )


@pytest.mark.parametrize("variable", [KEY, KEY.replace("-", "_"), KEY.lower().replace("-", "_")])
def test_a_key_given_for_the_name_of_its_variable_is_not_shown(variable, monkeypatch):
    monkeypatch.delenv(variable, raising=False)
    with pytest.raises(ValueError, match=r"--key-variable names: not set.*its name, not the key") as error:
        read_key(variable)
    assert not leaks(str(error.value).encode())


def test_an_ordinary_key_is_read(monkeypatch):
    for variable in ("TESTER_KEY", "tester_key"):
        monkeypatch.setenv(variable, KEY)
        assert read_key(variable) == KEY
    assert read_key(None) is None


SPELLINGS = {
    "raw": KEY,
    "upper case": KEY.upper(),
    "repr": repr(f"Bearer {KEY}\n"),
    "repr of bytes": repr(f"Bearer {KEY}\n".encode()),
    "JSON": json.dumps({"key": KEY}),
    "JSON in JSON": json.dumps(json.dumps({"key": KEY.replace("k", "\x00k")})).replace("\\u0000", ""),
    "JSON escapes": "".join(f"\\u{ord(character):04x}" for character in KEY),
    "JSON escapes in JSON": json.dumps("".join(f"\\u{ord(character):04X}" for character in KEY)),
    "some escapes": "".join(f"\\u{ord(c):04x}" if place % 3 else c for place, c in enumerate(KEY)),
    "hexadecimal escapes": "".join(f"\\x{ord(character):02x}" for character in KEY),
    "URL": urllib.parse.quote(KEY, safe=""),
    "URL, every letter": "".join(f"%{ord(character):02X}" for character in KEY),
    "URL, twice": urllib.parse.quote("".join(f"%{ord(character):02x}" for character in KEY)),
    "HTML": html.escape(KEY),
    "HTML, every letter": "".join(f"&#{ord(character)};" for character in KEY),
    "HTML, every letter, hexadecimal": "".join(f"&#x{ord(character):x};" for character in KEY),
    "base64": base64.b64encode(KEY.encode()).decode(),
    "base64 of a header": base64.b64encode(f"Bearer {KEY}".encode()).decode(),
    "base64 of a longer header": base64.b64encode(f"Authorization: Bearer {KEY}\r\nHost: a".encode()).decode(),
    "base64 of a user": base64.b64encode(f"user:{KEY}".encode()).decode(),
    "base64 for URLs": base64.urlsafe_b64encode(f"x{KEY}x".encode()).decode().rstrip("="),
    "base64 over lines": base64.encodebytes(f"{'x' * 40} {KEY}".encode()).decode(),
    "hexadecimal": KEY.encode().hex(),
    "hexadecimal dump": KEY.encode().hex(":"),
    "over lines": f"{KEY[:7]}\n{KEY[7:15]}\r\n    {KEY[15:]}",
    "over lines, escaped": f"{KEY[:7]}\\n{KEY[7:15]}\\\\r\\\\n{KEY[15:]}",
    "in pieces of a program": f"'{KEY[:9]}' + \"{KEY[9:18]}\"\n '{KEY[18:]}'",
    "letter by letter": " ".join(KEY),
    "with invisible characters": "\u200b".join(KEY),
    "the first half": KEY[: len(KEY) // 2 + 2],
    "cut off at its end": KEY[4:],
}


@pytest.mark.faults
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_key_passes(spelling):
    said = f"Error: <<{SPELLINGS[spelling]}>> is wrong."
    assert leaks(said.encode()), "the search of these tests finds it"
    hidden = Secrets([KEY]).hide(said)
    assert not leaks(hidden.encode()) and HIDDEN in hidden, hidden
    assert hidden.startswith("Error: <<") and hidden.endswith(">> is wrong.")


@given(st.text(), st.text(), st.text("abkxy019-_./+", min_size=12, max_size=60).filter(lambda key: len(set(key)) > 5))
def test_what_stands_around_a_key_stays(before, after, key):
    hidden = Secrets([key]).hide(f"{before}#{key}#{after}")
    assert key not in hidden and HIDDEN in hidden
    assert Secrets([key]).hide(hidden.replace(HIDDEN, "")) == hidden.replace(HIDDEN, "")


@given(st.text())
def test_other_text_is_left_alone(text):
    assert Secrets([KEY]).hide(text) == text == Secrets([None]).hide(text) == Secrets([]).hide(text)


def test_a_word_that_local_servers_take_for_a_key_is_hidden_as_a_word_only():
    assert Secrets(["none"]).hide("none of nonesuch, None; key=none") == "*** of nonesuch, None; key=***"


def test_what_sdks_take_from_the_environment_is_hidden_too():
    environment = {"OPENAI_CUSTOM_HEADERS": "X-Access-Token: abcdefgh12345\nAccept: application/json"}
    environment |= {"HTTPS_PROXY": "http://me:pass%20word-98765@proxy:1", "no_proxy": "a@b", "HOME": "/root"}
    assert list(lent("openai", environment)) == ["abcdefgh12345", "pass word-98765", ""]
