"""Every answer and every log line of a request name its id."""

import pytest
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from tests.parts.api import bearer, serving


async def test_an_id_is_taken_from_the_caller_or_made(tmp_path):
    """A proxy's id stays; one that is missing, too long or could break a log line is replaced."""
    async with serving(tmp_path) as api:
        answer = await api.http.get("/livez", headers={"X-Request-Id": "proxy-1.a_B"})
        assert answer.headers["x-request-id"] == "proxy-1.a_B"
        made = [(await api.http.get("/livez", headers=h)).headers["x-request-id"] for h in _unusable()]
    assert len(set(made)) == len(made)
    assert all(len(request_id) == 24 for request_id in made)


def _unusable() -> list[dict[str, str]]:
    return [{}, *({"X-Request-Id": text} for text in ("", "a b", "x" * 65, 'a"}'))]


@pytest.mark.parametrize("fault", [False, True])
async def test_log_lines_name_the_request(tmp_path, monkeypatch, fault):
    """What a request logs carries its id, and so does its answer, also when nobody foresaw what went wrong."""

    async def failing(*_: object) -> None:
        raise ZeroDivisionError

    async with serving(tmp_path) as api:
        if fault:
            monkeypatch.setattr(api.store, "create_execution", failing)
        with capture_logs(processors=[merge_contextvars]) as logs:
            headers = {"X-Request-Id": "r1"}
            body = {"image": "busybox"}
            answer = await api.http.post("/api/execution-request", json=body, headers=headers | bearer())
    assert (answer.status_code, answer.headers["x-request-id"]) == (500 if fault else 202, "r1")
    assert logs
    assert {entry["request_id"] for entry in logs} == {"r1"}
