"""Requesting, listing, looking, cancelling, running again and deleting."""

from typing import Any

import orjson
import pytest
from structlog.testing import capture_logs

from runcast_core.access.sealing import Sealer
from runcast_core.bus.bus import SignalKind
from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution, Phase, Source, Status
from tests.parts.api import SECRETS_KEY, bearer, serving

CONFIG = {
    "environment": {"STAGE": "s3cret-1"},
    "baseUrl": "http://shop.example",
    "envVars": {"TOKEN": "s3cret-2", "N": 5},
    "secrets": {"KEY": "s3cret-3"},
    "retryAttempts": 1,
    "timeoutSeconds": 60,
    "resources": {"memoryMb": 64},
    "browser": "firefox",
}


def opened(execution: Execution) -> dict[str, Any]:
    return Sealer((SECRETS_KEY,)).open(execution.request, execution.organization_id, execution.task_id)


async def test_a_request_is_stored_published_and_answered(tmp_path):
    """A request is PENDING in the store, an event of its organization, a wake for runners, and a log line."""
    async with serving(tmp_path) as api:
        with capture_logs() as logs:
            answer = await api.requested("t1", command=["echo", "hello"], tests=["a.spec"], config=CONFIG)
        stored = await api.store.execution("org_a", "t1")
        assert await api.store.unannounced(before=now_ms() + 60_000) == []
    assert stored is not None
    assert (stored.status, stored.source, stored.requested_by) == (Status.PENDING, Source.API, "u1")
    assert stored.request["command"] == ["echo", "hello"]
    assert opened(stored)["config"]["secrets"] == {"KEY": "s3cret-3"}
    assert stored.request["config"]["browser"] == "firefox"
    assert stored.request["folder"] == "all"
    [(organization_id, event)] = api.bus.published
    assert (organization_id, event.name, event.task_id) == ("org_a", "execution-updated", "t1")
    assert orjson.loads(event.payload) == answer
    assert {"taskId": "t1", "organizationId": "org_a", "status": "PENDING", "rev": 1}.items() <= answer.items()
    assert [(s.kind, s.organization_id) for s in api.bus.sent_signals] == [(SignalKind.WAKE, "org_a")]
    line = {"event": "Broadcast execution-updated", "room": "org:org_a", "task": "t1", "status": "PENDING"}
    assert any(line.items() <= entry.items() for entry in logs)
    assert "s3cret" not in str(logs)


async def test_curl_without_a_json_content_type(tmp_path):
    """`curl -d` sends a form's content type; the body is read as JSON all the same, and gets an id."""
    async with serving(tmp_path) as api:
        headers = bearer() | {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await api.http.post("/api/execution-request", content='{"image": "busybox"}', headers=headers)
    assert answer.status_code == 202
    assert len(answer.json()["taskId"]) == 24


async def test_the_same_again_is_the_same_execution(tmp_path):
    """Sent twice, a request is one execution with one event; after it left PENDING its current state is answered."""
    async with serving(tmp_path) as api:
        first = await api.requested(config={"envVars": {"A": "1", "B": "2"}})
        again = await api.requested(config={"envVars": {"B": "2", "A": "1"}})
        assert again == first
        assert (len(api.bus.published), len(api.bus.sent_signals)) == (1, 1)
        await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        running = await api.requested(config={"envVars": {"A": "1", "B": "2"}})
        assert (running["status"], running["rev"], running["attempt"]) == ("RUNNING", 2, 1)


async def test_a_different_request_under_the_same_id_is_a_conflict(tmp_path):
    """The same task id with another image, command or secret is a 409, and the first stays as it is."""
    async with serving(tmp_path) as api:
        await api.requested(config=CONFIG)
        for change in ({"image": "other"}, {"command": "true"}, {"config": CONFIG | {"secrets": {"KEY": "new"}}}):
            body = {"taskId": "t1", "image": "busybox", "config": CONFIG} | change
            answer = await api.call("POST", "/api/execution-request", json=body)
            assert (answer.status_code, answer.json()["code"]) == (409, "TASK_EXISTS")
            assert "s3cret" not in answer.text
        assert len(api.bus.published) == 1


async def test_a_dead_redis_refuses_no_request(tmp_path):
    """Without Redis a request is stored and answered; its state stays unannounced for the sweep."""
    async with serving(tmp_path) as api:
        api.bus.down = True
        assert (await api.requested())["status"] == "PENDING"
        assert [e.task_id for e in await api.store.unannounced(before=now_ms() + 60_000)] == ["t1"]
        assert (await api.call("POST", "/api/executions/t1/cancel")).json()["status"] == "CANCELLED"


async def test_values_are_never_shown_again(tmp_path):
    """The detail shows names but no value of environment, envVars and secrets; lists and events show no config."""
    async with serving(tmp_path) as api:
        await api.requested(config=CONFIG)
        detail = await api.call("GET", "/api/executions/t1")
        await api.call("POST", "/api/executions/t1/rerun")
        await api.call("POST", "/api/executions/t1/cancel")
        listed = await api.call("GET", "/api/executions")
    config = detail.json()["request"]["config"]
    assert config["environment"] == {"STAGE": "***"}
    assert config["envVars"] == {"TOKEN": "***", "N": "***"}
    assert config["secrets"] == {"KEY": "***"}
    assert (config["baseUrl"], config["browser"]) == ("http://shop.example", "firefox")
    assert "s3cret" not in detail.text
    for text in (listed.text, str(api.bus.published)):
        assert "s3cret" not in text
        assert "config" not in text


async def test_an_environment_that_is_a_name_is_shown(tmp_path):
    """`environment` as a text, such as `staging`, holds no values and is shown."""
    async with serving(tmp_path) as api:
        await api.requested(config={"environment": "staging"})
        detail = (await api.call("GET", "/api/executions/t1")).json()
    assert detail["request"]["config"]["environment"] == "staging"


async def test_whole_numbers_where_fractions_may_be(tmp_path):
    """`timeoutSeconds` and `cpus` take both."""
    async with serving(tmp_path) as api:
        await api.requested("t1", config={"timeoutSeconds": 60, "resources": {"cpus": 2}})
        await api.requested("t2", config={"timeoutSeconds": 0.5, "resources": {"cpus": 0.5}})
        stored = [await api.store.execution("org_a", task_id) for task_id in ("t1", "t2")]
    configs = [execution.request["config"] for execution in stored if execution is not None]
    assert configs == [
        {"timeoutSeconds": 60, "resources": {"cpus": 2}},
        {"timeoutSeconds": 0.5, "resources": {"cpus": 0.5}},
    ]


@pytest.mark.parametrize("count", [6, 7])
async def test_pages_newest_first(tmp_path, count):
    """Pages follow each other without a gap or a repetition, also between entries of the same millisecond, and none is
    empty: the last one says so itself, full or not."""
    async with serving(tmp_path) as api:
        for number in range(count):
            at = 1_700_000_000_000 + number // 3
            await api.store.create_execution(Execution("org_a", f"t{number}", "busybox", at, at))
        seen, params = [], {"limit": "2"}
        while True:
            page = (await api.call("GET", "/api/executions", params=params)).json()
            assert page["executions"]
            seen += [execution["taskId"] for execution in page["executions"]]
            if page["nextCursor"] is None:
                break
            params["cursor"] = page["nextCursor"]
    assert seen == [f"t{number}" for number in reversed(range(count))]


async def test_lists_filter_by_status_and_image(tmp_path):
    """`status` and `image` narrow the list; both together narrow it to what has both."""
    async with serving(tmp_path) as api:
        await api.requested("t1", image="alpha")
        await api.requested("t2", image="beta")
        await api.requested("t3", image="beta")
        await api.call("POST", "/api/executions/t3/cancel")
        filters = {"image=beta": {"t2", "t3"}, "status=PENDING": {"t1", "t2"}, "image=beta&status=CANCELLED": {"t3"}}
        for query, expected in filters.items():
            page = (await api.call("GET", f"/api/executions?{query}")).json()
            assert {execution["taskId"] for execution in page["executions"]} == expected


async def test_cancel_of_a_queued_execution_ends_it(tmp_path):
    """A queued execution is CANCELLED and announced at once; cancelling it again is a conflict."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call("POST", "/api/executions/t1/cancel")
        assert (answer.status_code, answer.json()["status"]) == (202, "CANCELLED")
        assert orjson.loads(api.bus.published[-1][1].payload)["status"] == "CANCELLED"
        again = await api.call("POST", "/api/executions/t1/cancel")
        assert (again.status_code, again.json()["code"]) == (409, "ALREADY_ENDED")


async def test_cancel_of_a_running_execution_asks_its_runner(tmp_path):
    """A running execution is flagged and its runner signalled; also without Redis, and asking twice does no harm."""
    async with serving(tmp_path) as api:
        await api.requested()
        claimed = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        assert claimed is not None
        answer = await api.call("POST", "/api/executions/t1/cancel")
        assert (answer.json()["status"], answer.json()["cancelRequested"]) == ("RUNNING", True)
        signal = api.bus.sent_signals[-1]
        assert (signal.kind, signal.organization_id, signal.task_id) == (SignalKind.CANCEL, "org_a", "t1")
        api.bus.down = True
        assert (await api.call("POST", "/api/executions/t1/cancel")).status_code == 202
        assert await api.store.renew("org_a", "t1", claimed.fence, lease_ms=60_000) is True


async def test_who_looks_while_an_image_is_pulled_is_told(tmp_path):
    """In the list and in detail, for who opens the page meanwhile; the next state has no phase."""
    async with serving(tmp_path) as api:
        await api.requested("t1")
        claimed = await api.store.claim("org_a", runner_id="r", lease_ms=60_000, limit=1)
        shown = [(await api.call("GET", "/api/executions/t1")).json()]
        await api.store.note_phase("org_a", "t1", claimed.fence, Phase.PULLING)
        shown += (await api.call("GET", "/api/executions")).json()["executions"]
        shown.append((await api.call("GET", "/api/executions/t1")).json())
        await api.store.transition("org_a", "t1", claimed.fence, Status.ANALYZING)
        shown.append((await api.call("GET", "/api/executions/t1")).json())
    assert [(state.get("phase"), state["rev"]) for state in shown] == [
        (None, 2),
        ("pulling", 3),
        ("pulling", 3),
        (None, 4),
    ]


async def test_rerun_is_a_new_execution_of_the_same_request(tmp_path):
    """Running again makes a new id with the same request, secrets included, and announces it."""
    async with serving(tmp_path) as api:
        await api.requested(config=CONFIG, command="true")
        answer = await api.call("POST", "/api/executions/t1/rerun")
        new = await api.store.execution("org_a", answer.json()["taskId"])
        old = await api.store.execution("org_a", "t1")
        assert new is not None
        assert old is not None
        assert (answer.status_code, new.status) == (202, Status.PENDING)
        assert new.task_id != "t1"
        assert opened(new) == opened(old)
        assert new.request["config"]["secrets"] != old.request["config"]["secrets"]
        assert "s3cret-3" not in f"{new}{old}"
        assert api.bus.published[-1][1].task_id == new.task_id


async def test_what_a_worker_reported_cannot_be_run_again(tmp_path):
    """An external execution has no request: running it again is a conflict, and its detail shows an empty one."""
    async with serving(tmp_path) as api:
        await api.store.record_external("org_a", "t1", Status.PASSED)
        answer = await api.call("POST", "/api/executions/t1/rerun")
        assert (answer.status_code, answer.json()["code"]) == (409, "NOTHING_TO_RERUN")
        assert (await api.call("GET", "/api/executions/t1")).json()["request"] == {}


async def test_delete_takes_ended_executions_only(tmp_path):
    """A live execution is a 409; an ended one goes with its output, and its id is free again."""
    async with serving(tmp_path) as api:
        await api.requested()
        answer = await api.call("DELETE", "/api/executions/t1")
        assert (answer.status_code, answer.json()["code"]) == (409, "STILL_LIVE")
        await api.store.append_external_log("org_a", "t1", "hello", 1)
        await api.call("POST", "/api/executions/t1/cancel")
        answer = await api.call("DELETE", "/api/executions/t1")
        assert (answer.status_code, answer.content) == (204, b"")
        assert (await api.call("GET", "/api/executions/t1")).status_code == 404
        assert await api.store.read_logs("org_a", "t1", attempt=0) == []
        assert (await api.requested(image="other"))["image"] == "other"


@pytest.mark.parametrize(
    "query",
    [
        *("limit=0", "limit=201", "limit=-1", "limit=two", "limit=99999999999999999999", "limit=%C2%B2"),
        *("status=DONE", "status=pending", "status="),
        *("cursor=%25%25", "cursor=abc", "cursor=MTox", "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5OmE", "cursor=LTE6YQ"),
        *("cursor=MTouLi94", "cursor=%C3%A9"),
    ],
)
async def test_a_bad_query_of_a_list_is_refused(tmp_path, query):
    """Bounds, states and cursors that cannot be are a 400; only a cursor of ours passes."""
    async with serving(tmp_path) as api:
        answer = await api.call("GET", f"/api/executions?{query}")
    if query == "cursor=MTox":  # "1:1" is well-formed: it stands before everything
        assert answer.json()["executions"] == []
        return
    assert (answer.status_code, answer.json()["code"]) in {(400, "INVALID_QUERY"), (400, "INVALID_CURSOR")}


async def test_a_variable_may_be_flagged_secret(tmp_path):
    """As exactly `{"value", "secret"}`, in `envVars` and `environment`; it is stored so and never shown."""
    flagged = {"value": "s3cret-9", "secret": True}
    async with serving(tmp_path) as api:
        await api.requested(config={"envVars": {"A": flagged}, "environment": {"B": flagged}})
        stored = await api.store.execution("org_a", "t1")
        detail = await api.call("GET", "/api/executions/t1")
        refused = [
            await api.call("POST", "/api/execution-request", json={"image": "busybox", "config": config})
            for config in (
                {"envVars": {"A": {**flagged, "more": 1}}},
                {"envVars": {"A": {"value": "s3cret-9"}}},
                {"envVars": {"A": {"value": {"a": "s3cret-9"}, "secret": True}}},
                {"envVars": {"A": {**flagged, "secret": "yes"}}},
                {"secrets": {"A": flagged}},
                *({place: {"A": {"sealed": "v1.s3cret"}}} for place in ("secrets", "envVars", "environment")),
                *({place: {"A": {"sealed": "v1.s3cret", "secret": True}}} for place in ("envVars", "environment")),
                {"secrets": {"A": "x" * 65_537}},
                {"secrets": {"A": "x" * 65_530}, "envVars": {"A": flagged}},
            )
        ]
    assert stored is not None
    assert opened(stored)["config"] == {"envVars": {"A": flagged}, "environment": {"B": flagged}}
    assert "s3cret" not in str(stored)
    assert detail.json()["request"]["config"] == {"envVars": {"A": "***"}, "environment": {"B": "***"}}
    assert all(answer.status_code in {400, 422} and "s3cret" not in answer.text for answer in refused)
