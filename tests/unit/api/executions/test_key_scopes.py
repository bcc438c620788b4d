"""An API key that is narrowed to pools or images: what it may have run, run again, cancelled and deleted."""

import pytest

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Status
from tests.parts.api import Installation, serving, with_key

SECRET = {"config": {"secrets": {"A": "value of a secret"}}}


async def request(api: Installation, secret: str, task_id: str, image: str, **config: object) -> int:
    body = {"image": image, "taskId": task_id} | ({"config": config} if config else {})
    headers = {"x-api-key": secret}
    return (await api.http.post("/api/execution-request", json=body, headers=headers)).status_code


async def test_a_key_requests_what_it_is_for(tmp_path):
    """An image as it is spelled, in a pool that is named or meant; the refusal says what is allowed."""
    async with serving(tmp_path) as api:
        _, images = await with_key(api.store, images=("alpine:3", "acme/*"))
        _, pools = await with_key(api.store, pools=("gpu",))
        assert await request(api, images, "t1", "alpine:3", pool="anywhere") == 202
        assert await request(api, images, "t2", "acme/app:1") == 202
        assert await request(api, pools, "t3", "whatever", pool="gpu") == 202
        for task_id, image in enumerate(("alpine", "alpine:3.20", "docker.io/library/alpine:3", "acme", "local")):
            assert await request(api, images, f"x{task_id}", image) == 403
        assert await request(api, pools, "x", "alpine:3") == 403
        assert await request(api, pools, "x", "alpine:3", pool="default") == 403
        headers = {"x-api-key": images}
        body = {"image": "busybox", **SECRET}
        answer = await api.http.post("/api/execution-request", json=body, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
        assert "images: alpine:3, acme/*" in answer.json()["error"]
        assert {e.task_id for e in await api.store.executions("org_a")} == {"t1", "t2", "t3"}


async def test_the_default_pool_has_a_name(tmp_path):
    """A key for it requests without naming any."""
    async with serving(tmp_path) as api:
        _, secret = await with_key(api.store, pools=("default",))
        assert await request(api, secret, "t1", "alpine") == 202
        assert await request(api, secret, "t2", "alpine", pool="default") == 202
        assert await request(api, secret, "t3", "alpine", pool="Default") == 403


@pytest.mark.parametrize(("method", "path"), [("POST", "/cancel"), ("POST", "/rerun"), ("DELETE", "")])
async def test_a_key_leaves_others_executions_alone(tmp_path, method, path):
    """Of another image or pool, external ones included; it may read them, as everybody of the organization."""
    async with serving(tmp_path) as api:
        await api.requested("mine", image="alpine:3", config={"pool": "gpu"})
        await api.requested("image", image="busybox", config={"pool": "gpu"})
        await api.requested("pool", image="alpine:3")
        await api.store.record_external("org_a", "external", Status.RUNNING)
        if method == "DELETE":
            for execution in await api.store.executions("org_a"):
                await api.store.request_cancel("org_a", execution.task_id)
        before = {e.task_id: e for e in await api.store.executions("org_a")}
        _, secret = await with_key(api.store, images=("alpine:3",), pools=("gpu",))
        headers = {"Authorization": f"Bearer {secret}"}
        for task_id in ("image", "pool", "external"):
            answer = await api.http.request(method, f"/api/executions/{task_id}{path}", headers=headers)
            assert (answer.status_code, answer.json()["code"]) == (403, "FORBIDDEN")
            assert "images: alpine:3; pools: gpu" in answer.json()["error"]
            assert (await api.http.get(f"/api/executions/{task_id}", headers=headers)).status_code == 200
            assert (await api.http.get(f"/api/executions/{task_id}/logs", headers=headers)).status_code == 200
        assert {e.task_id: e for e in await api.store.executions("org_a")} == before
        answer = await api.http.request(method, f"/api/executions/absent{path}", headers=headers)
        assert answer.status_code == 404
        answer = await api.http.request(method, f"/api/executions/mine{path}", headers=headers)
        assert answer.status_code in {202, 204}


async def test_the_same_request_again_is_the_same_execution_for_a_key_too(tmp_path):
    """Whoever requested it first; of a different image it is neither seen nor changed."""
    async with serving(tmp_path) as api:
        await api.requested("t1", image="alpine:3")
        await api.requested("t2", image="busybox")
        _, secret = await with_key(api.store, images=("alpine:3",), created_at=now_ms())
        assert await request(api, secret, "t1", "alpine:3") == 202
        assert await request(api, secret, "t2", "busybox") == 403
        assert await request(api, secret, "t2", "alpine:3") == 409
