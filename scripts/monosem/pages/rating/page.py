"""The page to rate on: one HTML file with its data and its script inside, which asks no network for anything."""

import base64
import hashlib
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, StrictUndefined

from monosem.ground.finite import write_numbers
from monosem.pages.rating.items import Item
from monosem.pages.rating.rubric import BONUS, LOGITS, MAXIMUM, PARTS

FOLDER = Path(__file__).parent


def page_id(items: Sequence[Item]) -> str:
    """Names the page by its content, so that ratings are never joined with the key of another page."""
    content = write_numbers([item.blinded() for item in items], "rating page", ensure_ascii=False)
    return hashlib.sha256(content.encode(errors="backslashreplace")).hexdigest()[:12]


def render(items: Sequence[Item]) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.policies["json.dumps_kwargs"] = {"ensure_ascii": False, "separators": (",", ":"), "allow_nan": False}
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    data = {
        "page": page_id(items),
        "parts": [part._asdict() for part in PARTS],
        "bonus": BONUS.name,
        "before": {"name": LOGITS.name, "highest": LOGITS.highest},
        "items": [item.blinded() for item in items],
    }
    template = environment.from_string((FOLDER / "page.html").read_text(encoding="utf-8"))
    script_hash = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    return template.render(data=data, script=script, script_hash=script_hash, maximum=MAXIMUM, n_items=len(items))
