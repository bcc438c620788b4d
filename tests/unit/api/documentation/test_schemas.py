"""The schemas of `/openapi.json` say of answers what they are like as they are sent."""

import json
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from runcast_api.documentation.calls import CALLS
from runcast_api.documentation.openapi import openapi
from runcast_api.documentation.schemas import schemas, shapes
from runcast_core.model.accounts import Role
from runcast_core.model.wire.accounts import UserAnswer
from runcast_core.model.wire.credentials import KeyAnswer
from runcast_core.model.wire.executions import ExecutionPage
from runcast_core.model.wire.sessions import PageSessionAnswer
from runcast_core.model.wire.shape import Shape, encode
from tests.parts.documented import closed

ANSWERS = {shape.__name__ for call in CALLS for shape in shapes(call.answer)} | {"Problem"}
NULL = {"type": "null"}


def _all(node: Any) -> Iterator[dict[str, Any]]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict):
        yield node
    for child in children:
        yield from _all(child)


def test_nothing_is_said_that_a_library_made_up():
    """No titles made of names; null is nobody's default."""
    for node in _all(openapi()["components"]["schemas"]):
        assert not isinstance(node.get("title"), str), node
        assert node.get("default", ...) is not None, node


def test_what_an_answer_may_leave_out_has_a_value_where_it_is_there():
    """It is optional, without a default, and not null; what is always there is required, also if it may be null."""
    optional = nullable = 0
    for name in ANSWERS:
        schema = openapi()["components"]["schemas"][name]
        for field, each in schema.get("properties", {}).items():
            assert "default" not in each, (name, field)
            if field in schema.get("required", ()):
                nullable += NULL in each.get("anyOf", ())
            else:
                optional += 1
                assert NULL not in each.get("anyOf", ()), (name, field)
    assert optional > 20
    assert nullable > 0


@pytest.mark.parametrize(
    "shape",
    [
        UserAnswer(id="u", organization_id="o", role=Role.VIEWER),
        UserAnswer(id="u", organization_id="o", role=Role.VIEWER, email="e", name="n", created_at="t"),
        PageSessionAnswer(id="s", created_at="t", last_used_at="t", expires_at="t", agent="a", current=False),
        PageSessionAnswer(id="s", created_at="t", last_used_at="t", expires_at="t", agent="a", current=True),
        ExecutionPage(executions=(), next_cursor=None),
        ExecutionPage(executions=(), next_cursor="c"),
    ],
)
def test_a_shape_is_sent_as_its_schema_says(shape: Shape):
    """With all of its fields, and with none that it may leave out."""
    reference = {"$ref": f"#/components/schemas/{type(shape).__name__}"}
    jsonschema.validate(json.loads(encode(shape)), reference | {"components": closed()["components"]})


def test_a_null_that_is_never_sent_is_refused():
    """Where the document once allowed it: a client need not handle it."""
    properties = openapi()["components"]["schemas"]["ExecutionState"]["properties"]
    assert properties["image"] == {"type": "string"}
    assert properties["exitCode"] == {"type": "integer"}
    key = schemas(CALLS)[KeyAnswer.__name__]["properties"]
    assert key["role"] == {"$ref": "#/components/schemas/Role"}
    assert key["pools"] == {"type": "array", "items": {"type": "string"}}
