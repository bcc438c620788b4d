"""Reports of a job on itself: of its own attempt, while that runs, and of nothing else."""

from typing import Any

import orjson
import pytest

from runcast_core.access.job_tokens import JobTokens
from runcast_core.bus.bus import Signal, SignalKind
from runcast_core.model.executions import Execution, Status
from tests.parts.api import SECRETS_KEY, Installation, serving

TOKENS = JobTokens([SECRETS_KEY])
PATHS = ("/executions/update", "/executions/log")
BODY = {"taskId": "t1", "status": "ANALYZING", "log": "hello"}


async def claimed(api: Installation, task_id: str = "t1") -> Execution:
    await api.requested(task_id)
    execution = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=10)
    assert execution is not None
    assert execution.task_id == task_id
    return execution


def shown(execution: Execution, **change: Any) -> dict[str, str]:
    return {"Authorization": f"Bearer {TOKENS.issue(execution.attempt_key._replace(**change))}"}


@pytest.mark.parametrize("named", [{}, {"organizationId": "org_a"}, {"organizationId": None}])
async def test_a_job_reports_on_itself(tmp_path, named):
    """Output and a status; an end stops what still runs of it."""
    async with serving(tmp_path) as api:
        execution = await claimed(api)
        headers = shown(execution)
        for path in PATHS:
            answer = await api.http.post(path, json=BODY | named, headers=headers)
            assert answer.status_code == 200, answer.text
        stored = await api.store.execution("org_a", "t1")
        assert stored is not None
        assert stored.status is Status.ANALYZING
        assert [chunk.text for chunk in await api.store.read_logs("org_a", "t1", attempt=0)] == ["hello"]
        assert orjson.loads(api.bus.published[-2][1].payload)["organizationId"] == "org_a"
        answer = await api.http.post(PATHS[0], json=BODY | {"status": "PASSED"}, headers=headers)
        assert answer.status_code == 200
        assert api.bus.sent_signals[-1] == Signal(SignalKind.CANCEL, "org_a", "t1")
        ended = await api.store.execution("org_a", "t1")
        assert ended is not None
        assert ended.status is Status.PASSED
        for path in PATHS:
            answer = await api.http.post(path, json=BODY, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
            assert "does not run" in answer.json()["error"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "change", [{"taskId": "t2"}, {"taskId": "none"}, {"organizationId": "org_b"}, {"organizationId": ""}]
)
async def test_a_job_reports_on_nothing_else(tmp_path, path, change):
    """Not on another execution, there or not, nor for another organization."""
    async with serving(tmp_path) as api:
        execution = await claimed(api)
        other = await claimed(api, "t2")
        await api.requested(org="org_b")
        api.bus.published.clear()
        answer = await api.http.post(path, json=BODY | change, headers=shown(execution))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert ("reports on t1 only" if "taskId" in change else "another organization") in answer.json()["error"]
        assert api.bus.published == []
        assert await api.store.execution("org_a", "t2") == other
        assert await api.store.execution("org_a", "none") is None
        assert len(await api.store.executions("org_b")) == 1


@pytest.mark.parametrize("path", PATHS)
async def test_only_the_attempt_that_runs_may_report(tmp_path, path):
    """Not one before it or after it, not one of an execution that was there before under its name, not one that nobody
    took up, and none that another installation signed; a trusted network makes no difference."""
    trusted = {"RUNCAST_CALLBACK_NETWORKS": "127.0.0.0/8"}
    async with serving(tmp_path, peer="127.0.0.1", **trusted) as api:
        execution = await claimed(api)
        stale = [shown(execution, **change) for change in ({"attempt": 2}, {"attempt": 0}, {"created_at": 1})]
        stale.append({"Authorization": f"Bearer {JobTokens(['x' * 32]).issue(execution.attempt_key)}"})
        await api.requested("queued")
        queued = await api.store.execution("org_a", "queued")
        assert queued is not None
        api.bus.published.clear()
        for headers in stale:
            answer = await api.http.post(path, json=BODY, headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        answer = await api.http.post(path, json=BODY | {"taskId": "queued"}, headers=shown(queued))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert await api.store.execution("org_a", "t1") == execution
        assert api.bus.published == []


@pytest.mark.parametrize("path", PATHS)
async def test_an_attempt_that_ends_while_it_reports_reports_nothing(tmp_path, path, monkeypatch):
    """The store refuses what the api let in."""
    async with serving(tmp_path) as api:
        execution = await claimed(api)
        record = api.store.record_external

        async def late(*arguments: Any, **told: Any) -> Execution:
            await api.store.requeue("org_a", "t1", execution.fence, Status.FAILED)
            await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=10)
            return await record(*arguments, **told)

        monkeypatch.setattr(api.store, "record_external", late)
        api.bus.published.clear()
        answer = await api.http.post(path, json=BODY | {"status": "PASSED"}, headers=shown(execution))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
        assert api.bus.published == []
        assert await api.store.read_logs("org_a", "t1", attempt=0) == []


async def test_a_jobs_token_is_good_for_no_call(tmp_path):
    """It is neither a token nor an API key, and worth nothing once its organization is deleted."""
    async with serving(tmp_path) as api:
        execution = await claimed(api)
        answer = await api.http.get("/api/executions/t1", headers=shown(execution))
        assert (answer.status_code, answer.json()["code"]) == (401, "INVALID_TOKEN")
        await api.store.delete_organization("org_a")
        answer = await api.http.post(PATHS[0], json=BODY, headers=shown(execution))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")


async def test_without_a_secrets_key_there_are_none(tmp_path):
    """Nobody could tell a good one."""
    async with serving(tmp_path, RUNCAST_SECRETS_KEY="") as api:
        execution = await claimed(api)
        answer = await api.http.post(PATHS[0], json=BODY, headers=shown(execution))
        assert (answer.status_code, answer.json()["code"]) == (403, "CALLBACK_FORBIDDEN")
