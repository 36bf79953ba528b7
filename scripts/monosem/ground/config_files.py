"""Configs, held against their files and their schema, because YAML says less than it seems.

It keeps one of two equal keys, reads 2e3 as text and `on` as a truth value, and 2.0e+3 as no integer. Standard library
and yaml only, because every job parses the Snakefile again.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

Key = tuple[str | int, ...]
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
ON_COMMAND_LINE = "--config"
TAG = "tag:yaml.org,2002:"
KINDS = {"int": "a number", "float": "a number", "bool": "a truth value", "null": "nothing", "timestamp": "a date"}
OF_PYTHON = {bool: "a truth value", int: "a number", float: "a number", type(None): "nothing", str: "text"}
EXACT = 2**53  # up to which each whole number is a float of its own
POWER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)[eE][-+]?\d+")  # which YAML takes for a number with point and sign only
WRITTEN = re.compile(r"[-+]?(0|[1-9][\d_]*)(\.[\d_]*)?([eE][-+]?\d+)?|[-+]?\.[\d_]+([eE][-+]?\d+)?|0x[0-9a-fA-F]+")


class Place(NamedTuple):
    """Where a value stands, and how it is written there."""

    where: str
    written: str = ""


Places = dict[Key, Place]


def places_in(files: Iterable[Path], command_line: Iterable[str] = ()) -> Places:
    """Where the values of config files and of `--config NAME=VALUE` stand; of one given twice, the last.

    Raises ValueError for what cannot be meant as YAML reads it: equal keys, names that are no text, and numbers that
    are infinite, or in octal or base 60.
    """
    places: Places = {}
    for file in files:
        visit(loaded(file.read_text(encoding="utf-8"), file, yaml.compose), (), str(file), places)
    names = []
    for name, value in map(name_and_value, command_line):
        if name in names:
            raise ValueError(f"--config {name}: given twice, and the last counts; give it once")
        names.append(name)
        if isinstance(loaded(value), dict | list):
            visit(loaded(value, ON_COMMAND_LINE, yaml.compose), (name,), ON_COMMAND_LINE, places)
        places[(name,)] = Place(ON_COMMAND_LINE, value)
    return places


def maps_in(command_line: Iterable[str]) -> dict[str, Any]:
    """Maps and lists given by `--config NAME=VALUE`, which Snakemake reads as of texts, all of them."""
    given = {name: loaded(value) for name, value in map(name_and_value, command_line)}
    return {name: value for name, value in given.items() if isinstance(value, dict | list)}


def name_and_value(entry: str) -> tuple[str, str]:
    name, _, value = entry.partition("=")
    return name, value.strip("'\"")  # as Snakemake does


def loaded(text: str, source: object = "config", read: Callable = yaml.load) -> Any:  # noqa: ANN401
    """What a file holds; JSON is YAML but for tabs between its words."""
    text = text.replace("\t", " ") if text.lstrip().startswith("{") else text
    try:
        return read(text, LOADER)
    except yaml.YAMLError as error:
        raise ValueError(f"{source}: no YAML ({' '.join(str(error).split())}); correct it") from None


def visit(node: yaml.Node | None, key: Key, source: str, places: Places) -> None:
    if node is None:
        return
    where = place_of(node, source)
    if isinstance(node, yaml.MappingNode):
        seen: dict[str, str] = {}
        for name, value in node.value:
            if name.tag != f"{TAG}merge":
                check_name(name, (*key, str(name.value)), place_of(name, source), seen)
                visit(value, (*key, name.value), source, places)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            visit(value, (*key, number), source, places)
    else:
        check_scalar(node, key, where)
    places[key] = Place(where, node.value if isinstance(node, yaml.ScalarNode) else "")


def place_of(node: yaml.Node, source: str) -> str:
    return source if source == ON_COMMAND_LINE else f"{source} line {node.start_mark.line + 1}"


def check_name(node: yaml.Node, key: Key, where: str, seen: dict[str, str]) -> None:
    if node.tag != f"{TAG}str":
        kind = KINDS.get(node.tag.removeprefix(TAG), "no text")
        raise ValueError(
            f'{where}: config {dotted(key)}: YAML reads the name {node.value} as {kind}; quote it: "{node.value}"'
        )
    if node.value in seen:
        raise ValueError(
            f"{where}: config {dotted(key)} is there twice, first in {seen[node.value]}, and YAML keeps the last; "
            "remove one"
        )
    seen[node.value] = where


def check_scalar(node: yaml.ScalarNode, key: Key, where: str) -> None:
    if node.tag not in (f"{TAG}int", f"{TAG}float") or WRITTEN.fullmatch(node.value):
        return
    if node.tag == f"{TAG}float" and re.fullmatch(r"[-+]?\.\w+", node.value):
        raise ValueError(f"{where}: config {dotted(key)}: {node.value} is no finite number; write one")
    read = yaml.load(node.value, LOADER)
    raise ValueError(
        f'{where}: config {dotted(key)}: YAML reads {node.value} as {read}; write that, or quote it: "{node.value}"'
    )


def settled(value: Any, schema: Mapping[str, Any], places: Places | None = None, key: Key = ()) -> Any:  # noqa: ANN401
    """The value as the schema means it: 2e3 and 2.0e+3 as integers where it wants integers, maps changed in place.

    Raises ValueError for numbers that are not finite, and for other values where it wants text.
    """
    places = places or {}
    if "oneOf" in schema:
        schema = next((one for one in schema["oneOf"] if one.get("type") == "array"), schema)
    if isinstance(value, dict):
        for name in value:
            if not isinstance(name, str):
                raise ValueError(f'config {dotted((*key, str(name)))}: the name is {kind_of(name)}; quote it: "{name}"')
            own = schema.get("properties", {}).get(name, schema.get("additionalProperties"))
            value[name] = settled(value[name], own if isinstance(own, dict) else {}, places, (*key, name))
        return value
    if isinstance(value, list):
        items = schema.get("items", {})
        return [settled(item, items, places, (*key, number)) for number, item in enumerate(value)]
    return settled_scalar(value, wanted(schema), f"config {dotted(key)}{told(places, key)}", places.get(key))


def wanted(schema: Mapping[str, Any]) -> set[str]:
    kinds = schema.get("type", [])
    return {kinds} if isinstance(kinds, str) else set(kinds)


def settled_scalar(value: Any, kinds: set[str], where: str, place: Place | None) -> Any:  # noqa: ANN401
    is_number = bool(kinds & {"integer", "number"})
    if isinstance(value, str) and is_number and POWER.fullmatch(value):
        value = float(value)
    if isinstance(value, float) and not math.isfinite(value):
        raise ValueError(f"{where}: {value} is no finite number; write one")
    if isinstance(value, float) and value.is_integer() and "integer" in kinds and "number" not in kinds:
        if abs(value) > EXACT:
            raise ValueError(f"{where}: {value} is too large to be exact; write all of its digits")
        return int(value)
    if "string" in kinds and not is_number and not isinstance(value, str) and not (value is None and "null" in kinds):
        written = place.written if place and place.written else value
        on_command_line = place is not None and place.where == ON_COMMAND_LINE
        fix = f'quote it{", in a config file" if on_command_line else ""}: "{written}"'
        raise ValueError(f"{where}: {written} is {kind_of(value)}, and text is wanted; {fix}")
    return value


def kind_of(value: object) -> str:
    return OF_PYTHON.get(type(value), "a date")


def refused(error: Any, places: Places) -> str:  # noqa: ANN401
    """What is said of a value that its schema refuses, from the error of the library that checks it."""
    key, value, schema = tuple(error.absolute_path), error.instance, error.schema
    message, fix = error.message[:500], "correct it"
    if error.validator == "additionalProperties":
        known = schema.get("properties", {})
        key = (*key, next(name for name in value if name not in known))
        message, fix = "no such key", f"{dotted(key[:-1]) if key[1:] else 'a config'} has {', '.join(known)}"
    elif "propertyNames" in error.absolute_schema_path:
        key, fix = (*key, value), "rename it"
    elif value is None:
        message, fix = "it is empty", "give it a value, or leave it out to keep the default"
    elif isinstance(value, str) and wanted(schema) & {"integer", "number"}:
        fix = "write a number, without quotes or a unit"
    return f"config {dotted(key)}{told(places, key)}: {message}; {fix}"


def told(places: Places, key: Key) -> str:
    """Where a value stands, or the nearest around it, if it is known."""
    return f" ({places[key].where})" if key in places else told(places, key[:-1]) if len(key) > 1 else ""


def dotted(key: Key) -> str:
    return ".".join(map(str, key)) or "as a whole"
