"""Secret values in requests: refused without a key, sealed with one, and the same after a rotation."""

from pathlib import Path
from typing import Any

import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution
from runcast_core.store.sqlite.store import SqliteStore
from tests.parts.api import SECRETS_KEY, Installation, serving

SECRET = {"config": {"secrets": {"KEY": "s3cret-1"}}}
FLAGGED = {"config": {"envVars": {"KEY": {"value": "s3cret-2", "secret": True}}}}
PLAIN = {"config": {"envVars": {"A": "1", "B": {"value": "2", "secret": False}}}}
NEW_KEY = "another key of thirty-two characters"
NO_KEY = {"RUNCAST_SECRETS_KEY": ""}


async def request(api: Installation, body: dict[str, Any], task_id: str = "t1") -> tuple[int, str | None]:
    """Return the status and the error's code."""
    body = {"image": "busybox", "taskId": task_id, **body}
    answer = await api.call("POST", "/api/execution-request", json=body)
    assert "s3cret" not in answer.text
    return answer.status_code, answer.json().get("code")


async def rerun(api: Installation, task_id: str = "t1") -> tuple[int, str | None]:
    answer = await api.call("POST", f"/api/executions/{task_id}/rerun")
    assert "s3cret" not in answer.text
    return answer.status_code, answer.json().get("code")


async def store_plain(store: SqliteStore, body: dict[str, Any]) -> None:
    """Store as the first version did."""
    now = now_ms()
    stored = {"image": "busybox", "folder": "all", **body}
    await store.create_execution(Execution("org_a", "t1", "busybox", now, now, request=stored))


@pytest.mark.parametrize("body", [SECRET, FLAGGED])
async def test_without_a_key_secret_values_are_refused(tmp_path: Path, body: dict[str, Any]):
    """With what to set, and nothing is stored; everything else works."""
    async with serving(tmp_path, **NO_KEY) as api:
        answer = await api.call("POST", "/api/execution-request", json={"image": "busybox", "taskId": "t1", **body})
        assert (answer.status_code, answer.json()["code"]) == (422, "SECRETS_NOT_CONFIGURED")
        assert "RUNCAST_SECRETS_KEY" in answer.json()["error"]
        assert "s3cret" not in answer.text
        assert await api.store.execution("org_a", "t1") is None
        assert await request(api, PLAIN) == (202, None)
        assert await rerun(api) == (202, None)


@pytest.mark.parametrize("body", [SECRET, FLAGGED])
async def test_a_sealed_request_is_the_same_again(tmp_path: Path, body: dict[str, Any]):
    """Also after a rotation; with another secret it is a conflict. Its detail shows no ciphertext."""
    async with serving(tmp_path) as api:
        assert await request(api, body) == (202, None)
        assert await request(api, body) == (202, None)
        assert await request(api, SECRET | {"command": "true"}) == (409, "TASK_EXISTS")
        detail = await api.call("GET", "/api/executions/t1")
        assert [*detail.json()["request"]["config"].values()] == [{"KEY": "***"}]
        assert "sealed" not in detail.text
        assert len(api.bus.published) == 1
    async with serving(tmp_path, RUNCAST_SECRETS_KEY=f"{NEW_KEY},{SECRETS_KEY}") as api:
        assert await request(api, body) == (202, None)
        assert api.bus.published == []
        assert await rerun(api) == (202, None)


async def test_only_requests_with_secrets_have_a_fingerprint(tmp_path: Path):
    """Others compare as text, so that replacing every key makes no conflict of them."""
    async with serving(tmp_path) as api:
        await request(api, PLAIN, "plain")
        await request(api, SECRET, "secret")
        plain, secret = [await api.store.execution("org_a", task_id) for task_id in ("plain", "secret")]
    assert plain is not None
    assert secret is not None
    assert plain.fingerprint == ""
    assert plain.request["config"] == PLAIN["config"]
    assert secret.fingerprint
    async with serving(tmp_path, RUNCAST_SECRETS_KEY=NEW_KEY) as api:
        assert await request(api, PLAIN, "plain") == (202, None)


async def test_what_does_not_open_is_not_run_again(tmp_path: Path):
    """Without a key, or with another; the original stays as it is."""
    async with serving(tmp_path) as api:
        await request(api, SECRET)
    for key, refusal in (("", (422, "SECRETS_NOT_CONFIGURED")), (NEW_KEY, (409, "SECRETS_UNREADABLE"))):
        async with serving(tmp_path, RUNCAST_SECRETS_KEY=key) as api:
            assert await rerun(api) == refusal
            assert len(await api.store.executions("org_a", limit=10)) == 1


async def test_plain_secrets_of_the_first_version_compare_and_run_again_sealed(tmp_path: Path):
    """Requested again it is the same, with another secret a conflict; run again, its secrets are sealed."""
    async with serving(tmp_path) as api:
        await store_plain(api.store, SECRET)
        assert await request(api, SECRET) == (202, None)
        assert await request(api, {"config": {"secrets": {"KEY": "s3cret-9"}}}) == (409, "TASK_EXISTS")
        assert await rerun(api) == (202, None)
        task_id = next(e.task_id for e in await api.store.executions("org_a", limit=10) if e.task_id != "t1")
        new = await api.store.execution("org_a", task_id)
    assert "s3cret" not in str(new)
    assert new.request["config"]["secrets"]["KEY"].keys() == {"sealed"}
