"""Defaults, schema and config/README.md say the same: no key without a meaning, none without a default."""

import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
import yaml
from places import ROOT

import readme_tables
from monosem.ground.configs import DEFAULTS, SCHEMA, config_of, load, merged
from monosem.readme.config import config_tables, is_block, is_map

README = ROOT / "config/README.md"
LONGEST_COMMENT = 60  # units and the paper's values; sentences are the schema's
EXPLAINED = load(SCHEMA)
RECIPES = [EXPLAINED["properties"]["sae"], EXPLAINED["properties"]["lm"]]
RECIPES.append(EXPLAINED["properties"]["autointerp"]["properties"]["llm"]["properties"]["explainer"])
OBJECT = {"type": "object", "additionalProperties": False}


def keys(schema: dict[str, Any], default: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Path, schema and default of every key that the one or the other has; `...` and None where one lacks it."""
    default = default if isinstance(default, dict) else {}
    known, others = schema.get("properties", {}), schema.get("additionalProperties")
    for name in {**known, **default}:
        part, value = known.get(name, others or None), default.get(name, ...)
        yield f"{path}{name}", part, value
        if isinstance(part, dict):
            yield from keys(part, value, f"{path}{name}.")


def blocks(schema: dict[str, Any], default: Any, path: str = "") -> Iterator[tuple[str, dict[str, Any], Any]]:
    yield path, schema, default
    for name, part in schema.get("properties", {}).items():
        if isinstance(default, dict) and isinstance(default.get(name), dict):
            yield from blocks(part, default[name], f"{path}.{name}".strip("."))


def paper_in_comments() -> Iterator[tuple[str, str, str]]:
    """Key, its `(paper: ...)` or `(post: ...)` in a comment of the defaults, and its description."""
    for file in DEFAULTS:
        lines = file.read_text().splitlines()
        for path, line, description in described_lines(yaml.compose(file.read_text()), EXPLAINED):
            said = re.search(r"\((?:paper|post): (.+)\)$", lines[line].partition(" #")[2])
            if said:
                yield path, said[1], description


def described_lines(node: yaml.Node, schema: dict[str, Any], path: str = "") -> Iterator[tuple[str, int, str]]:
    for key, value in node.value if isinstance(node, yaml.MappingNode) else []:
        part = schema.get("properties", {}).get(key.value, schema.get("additionalProperties")) or {}
        yield f"{path}{key.value}", key.start_mark.line, part.get("description", "")
        yield from described_lines(value, part, f"{path}{key.value}.")


def test_every_default_has_a_meaning_and_satisfies_the_schema():
    jsonschema.Draft202012Validator.check_schema(EXPLAINED)
    jsonschema.validate(config_of(), EXPLAINED, jsonschema.Draft202012Validator)
    found = list(keys(EXPLAINED, config_of()))
    assert len(found) > 400
    for path, part, value in found:
        assert part and re.fullmatch(r"\S.*[.]", part.get("description", "")), f"{path}: give it a description"
        meaning, _, told = part["description"].partition(" Paper: ")
        assert not told or re.search(r"\[[VCSIRU]\]", told), f"{path}: say how the paper's value is known, as in [V]"
        assert value is not None or "null" in meaning, f"{path}: say what null does"


def test_every_key_of_the_schema_has_a_default():
    for path, schema, default in blocks(EXPLAINED, config_of()):
        own = schema.get("properties", {})
        if is_block(schema, default) and not is_map(schema):
            assert sorted(schema["required"]) == sorted(own), f"{path}: a key that every config has is required"
        for name in own.keys() - default.keys():
            known = [recipe["properties"].get(name) for recipe in RECIPES]
            assert own[name] in known, f"{path}.{name}: no default; give it one in {DEFAULTS[0].name}"


def test_no_key_that_is_not_known_is_let_through():
    for path, part, _ in keys(EXPLAINED, {}):
        if isinstance(part, dict) and "properties" in part:
            assert part["additionalProperties"] is False, path


def test_defaults_are_short_and_no_key_stands_in_both_files():
    first, second = map(load, DEFAULTS)
    assert not first.keys() & second.keys()
    assert len(DEFAULTS[0].read_text().splitlines()) <= 250
    for file in DEFAULTS:
        for line in file.read_text().splitlines():
            code, _, comment = line.partition(" #")
            assert not code.strip() or code.startswith("#") or len(comment) <= LONGEST_COMMENT, line


@pytest.mark.parametrize(("path", "said", "description"), [*paper_in_comments()], ids=lambda value: value[:40])
def test_what_a_comment_says_of_the_paper_is_what_the_schema_says(path, said, description):
    told = re.search(r" (?:Paper|Post): (.*)", description)[1]
    assert ("not stated [U]" if said == "?" else said) in told, path


def test_the_defaults_are_named_in_one_place():
    files = [*ROOT.glob("scripts/**/*.py"), *ROOT.glob("workflow/**/*.smk"), ROOT / "workflow/Snakefile"]
    naming = [path.name for path in files if "config/config.yaml" in path.read_text()]
    assert len(files) > 200 and naming == ["configs.py"]


def test_the_page_is_what_the_command_makes():
    readme_tables.main(["--config", "--check"])


def test_the_page_names_every_config_and_its_examples_are_right():
    by_hand, _, made = README.read_text().partition("<!-- table:config -->")
    for path in (ROOT / "config").glob("*.yaml"):
        assert f"`{path.name}`" in by_hand, path
    examples = re.findall(r"```yaml\n(.*?)```", by_hand, re.S)
    assert len(examples) > 5
    for example in examples:
        config = merged(config_of(), yaml.safe_load(example))
        jsonschema.validate(config, EXPLAINED, jsonschema.Draft202012Validator)
        assert config != config_of()
    assert all(f"`{name}`" in made for name in config_of())


def test_a_page_worked_by_hand():
    deep = {**OBJECT, "description": "Deep.", "properties": {"k": {"description": "Tokens. Post: 7 [C]."}}}
    entry = {**OBJECT, "description": "One.", "properties": {"n": {"description": "N. Paper: 3 [V]."}}}
    part = {**OBJECT, "description": "A recipe."}
    part["properties"] = {"a": {"description": "A."}, "b": {"description": "B."}}
    inner = {**OBJECT, "description": "Inner.", "properties": {"deep": deep}}
    block = {**OBJECT, "description": "A block.", "properties": {"inner": inner, "part": part}}
    named = {"type": "object", "description": "Named.", "additionalProperties": entry}
    top = {"x": {"description": "Size, MB; null: none."}, "block": block, "named": named, "again": named}
    schema = {**OBJECT, "description": "All.", "properties": top}
    defaults = {"x": None, "block": {"inner": {"deep": {"k": 5}}, "part": {"b": [1.5]}}}
    defaults |= {"named": {"one": {"n": 1}}, "again": {"two": {"n": 2}}}
    jsonschema.validate(defaults, schema, jsonschema.Draft202012Validator)
    rule = "| --- | --- | --- |"
    assert config_tables(schema, defaults).split("\n\n") == [
        "All.",
        "Blocks: [`block`](#block), [`named`](#named), [`again`](#again). Outside them:",
        f"| key | meaning and unit | default |\n{rule}\n| `x` | Size, MB; null: none. | `null` |",
        "### `block`",
        "A block.",
        f"| key | meaning and unit | default |\n{rule}\n| `part` | A recipe. | `{{b: [1.5]}}` |",
        "#### `block.inner`",
        "Inner.",
        "| key | meaning and unit | default | in the paper |\n| --- | --- | --- | --- |\n"
        "| `deep.k` | Tokens. | `5` | post: 7 [C] |",
        "### `named`",
        "Named.",
        "One.",
        f"| key of an entry | meaning and unit | in the paper |\n{rule}\n| `n` | N. | 3 [V] |",
        "By default:",
        "```yaml\none: {n: 1}\n```",
        "### `again`",
        "Named.",
        "By default:",
        "```yaml\ntwo: {n: 2}\n```",
    ]
