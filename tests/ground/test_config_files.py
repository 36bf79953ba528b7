"""What YAML makes of a config, over every key of the schema: as it is meant, or refused with its place and a fix."""

import json
import math
import re

import pytest
import yaml
from jsonschema import Draft202012Validator
from places import ROOT

from monosem.ground.config_files import loaded, maps_in, places_in, refused, settled

pytestmark = pytest.mark.faults

SCHEMA = loaded((ROOT / "workflow/schemas/config.schema.yaml").read_text())
WHOLE = 2000
NAMES = {"1024": "a number", "1.5": "a number", "on": "a truth value", "no": "a truth value", "null": "nothing"}
NAMES |= {"~": "nothing", "2024-01-01": "a date", "0x1F": "a number", "1:30": "a number"}


def nodes(schema=SCHEMA, key=()):
    """Every key of the schema with its own; of maps of any names one, `own`, and of lists their first."""
    for of in (schema, *schema.get("oneOf", ())):
        yield key, of
        inner = dict(of.get("properties", {}))
        if isinstance(of.get("additionalProperties"), dict):
            inner[of.get("propertyNames", {}).get("enum", ["own"])[0]] = of["additionalProperties"]
        for name, own in inner.items():
            yield from nodes(own, (*key, name))
        if "items" in of:
            yield from nodes(of["items"], (*key, 0))


def of_kind(*kinds):
    return {
        key: node
        for key, node in nodes()
        if set(kinds) & set([node.get("type")] if isinstance(node.get("type"), str) else node.get("type", []))
    }


def of_no_kind(kind):
    """Leaves that may be anything but this."""
    leaves = of_kind("integer", "number", "string", "boolean")
    return {key: node for key, node in leaves.items() if kind not in node["type"]}


def written(key, value):
    """As a config file sets it, a line for each name."""
    lines = []
    for depth, name in enumerate(key):
        lines.append(" " * depth + ("- " if name == 0 else f"{name}:"))
    return "\n".join(lines) + f" {value}\n"


def dotted(key):
    return ".".join(map(str, key))


def at(config, key):
    for name in key:
        config = config[name]
    return config


def read(file):
    """The config of a file alone, as the workflow has it, or what is said of it."""
    places = places_in([file])
    config = settled(loaded(file.read_text()), SCHEMA, places)
    errors = list(Draft202012Validator(SCHEMA).iter_errors(config))
    wrong = [error for error in errors if error.validator not in ("required", "if", "contains", "minItems", "oneOf")]
    wrong += [error for error in errors if error.validator == "oneOf"]
    if wrong:
        raise ValueError(refused(wrong[0], places))
    return config


def said(file, key, value):
    file.write_text(written(key, value))
    with pytest.raises(ValueError) as raised:
        read(file)
    message = str(raised.value)
    assert f"{file} line " in message and "\n" not in message and re.search("; .+", message), message
    return message


@pytest.mark.parametrize("value", ["2.0e+3", "2e3", "2000.0", "2E+3", "2.e3", "+2000", "2_000", "0x7d0", ".2e4"])
def test_whole_numbers_are_integers_however_they_are_written(tmp_path, value):
    keys = of_kind("integer")
    assert len(keys) > 200
    for key in keys:
        (tmp_path / "own.yaml").write_text(written(key, value))
        config = settled(loaded((tmp_path / "own.yaml").read_text()), SCHEMA, {})
        assert (at(config, key), type(at(config, key))) == (WHOLE, int), dotted(key)


@pytest.mark.parametrize("value", ["1e-3", "1.0e-3", "1E-3", "0.001", ".1e-2"])
def test_numbers_are_numbers_however_they_are_written(tmp_path, value):
    for key in of_kind("number"):
        (tmp_path / "own.yaml").write_text(written(key, value))
        assert at(settled(loaded((tmp_path / "own.yaml").read_text()), SCHEMA, {}), key) == 0.001, dotted(key)


@pytest.mark.parametrize("value", [".inf", "-.inf", ".nan", ".NaN", "+.Inf", "1e999", "-1.0e+999"])
def test_numbers_that_are_not_finite_are_refused(tmp_path, value):
    for key in of_kind("integer", "number"):
        assert f"config {dotted(key)}" in (message := said(tmp_path / "own.yaml", key, value))
        assert "is no finite number; write one" in message


@pytest.mark.parametrize("value", ["-1", "many", '"2000"', "yes", "2024-01-01", "2,000", "1 GB", "[1]", "{a: 1}"])
def test_what_is_no_number_or_below_zero_is_refused(tmp_path, value):
    for key, node in of_kind("integer", "number").items():
        if value != "{a: 1}" or "object" not in node["type"]:
            assert f"config {dotted(key)}" in said(tmp_path / "own.yaml", key, value)


@pytest.mark.parametrize("value", ["2.5", "1e-3", "9.1e15"])
def test_numbers_that_are_not_whole_or_too_large_to_be_exact_are_refused(tmp_path, value):
    for key in of_kind("integer"):
        assert f"config {dotted(key)}" in said(tmp_path / "own.yaml", key, value)


@pytest.mark.parametrize(("value", "read_as"), [("010", 8), ("1:30", 90), ("-017", -15), ("0b11", 3)])
def test_numbers_in_octal_and_base_60_are_refused(tmp_path, value, read_as):
    for key in of_kind("integer", "number", "string"):
        assert f"YAML reads {value} as {read_as}; write that" in said(tmp_path / "own.yaml", key, value)


@pytest.mark.parametrize("value", ["on", "1024", "1.5", "no", "2024-01-01", "~"])
def test_what_yaml_makes_of_text_is_refused_where_text_is_wanted(tmp_path, value):
    keys = {key: node for key, node in of_kind("string").items() if value != "~" or "null" not in node["type"]}
    assert len(keys) > 25
    for key in keys:
        message = said(tmp_path / "own.yaml", key, value)
        assert f"config {dotted(key)}" in message and f"{value} is " in message and f'quote it: "{value}"' in message
        (tmp_path / "own.yaml").write_text(written(key, f'"{value}"'))
        assert at(settled(loaded((tmp_path / "own.yaml").read_text()), SCHEMA, {}), key) == value


def test_nothing_is_refused_where_a_value_is_wanted(tmp_path):
    for key in of_no_kind("null"):
        assert f"config {dotted(key)}" in said(tmp_path / "own.yaml", key, "")


@pytest.mark.parametrize(("name", "kind"), NAMES.items())
def test_names_that_yaml_takes_for_something_else_are_to_be_quoted(tmp_path, name, kind):
    maps = of_kind("object")
    assert len(maps) > 50
    for key in maps:
        message = said(tmp_path / "own.yaml", (*key, name), 1)
        assert f'config {dotted((*key, name))}: YAML reads the name {name} as {kind}; quote it: "{name}"' in message


def test_equal_keys_are_refused_with_both_lines(tmp_path):
    file = tmp_path / "own.yaml"
    for key, node in of_kind("object").items():
        name = next(iter(node.get("properties", {"own": 0})))
        again = "".join(f"\n{' ' * len(key)}{other}: 1" for other in ("zzz", name))
        message = said(file, (*key, name), f"1{again}")
        first, second = len(key) + 1, len(key) + 3
        assert (
            f"{file} line {second}: config {dotted((*key, name))} is there twice, first in {file} line {first}"
            in message
        )


@pytest.mark.parametrize(
    "text",
    ["lm: {lr: 1, lr: 1}", '{"lm": {"lr": 1,\n\t"lr": 2}}', "lm:\n  lr: 1\nlm:\n  batch: 1", 'lm: {lr: 1, "lr": 1}'],
)
def test_equal_keys_in_other_spellings(tmp_path, text):
    (tmp_path / "own").write_text(text)
    with pytest.raises(ValueError, match=r"config lm(\.lr)? is there twice"):
        places_in([tmp_path / "own"])


def test_merged_and_repeated_maps_are_no_equal_keys(tmp_path):
    text = "a: &a {x: 1, y: 2}\nb: {<<: *a, x: 3}\nc: [*a, *a]\n"
    (tmp_path / "own.yaml").write_text(text)
    places = places_in([tmp_path / "own.yaml"])
    assert places[("b", "x")] == (f"{tmp_path / 'own.yaml'} line 2", "3")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["threads=1", "threads=2"], "--config threads: given twice, and the last counts; give it once"),
        (["lm={lr: 1, lr: 2}"], "--config: config lm.lr is there twice"),
        (["lm=lr: .nan"], "--config: config lm.lr: .nan is no finite number"),
        (["dictionaries={on: null}"], "--config: config dictionaries.on: YAML reads the name on as a truth value"),
        (["lm={lr: ["], "config: no YAML"),
    ],
)
def test_the_command_line_is_read_as_strictly(given, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        places_in([], given)


def test_maps_on_the_command_line_hold_what_they_would_in_a_file():
    given = [
        "threads=2",
        "lm={compile: off, lr: 1.0e-3, micro_batch: null}",
        "sites=[logits]",
        "tokens=train: 7",
        "x='{y: 1}'",
    ]
    maps = {"lm": {"compile": False, "lr": 1e-3, "micro_batch": None}, "sites": ["logits"], "tokens": {"train": 7}}
    assert maps_in(given) == {**maps, "x": {"y": 1}}


def test_the_project_s_own_configs_are_read_as_they_were(tmp_path):
    """And without a change to what they say, so that nothing runs again."""
    for file in sorted((ROOT / "config").glob("*.yaml")):
        before = yaml.safe_load(file.read_text())
        after = settled(loaded(file.read_text()), SCHEMA, places_in([file]))
        assert json.dumps(after) == json.dumps(before), file


def test_every_number_has_a_lower_bound():
    for key, node in of_kind("integer", "number").items():
        bounds = {name: value for name, value in node.items() if name in ("minimum", "exclusiveMinimum")}
        assert bounds and all(math.isfinite(value) and value >= 0 for value in bounds.values()), dotted(key)
        assert key[-1] not in ("seed", "data_seed") or node["maximum"] == 2**32 - 1, dotted(key)
