"""How scripts are asked: the parser that all have, and flags that name files to read or write."""

import argparse
from pathlib import Path
from typing import Any

FILE: dict[str, Any] = {"type": Path, "required": True}
FILES: dict[str, Any] = {**FILE, "nargs": "+"}
ANY_FILES: dict[str, Any] = {**FILE, "nargs": "*"}  # or none


def device_flags(parser: argparse.ArgumentParser) -> None:
    """What `devices.device_of` asks for."""
    parser.add_argument("--threads", type=int, required=True, help="CPU threads")
    parser.add_argument("--device", default="auto", help="auto, cpu or cuda")


def parser_of(description: str | None) -> argparse.ArgumentParser:
    """A parser that shows a script's docstring as it is written, and takes no flag by half its name."""
    return argparse.ArgumentParser(
        description=description, allow_abbrev=False, formatter_class=argparse.RawDescriptionHelpFormatter
    )
