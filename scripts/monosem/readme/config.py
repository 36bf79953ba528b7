"""The tables of config/README.md: every key of the config, by the schema that explains it and its default."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from monosem.ground.markdown import table

HEADER = ("key", "meaning and unit", "default", "in the paper")
ENTRY_HEADER = ("key of an entry", "meaning and unit", "in the paper")
SOURCE = re.compile(r" (Paper|Post): ")  # a description goes on with what the paper has, or a post around it
Schema = dict[str, Any]
Row = tuple[str, ...]  # what the paper has is last


def config_tables(schema: Schema, defaults: dict[str, Any]) -> str:
    """A section for each block, in the order of the defaults; keys outside blocks come first."""
    single = [name for name in defaults if not is_block(schema["properties"][name], defaults[name])]
    blocks = [name for name in defaults if name not in single]
    parts = [schema["description"], f"Blocks: {', '.join(f'[`{name}`](#{name})' for name in blocks)}. Outside them:"]
    parts.append(keys(HEADER, [row(name, schema["properties"][name], defaults[name]) for name in single]))
    told: list[Schema] = []
    for name in blocks:
        parts += sections(name, schema["properties"][name], defaults[name], told)
    return "\n\n".join(parts)


def is_map(schema: Schema) -> bool:
    """Entries of any name, with the same keys."""
    return "properties" in (schema.get("additionalProperties") or {})


def is_block(schema: Schema, default: object) -> bool:
    """Told key by key. Where not every key has a default, they override those of another block, and are one setting."""
    return is_map(schema) or (isinstance(default, dict) and schema.get("properties", {}).keys() == default.keys())


def sections(path: str, schema: Schema, default: dict[str, Any], told: list[Schema]) -> Iterator[str]:
    """That of the block at `path`, then those of blocks and maps in it. `told` are the keys that earlier ones have."""
    heading = "###" if "." not in path else "####"
    yield f"{heading} `{path}`\n\n{schema['description']}"
    if is_map(schema):
        yield from map_parts(schema["additionalProperties"], default, told)
        return
    rows, inner = [], []
    for name, part, value in settings(schema, default, "." in path):
        told.append(part)
        if is_block(part, value):
            inner += sections(f"{path}.{name}", part, value, told)
        else:
            rows.append(row(name, part, value))
    if rows:
        yield keys(HEADER, rows)
    yield from inner


def settings(schema: Schema, default: dict[str, Any], dotted: bool) -> Iterator[tuple[str, Schema, Any]]:
    """Keys of a block with schema and default; `dotted`: of a block in it, its keys."""
    for name, value in default.items():
        part = schema["properties"][name]
        if dotted and is_block(part, value) and not is_map(part):
            yield from ((f"{name}.{key}", *rest) for key, *rest in settings(part, value, dotted))
        else:
            yield name, part, value


def map_parts(entry: Schema, default: dict[str, Any], told: list[Schema]) -> Iterator[str]:
    """Keys of an entry, but for those of earlier blocks, and the default entries as they stand in a config."""
    new = {name: part for name, part in entry["properties"].items() if part not in told}
    if new:
        told += new.values()
        yield entry["description"]
        yield keys(ENTRY_HEADER, [(f"`{name}`", *split(part["description"])) for name, part in new.items()])
    yield "\n".join(["By default:\n\n```yaml", *(f"{name}: {flow(value)}" for name, value in default.items()), "```"])


def keys(header: Row, rows: list[Row]) -> str:
    """Without the last column where the paper has nothing."""
    told = len(header) if any(row[-1] for row in rows) else -1
    return table(header[:told], [row[:told] for row in rows])


def row(name: str, schema: Schema, default: object) -> Row:
    meaning, paper = split(schema["description"])
    return f"`{name}`", meaning, f"`{flow(default)}`", paper


def split(description: str) -> tuple[str, str]:
    """What the key means, and what the paper has."""
    meaning, *rest = SOURCE.split(description, maxsplit=1)
    if not rest:
        return meaning, ""
    source, told = rest
    return meaning, ("post: " if source == "Post" else "") + told.removesuffix(".")


def flow(value: object) -> str:
    """As it stands in a config, on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")
