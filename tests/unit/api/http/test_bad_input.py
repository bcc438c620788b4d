"""Input that can never succeed: each is a clear 4xx, repeats no value, and leaves the api serving."""

from collections.abc import AsyncIterator
from typing import Any

import orjson
import pytest

from runcast_api.documentation.calls import CALLS
from runcast_api.http.bodies import MAX_DEPTH
from tests.parts.api import may_call, serving

WITH_BODY = [(call.method, call.path) for call in CALLS if call.body is not None]
BODY_REQUIRED = [(call.method, call.path) for call in CALLS if call.body is not None and call.body_required]
LOOPBACK = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8"}
JSON = {"Content-Type": "application/json"}
NO_NUMBERS = (True, "64", [64], {})
NO_TASK_IDS = ("..", ".", "a/b", "../../etc/passwd", "{org}", "a b", "a\n", "ä", "x" * 129, "")


def nested(depth: int) -> bytes:
    return b'{"a":' * (depth - 1) + b"{}" + b"}" * (depth - 1)


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize(
    "body",
    [
        *(b"{", b"nonsense", b'{"a": NaN}', b"{'a': 1}", b'{"a": 1}{', b'"text"', b"[]", b"null", b"7"),
        *(b'{"a": "\xff\xfe"}', b'{"a": "\\ud800"}', b"\x00\x01\x02", b"\xef\xbb\xbf{}", b"a=1&b=2"),
        *(nested(MAX_DEPTH + 1), nested(300), nested(100_000), b'{"a":' + b"[" * 100 + b"]" * 100 + b"}"),
    ],
)
async def test_what_is_no_json_object_is_refused(tmp_path, method, path, body):
    """Malformed JSON, invalid UTF-8, binary, other JSON values and bottomless nesting are a 400 on every call."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        answer = await api.http.request(method, path, content=body, headers=may_call(path) | JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON")
        await api.requested()


@pytest.mark.parametrize(("method", "path"), BODY_REQUIRED)
async def test_no_body_is_refused_where_there_has_to_be_one(tmp_path, method, path):
    """Just so; one call takes none as an object without fields."""
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        answer = await api.http.request(method, path, content=b"", headers=may_call(path) | JSON)
        assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_JSON")
    assert set(WITH_BODY) - set(BODY_REQUIRED) == {("POST", "/api/executions/{taskId}/rerun")}


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
async def test_a_body_over_the_limit_is_refused(tmp_path, method, path):
    """Too large is a 413, with a Content-Length and without one, and no more than the limit is read."""
    sent: list[int] = []

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(1000):
            sent.append(1)
            yield b"x" * 1024

    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK, RUNCAST_MAX_BODY_BYTES="10240") as api:
        for content in (b"x" * 10_241, chunks()):
            answer = await api.http.request(method, path, content=content, headers=may_call(path) | JSON)
            assert (answer.status_code, answer.json()["code"]) == (413, "BODY_TOO_LARGE")
        assert len(sent) <= 12
        await api.requested()


async def test_a_line_of_a_megabyte_passes_whole_within_the_limit(tmp_path):
    """A worker's line of 1 MB is stored and relayed whole where the limit allows it, else refused."""
    line = "x" * 1_000_000
    body = {"taskId": "t1", "organizationId": "org_a", "log": line}
    async with serving(tmp_path, peer="127.0.0.1", **LOOPBACK) as api:
        assert (await api.http.post("/executions/log", json=body)).status_code == 200
        assert (await api.http.post("/executions/log", json=body | {"log": line * 2})).status_code == 413
        assert (await api.call("GET", "/api/executions/t1/logs?format=text")).text == line + "\n"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"image": ""}, "image"),
        ({"image": "busy box"}, "image"),
        ({"image": "busybox\n"}, "image"),
        ({"image": "-v"}, "image"),
        ({"image": "$(reboot)"}, "image"),
        ({"image": "x" * 513}, "image"),
        ({"image": None}, "image"),
        ({"image": 7}, "image"),
        ({"image": ["busybox"]}, "image"),
        ({"command": 7}, "command"),
        ({"command": []}, "command"),
        ({"command": ["echo", 7]}, "command"),
        ({"command": ["x"] * 1001}, "command"),
        ({"command": "echo \x00s3cret"}, "command"),
        ({"command": ["echo", "\x00"]}, "command"),
        ({"folder": 7}, "folder"),
        ({"folder": "x" * 1025}, "folder"),
        ({"tests": "a.spec"}, "tests"),
        ({"tests": [1]}, "tests"),
        ({"config": []}, "config"),
        ({"config": {"environment": 7}}, "config"),
        ({"config": {"environment": {"A": ["s3cret"]}}}, "config"),
        ({"config": {"envVars": {"A": {"b": "s3cret"}}}}, "config"),
        ({"config": {"envVars": {"A=B": "s3cret"}}}, "config"),
        ({"config": {"envVars": {"": "s3cret"}}}, "config"),
        ({"config": {"envVars": {"A": "s3cret\x00"}}}, "config"),
        ({"config": {"envVars": [["A", "s3cret"]]}}, "config"),
        ({"config": {"envVars": {f"A{i}": 1 for i in range(1001)}}}, "config"),
        ({"config": {"secrets": "s3cret"}}, "config"),
        ({"config": {"secrets": {"A": None}}}, "config"),
        ({"config": {"timeoutSeconds": 0}}, "config"),
        ({"config": {"timeoutSeconds": "soon"}}, "config"),
        ({"config": {"timeoutSeconds": 1e9}}, "config"),
        ({"config": {"retryAttempts": -1}}, "config"),
        ({"config": {"retryAttempts": 1.5}}, "config"),
        ({"config": {"baseUrl": 7}}, "config"),
        ({"config": {"resources": {"memoryMb": "s3cret"}}}, "config"),
        ({"config": {"resources": {"cpus": -1}}}, "config"),
        ({"config": {"resources": {"gpus": 1}}}, "config"),
        *(
            ({"config": {name: bad}}, f"config.{name}")
            for name in ("timeoutSeconds", "retryAttempts")
            for bad in NO_NUMBERS
        ),
        *(
            ({"config": {"resources": {name: bad}}}, f"config.resources.{name}")
            for name in ("memoryMb", "cpus", "pids")
            for bad in NO_NUMBERS
        ),
        ({"privileged": True}, "privileged"),
        ({"status": "PASSED"}, "status"),
        *(({"taskId": bad}, "taskId") for bad in (*NO_TASK_IDS, 7, ["t"])),
    ],
)
async def test_a_bad_request_names_the_field_and_repeats_no_value(tmp_path, change: dict[str, Any], field: str):
    """A wrong type, size or unknown field is a 400 that names it; nothing is stored, published or echoed."""
    async with serving(tmp_path) as api:
        body = {"image": "busybox", **change}
        answer = await api.call("POST", "/api/execution-request", json=body)
        assert answer.status_code == 400, answer.text
        assert answer.json()["code"] in {"INVALID_REQUEST", "INVALID_TASK_ID"}
        assert field in answer.json()["error"]
        assert "s3cret" not in answer.text
        assert await api.store.executions("org_a") == []
        assert api.bus.published == api.bus.sent_signals == []
        await api.requested()


async def test_long_lists_of_faults_are_bounded(tmp_path):
    """Ten thousand wrong fields with long names make a short answer."""
    body = {"image": "busybox", **{f"{number}{'x' * 500}": 1 for number in range(1000)}}
    async with serving(tmp_path) as api:
        answer = await api.call("POST", "/api/execution-request", json=body)
    assert answer.status_code == 400
    assert len(answer.json()["details"]) == 50
    assert len(answer.content) < 20_000


@pytest.mark.parametrize("task_id", ["%7Borg%7D", "a%20b", "%C3%A4", "x" * 129, "%00", "...", "a%0A", "*"])
@pytest.mark.parametrize(("method", "tail"), [("GET", ""), ("GET", "/logs"), ("POST", "/cancel"), ("DELETE", "")])
async def test_a_path_with_no_task_id_is_refused(tmp_path, method, tail, task_id):
    """Braces, blanks, dots and control characters in a path's task id are a 400."""
    async with serving(tmp_path) as api:
        answer = await api.call(method, f"/api/executions/{task_id}{tail}")
    assert (answer.status_code, answer.json()["code"]) == (400, "INVALID_TASK_ID")


@pytest.mark.parametrize("path", ["..%2F..%2Fetc%2Fpasswd", "a%2Fb", "a/../../x", "%2e%2e%2f"])
async def test_a_path_that_climbs_finds_nothing(tmp_path, path):
    """Slashes in an id, encoded or not, lead to no call."""
    async with serving(tmp_path) as api:
        answer = await api.call("GET", f"/api/executions/{path}")
    assert answer.status_code in {400, 404, 307}
    assert "root:" not in answer.text


async def test_deep_but_bounded_config_is_kept(tmp_path):
    """Nesting up to the bound is accepted, stored, shown and run again."""
    config = orjson.loads(nested(MAX_DEPTH - 1))
    async with serving(tmp_path) as api:
        await api.requested(config=config)
        assert (await api.call("GET", "/api/executions/t1")).json()["request"]["config"] == config
        assert (await api.call("POST", "/api/executions/t1/rerun")).status_code == 202
