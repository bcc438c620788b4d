"""The schemas of bodies, which pydantic reads, and of answers, which msgspec writes, as both are on the wire."""

from collections.abc import Iterable
from inspect import cleandoc
from typing import Any, get_args

import msgspec
from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from runcast_api.documentation.call import Call
from runcast_core.model.wire.shape import Problem

REF = "#/components/schemas/"
_NULL = {"type": "null"}


def schemas(calls: Iterable[Call]) -> dict[str, Any]:
    """Return each schema by its name."""
    calls = tuple(calls)
    return dict(sorted((_read(calls) | _written(calls)).items()))


def shapes(answer: Any) -> tuple[type, ...]:
    """Return what a call may answer with, one by one: msgspec describes no union of shapes without tags."""
    return get_args(answer) or ((answer,) if answer else ())


def _read(calls: Iterable[Call]) -> dict[str, Any]:
    bodies: set[type[BaseModel]] = {call.body for call in calls if call.body}
    inputs: list[tuple[type[BaseModel], JsonSchemaMode]] = [(body, "validation") for body in bodies]
    read: dict[str, Any] = _plain(models_json_schema(inputs, ref_template=REF + "{model}")[1]["$defs"])
    return read


def _written(calls: Iterable[Call]) -> dict[str, Any]:
    answers = {shape for call in calls for shape in shapes(call.answer)} | {Problem}
    written = msgspec.json.schema_components(answers, ref_template=REF + "{name}")[1]
    return {name: _plain(_as_sent(schema)) for name, schema in written.items()}


def _plain(schema: Any) -> Any:
    """Return it without titles, which only repeat names, and without null as a default, which stands for no value."""
    if isinstance(schema, list):
        return [_plain(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    told = {name: value for name, value in schema.items() if not (name == "title" and isinstance(value, str))}
    return {name: _plain(value) for name, value in told.items() if not (name == "default" and value is None)}


def _as_sent(schema: dict[str, Any]) -> dict[str, Any]:
    """Return an answer's schema as msgspec sends it: a field that has its default's value is left out."""
    required = schema.get("required", ())
    properties = {
        name: each if name in required else _without_default(each)
        for name, each in schema.get("properties", {}).items()
    }
    described = {"description": cleandoc(schema["description"])}  # msgspec keeps the indentation
    return schema | described | ({"properties": properties} if properties else {})


def _without_default(schema: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of a field that may be left out: where it is there, it has a value, and not null."""
    rest = {name: value for name, value in schema.items() if name not in {"default", "anyOf"}}
    values = [each for each in schema.get("anyOf", ()) if each != _NULL]
    return rest | (values[0] if len(values) == 1 else {"anyOf": values} if values else {})
