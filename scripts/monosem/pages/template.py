"""Pages of one HTML file: its data and scripts are put inside a template, and no other script may run there."""

import base64
import hashlib
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined


def filled(template: Path, **values: Any) -> str:  # noqa: ANN401
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    return environment.from_string(template.read_text(encoding="utf-8")).render(**values)


def script_hash(script: str) -> str:
    """By which a page's security policy allows this script and no other."""
    return "sha256-" + base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
