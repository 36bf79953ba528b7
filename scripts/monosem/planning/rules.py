"""The rules that the files of a workflow define, by their text."""

import re
from typing import NamedTuple

RULE = re.compile(r"^(?:rule|checkpoint|use rule \w+ as) (\w+)(?: with)?:\n((?:[ \t]+.*\n|\n)*)", re.MULTILINE)
SECTION = re.compile(r"^    (\w+):(.*\n(?:        .*\n|\n)*)", re.MULTILINE)
FOLDER = re.compile(r'^([A-Z_]+) = "(results/[^"]+)"$', re.MULTILINE)  # a constant that outputs begin with


class Rule(NamedTuple):
    name: str
    script: str  # "" for a rule that runs none, such as `all`
    outputs: list[str]
    temporary: bool = False  # its outputs are removed when they have been used


def parse_rules(text: str) -> list[Rule]:
    """The rules of one .smk file that write something, in its order; their outputs are quoted and lie in results/."""
    rules = []
    for name, value in FOLDER.findall(text):
        text = text.replace(f"{{{name}}}", value)
    for name, body in RULE.findall(text):
        sections = dict(SECTION.findall(body))
        written = sections.get("output", "").replace("{{", "{").replace("}}", "}")  # as in an f-string
        outputs = re.findall(r'"(results/[^"]+)"', written)
        # a rule made of another has that one's shell, and says with which code
        script = re.search(r'\$SCRIPTS/([\w/]+\.py)|fingerprint\("([\w/]+\.py)"\)', sections.get("shell") or body)
        if outputs:
            temporary = "temp(" in sections["output"]
            rules.append(Rule(name, script[1] or script[2] if script else "", outputs, temporary))
    return rules
