"""Running again under an id of one's own: a call that is repeated is the same execution."""

import pytest

from tests.parts.api import bearer, serving

CONFIG = {"secrets": {"KEY": "s3cret-1"}, "retryAttempts": 2, "envVars": {"A": "1"}}
RERUN = "/api/executions/t1/rerun"


@pytest.mark.parametrize("config", [{}, CONFIG], ids=["plain", "secret"])
async def test_a_rerun_that_is_repeated_is_the_same_execution(tmp_path, config):
    """With secrets, too; also where its answer was lost, and after it was cancelled."""
    async with serving(tmp_path) as api:
        await api.requested("t1", config=config, command="true")
        first = await api.call("POST", RERUN, json={"taskId": "again"})
        again = await api.call("POST", RERUN, json={"taskId": "again"})
        assert (first.status_code, first.json()["taskId"]) == (202, "again")
        assert again.json() == first.json()
        assert len(api.bus.published) == len(api.bus.sent_signals) == 2
        await api.call("POST", "/api/executions/again/cancel")
        assert (await api.call("POST", RERUN, json={"taskId": "again"})).json()["status"] == "CANCELLED"
        asked = await api.requested("again", config=config, command="true")
        assert asked["status"] == "CANCELLED"
        assert (await api.call("POST", RERUN, json={"taskId": "t1"})).json()["status"] == "PENDING"
        assert len(await api.store.executions("org_a")) == 2


async def test_a_different_request_under_that_id_is_a_conflict(tmp_path):
    """Also if only a secret differs; another organization's execution of that name is not in the way."""
    async with serving(tmp_path) as api:
        await api.requested("t1", config=CONFIG)
        await api.requested("other", config=CONFIG | {"secrets": {"KEY": "s3cret-2"}})
        await api.requested("free", org="org_b")
        refused = await api.call("POST", RERUN, json={"taskId": "other"})
        assert (refused.status_code, refused.json()["code"]) == (409, "TASK_EXISTS")
        assert "s3cret" not in refused.text
        assert (await api.call("POST", RERUN, json={"taskId": "free"})).status_code == 202


@pytest.mark.parametrize("body", [{}, {"content": b""}, {"json": {}}, {"json": {"taskId": None}}])
async def test_without_an_id_each_call_is_another_execution(tmp_path, body):
    """No body, an empty one and one that names nothing."""
    async with serving(tmp_path) as api:
        await api.requested("t1")
        ids = {(await api.call("POST", RERUN, **body)).json()["taskId"] for _ in range(2)}
        assert len(ids | {"t1"}) == 3


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{", "INVALID_JSON"),
        (b"[]", "INVALID_JSON"),
        (b"null", "INVALID_JSON"),
        (b'{"taskId": "a/b"}', "INVALID_REQUEST"),
        (b'{"taskId": 5}', "INVALID_REQUEST"),
        (b'{"taskId": ".."}', "INVALID_TASK_ID"),
        (b'{"image": "other"}', "INVALID_REQUEST"),
    ],
)
async def test_a_body_that_cannot_be_is_refused(tmp_path, body, code):
    """Nothing runs then."""
    async with serving(tmp_path) as api:
        await api.requested("t1")
        answer = await api.http.post(RERUN, content=body, headers=bearer())
        assert (answer.status_code, answer.json()["code"]) == (400, code)
        assert len(await api.store.executions("org_a")) == 1
