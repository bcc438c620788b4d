"""What `/openapi.json` says of a call's answer, with nothing allowed that it does not say."""

from copy import deepcopy
from functools import cache
from typing import Any

import httpx2
import jsonschema

from runcast_api.documentation.openapi import openapi


@cache
def closed() -> dict[str, Any]:
    """Return the document; no object in it may have further fields."""
    document = deepcopy(openapi())
    for documented in document["components"]["schemas"].values():
        documented.setdefault("additionalProperties", False)
    return document


def check(answer: httpx2.Response, method: str, path: str) -> Any:
    """Return the answer's JSON, which is as documented; None where none is."""
    responses = closed()["paths"][path][method.lower()]["responses"]
    response = responses.get(str(answer.status_code), responses["default"])
    if "content" not in response:
        assert answer.content == b""
        return None
    schema = response["content"]["application/json"]["schema"] | {"components": closed()["components"]}
    jsonschema.validate(answer.json(), schema)
    return answer.json()
