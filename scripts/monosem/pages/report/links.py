"""Links from a page to files beside it, relative, so that the results folder can be moved or copied whole."""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote


class Link(NamedTuple):
    href: str
    text: str


def link_to(target: Path, page: Path) -> Link:
    relative = Path(os.path.relpath(target, page.parent)).as_posix()
    return Link(quote(relative), relative.removeprefix("../"))
