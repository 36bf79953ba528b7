"""The page to rate on: one HTML file with its data and its script inside, which asks no network for anything."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

from monosem.ground.finite import write_numbers
from monosem.pages.rating.items import Item
from monosem.pages.rating.rubric import BONUS, LOGITS, MAXIMUM, PARTS
from monosem.pages.template import filled, script_hash

FOLDER = Path(__file__).parent


def page_id(items: Sequence[Item]) -> str:
    """Names the page by its content, so that ratings are never joined with the key of another page."""
    content = write_numbers([item.blinded() for item in items], "rating page", ensure_ascii=False)
    return hashlib.sha256(content.encode(errors="backslashreplace")).hexdigest()[:12]


def render(items: Sequence[Item]) -> str:
    script = (FOLDER / "page.js").read_text(encoding="utf-8")
    data = {
        "page": page_id(items),
        "parts": [part._asdict() for part in PARTS],
        "bonus": BONUS.name,
        "before": {"name": LOGITS.name, "highest": LOGITS.highest},
        "items": [item.blinded() for item in items],
    }
    return filled(
        FOLDER / "page.html",
        data=data,
        script=script,
        script_hash=script_hash(script),
        maximum=MAXIMUM,
        n_items=len(items),
    )
