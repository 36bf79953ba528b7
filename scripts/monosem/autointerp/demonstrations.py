"""Made-up features with what there is to say about them: the worked examples in every prompt.

In `window`, tokens end at `|`, and `=7` before it is a level. Written for this project; no text of the corpus is in it.
"""

import re
from typing import NamedTuple

from monosem.autointerp.prompts import Window


class Subject(NamedTuple):
    """All that prompts show of one feature: windows to explain by kind, windows to simulate, windows of context, and
    tokens by logit weight: the ten highest, those that rank 10th to 60th, and some of the others."""

    explain: dict[str, list[Window]]
    simulate: list[Window]
    contexts: list[Window]
    highest: list[str]
    ranked: list[str]
    others: list[str]


class Demonstration(NamedTuple):
    description: str
    subject: Subject


def window(text: str) -> Window:
    pairs = [re.fullmatch(r"(.*?)(?:=(\d))?", part, re.S) for part in text.split("|")]
    return Window(tuple(match[1] for match in pairs), tuple(int(match[2] or 0) for match in pairs))


def demonstration(
    description: str, strong: list[str], weak: list[str], silent: list[str], ranked: str, others: str
) -> Demonstration:
    high, low, none = ([window(text) for text in texts] for texts in (strong, weak, silent))
    explain = {"top": high, "interval": low, "random": none[:1], "out_of_context": none[1:]}
    tokens = ranked.split("|")
    simulate = [none[0], high[0], none[1], low[0]]
    return Demonstration(
        description, Subject(explain, simulate, [*high, *none], tokens[:3], tokens[3:], others.split("|"))
    )


DEMONSTRATIONS = (
    demonstration(
        "words for flowing water, such as river and stream, in descriptions of landscapes",
        [
            "they| walked| along| the| river=9| until| dusk|,| and",
            " a| narrow| stream=8| fell| between| the| rocks|.| It",
            " fish| of| the| upper| river=9|,| which| freezes| in",
        ],
        [" water| from| the| canal=4| was| brought| to| the| fields", " rain| on| the| lake=2|.| We| stayed| in| town"],
        [
            " price| of| the| shares| rose| again| by| two| per",
            " the| video| stream| stopped| and| the| player| closed|.",
        ],
        " flows| banks|bed| valley| downstream| bridge| water|side",
        " invoice|());| queen| seventeen|xml| sincerely",
    ),
    demonstration(
        "the parameter name self inside Python method definitions and calls",
        [
            "    def| area|(|self=9|):|\n|        return| 2| *",
            "(|self=9|,| name|=None|):|\n|        |self=7",
            "return| self=8|.|items|[|key|]|\n|\n",
        ],
        ["@|classmethod|\n|def| make|(|cls=3|,| name|)"],
        ["for| row| in| table|:|\n|    print|(|row", " a| matter| of| self| respect|,| she| said|."],
        ".|):|._|.name|,|.__|.data|.size",
        " harvest| tonight| Bishop|%;| salt| whereas",
    ),
    demonstration(
        "four-digit years after the word in, mostly of the twentieth century",
        [
            " was| born| in| 19=7|54=9| to| a| family| of",
            " built| in| 19=6|08=9|,| it| is| the| oldest",
            " until| his| death| in| 19=6|71=8|.| The| second",
        ],
        [" about| 300|0=2| people| came|,| more| than| in| May"],
        [" mix| the| flour| and| butter| with| your| fingers|.", " call| 19|54| from| any| phone| to| order|."],
        ",|.| and|),| by| when| after| until",
        "ness|()|[i]| carrots| gently|html",
    ),
)
