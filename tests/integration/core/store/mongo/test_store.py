"""What is MongoDB's own: indexes, URLs, servers that do not answer, and duplicate keys."""

import asyncio
import gc
import traceback
from collections.abc import AsyncIterator, Iterator
from typing import Any

import anyio
import pymongo
import pytest
from pymongo.asynchronous.collection import AsyncCollection
from pymongo.errors import AutoReconnect, BulkWriteError, DuplicateKeyError
from pymongo.uri_parser import parse_uri

from runcast_core.bus.revocations import REMOVED
from runcast_core.model.accounts import Organization, Role, User
from runcast_core.model.errors import Conflict, RuncastError, SettingError, StoreUnavailable
from runcast_core.model.executions import LogChunk, Status
from runcast_core.model.identifiers import EVERYBODY, new_id
from runcast_core.store.mongo import logs as mongo_logs
from runcast_core.store.mongo.store import MongoStore, open_mongo_store
from tests.parts.mongodb import database_url
from tests.parts.part import Part
from tests.parts.stores import requested


class Relay:
    """A server in front of the real one that can stop answering while its connections stay open."""

    def __init__(self, host: str, port: int) -> None:
        self._behind = (host, port)
        self._answering = asyncio.Event()
        self._answering.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        behind_reader, behind_writer = await asyncio.open_connection(*self._behind)
        await asyncio.gather(self._copy(reader, behind_writer), self._copy(behind_reader, writer))

    async def _copy(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                await self._answering.wait()
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()

    def hang(self) -> None:
        self._answering.clear()

    def resume(self) -> None:
        self._answering.set()


abandons_sockets = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""PyMongo leaves a socket to the garbage collector if it is closed while it connects; `collected` keeps that here."""


@pytest.fixture
def collected() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def url(mongodb_part: Part) -> str:
    return database_url(mongodb_part.url, f"rc_{new_id()}")


@pytest.fixture
async def store(url: str) -> AsyncIterator[MongoStore]:
    async with open_mongo_store(url) as opened:
        yield opened


def _failing(error: Exception):
    async def fail(*_args, **_options):
        raise error

    return fail


def _account(organization_id: str, user_id: str, email: str) -> tuple[Organization, User]:
    user = User(user_id, organization_id, email, "U", Role.ADMIN, "hash", 1)
    return Organization(organization_id, "Acme", 1), user


async def test_indexes_are_created_at_the_start_and_once(url: str):
    """Only what must be unique is; opening again, also twice at once, changes nothing."""
    for _ in range(2):
        async with open_mongo_store(url), open_mongo_store(url):
            pass
    with pymongo.MongoClient(url) as client:
        database = client.get_default_database()
        found = {
            name: database[name].index_information() for name in ("executions", "logChunks", "users", "revocations")
        }
    assert {name: set(indexes) - {"_id_"} for name, indexes in found.items()} == {
        "executions": {"slot", "newest", "newestOfStatus", "queued", "runner", "unannounced", "ended", "endedOfImage"},
        "logChunks": {"counts", "lines"},
        "users": {"email", "members"},
        "revocations": {"unannounced", "noted", "subjects"},
    }
    unique = {index for indexes in found.values() for index, details in indexes.items() if details.get("unique")}
    assert unique - {"_id_"} == {"slot", "email"}


async def test_a_database_of_the_first_version_is_given_what_came_later(url: str):
    """What waits in it, or may again, has the priority and pool that it would have had; its index of the queue goes."""
    with pymongo.MongoClient(url) as client:
        executions = client.get_default_database().executions
        async with open_mongo_store(url) as store:
            for number, (task_id, priority) in enumerate([("low", -1), ("first", 0), ("held", 0), ("high", 1)]):
                await store.create_execution(requested("a", task_id, created_at=number, priority=priority))
        later = ("priority", "pool", "fingerprint", "attempts", "command", "maxAttempts", "requestedByName", "phase")
        absent = dict.fromkeys(later, "")
        executions.update_many({"taskId": {"$in": ["first", "held"]}}, {"$unset": absent})
        executions.create_index("status", name="queue")
        async with open_mongo_store(url) as store:
            held = [await store.claim("a", runner_id="r", lease_ms=60_000, limit=4) for _ in range(3)]
            assert [execution and execution.task_id for execution in held] == ["high", "first", "held"]
            assert held[1] is not None
            executions.update_one({"taskId": "first"}, {"$unset": absent})
        async with open_mongo_store(url) as store:
            queued = await store.requeue("a", "first", held[1].fence, Status.FAILED)
            assert (queued.priority, queued.pool, len(queued.attempts)) == (0, "default", 1)
            assert await store.queue_positions("a", ["low"]) == {"low": 2}
        assert "queue" not in executions.index_information()


async def test_output_of_an_earlier_version_has_no_line_numbers(url: str):
    """Its documents lack them, and the index of its version goes; what workers write behind it is not numbered."""
    with pymongo.MongoClient(url) as client:
        chunks = client.get_default_database().logChunks
        chunks.create_index("seq", name="order")
        async with open_mongo_store(url) as store:
            await store.record_external("a", "t", None)
            for _ in range(2):
                await store.append_external_log("a", "t", "one\ntwo", 1)
            chunks.update_many({}, {"$unset": {"firstLine": "", "lines": ""}})
            assert (await store.append_external_log("a", "t", "x", 1)).first_line is None
            found = await store.read_logs("a", "t", attempt=0)
            assert [(chunk.text, chunk.first_line) for chunk in found] == [("one\ntwo", None)] * 2 + [("x", None)]
            assert await store.line_counts("a", "t", attempt=0) == [None, None, 1]
            assert await store.chunk_of_line("a", "t", attempt=0, line=1) is None
        assert "order" not in chunks.index_information()


async def test_counts_are_read_from_an_index(url: str):
    """As far as a server tells: nothing is asked for that is not in it, and it is the one for that order."""
    async with open_mongo_store(url) as store:
        indexed = [name for name, _ in (await store._log_chunks.index_information())["counts"]["key"]]
        by_line = [name for name, _ in (await store._log_chunks.index_information())["lines"]["key"]]
    assert by_line == ["organizationId", "taskId", "attempt", "firstLine", "seq", "lines"]
    assert indexed == ["organizationId", "taskId", "attempt", "seq", "lines", "firstLine"]
    assert set(mongo_logs._PLACE) - {"_id"} <= set(indexed)
    assert mongo_logs._PLACE["_id"] == 0


async def test_a_document_without_a_pool_is_claimed_of_the_default_one(url: str):
    """An api of the first version may go on writing them."""
    async with open_mongo_store(url) as store:
        await store.create_execution(requested("a", "t"))
        await store._executions.update_one({}, {"$unset": {"pool": "", "priority": ""}})
        assert await store.backlogs(["gpu"]) == []
        assert [backlog.organization_id for backlog in await store.backlogs()] == ["a"]
        assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=1, pools=["gpu"]) is None
        assert await store.queue_positions("a", ["t"]) == {"t": 1}
        assert await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)


async def test_places_are_asked_for_by_keys_and_counted_no_further_than_told(url: str, monkeypatch: pytest.MonkeyPatch):
    """Any other index would be gone through along all that waits, to find the few that are asked for."""
    asked: list[Any] = []
    async with open_mongo_store(url) as store:
        for number in range(3):
            await store.create_execution(requested("a", f"t{number}", created_at=number))
        find, aggregate = store._executions.find, store._executions.aggregate
        monkeypatch.setattr(store._executions, "find", lambda query, *rest: asked.append(query) or find(query, *rest))
        monkeypatch.setattr(store._executions, "aggregate", lambda stages: asked.append(stages) or aggregate(stages))
        assert await store.queue_positions("a", ["t1", "t2"], counted=2) == {"t1": 2}
        documents = [document async for document in find({"_id": asked[0]["_id"]})]
    assert sorted(document["taskId"] for document in documents) == ["t1", "t2"]
    assert [stage for stage in asked[1] if "$limit" in stage] == [{"$limit": 2}]


async def test_an_organization_of_an_earlier_version_has_the_installations_limits(url: str):
    """Its document lacks what came later."""
    organization = Organization("a", "A", 1, 3, retention_days=5, timeout_limit_s=60)
    async with open_mongo_store(url) as store:
        await store.create_account(organization, User("u", "a", "a@example.com", "U", Role.ADMIN, "hash", 1))
        await store._organizations.update_one({}, {"$unset": {"retentionDays": "", "timeoutLimitS": ""}})
        assert await store.organization("a") == Organization("a", "A", 1, 3)


async def test_what_an_earlier_version_revoked_or_deleted_is_told(url: str, monkeypatch: pytest.MonkeyPatch):
    """Its revocations count as noted now; its deleted organizations are revoked, and those of today are left alone."""
    monkeypatch.setattr("runcast_core.store.mongo.revocations._ADOPTED_AT_ONCE", 2)
    async with open_mongo_store(url) as store:
        await store.revoke_sessions("a", "u", 1000)
        await store._revocations.update_one({}, {"$unset": {"notedAt": ""}})
        assert [(r.subject, r.noted_at) for r in await store.unannounced_revocations()] == [("u", 0)]
        for number in range(5):
            await store.delete_organization(f"d{number}")
        await store._revocations.delete_many({"_id": {"$in": ["d0/", "d2/", "d4/"]}})
        for revocation in await store.unannounced_revocations():
            await store.revocation_announced(revocation)
    for _ in range(2):
        async with open_mongo_store(url) as store:
            told = {revocation.organization_id for revocation in await store.unannounced_revocations()}
            assert told == {"d0", "d2", "d4"}
            recent = await store.recent_revocations(within_ms=3_600_000)
            assert {(r.organization_id, r.subject) for r in recent} == {("a", "u"), *((f"d{n}", "") for n in range(5))}
            assert (await store.standing("d0", (EVERYBODY,))).sessions_revoked_at == REMOVED


async def test_a_url_without_a_database_means_runcast(mongodb_part: Part):
    """The default name is the product's."""
    async with open_mongo_store(mongodb_part.url) as store:
        assert store._database.name == "runcast"


async def test_what_the_url_says_of_consistency_does_not_weaken_the_store(url: str):
    """Unacknowledged writes would make every request a new execution; reads from elsewhere could miss the first."""
    options = "w=0&readPreference=secondaryPreferred"
    async with open_mongo_store(f"{url}{'&' if '?' in url else '?'}{options}") as store:
        execution = requested("a", "t")
        assert await store.create_execution(execution) == (execution, True)
        assert await store.create_execution(execution) == (execution, False)


@pytest.mark.parametrize(
    "url",
    [
        "mongodb://user:se@cret@host/x",
        "mongodb://user:secret@host:99999/x",
        "mongodb://user:secret@host/a b",
        "mongodb://user:secret@host/?tls=true&tlsCAFile=/no/such/file",
        "mongodb://user:secret@[",
    ],
)
async def test_a_wrong_url_is_explained_without_its_password(url: str):
    """The text names the variable; it has no cause, whose text may repeat parts of the URL."""
    with pytest.raises(SettingError, match="MONGODB_URL") as caught:
        async with open_mongo_store(url):
            pass
    assert "cret" not in "".join(traceback.format_exception(caught.value))
    assert caught.value.__cause__ is None


@abandons_sockets
@pytest.mark.usefixtures("collected")
async def test_a_server_that_refuses_is_unavailable_and_the_password_not_told(url: str):
    """Wrong credentials: the server's name for it is told, and nothing of the URL."""
    password, host = f"p{new_id()}", url.partition("://")[2].rpartition("@")[2]
    with pytest.raises(StoreUnavailable, match="MongoDB refused: ") as caught:
        async with open_mongo_store(f"mongodb://nobody:{password}@{host}"):
            pass
    assert password not in "".join(traceback.format_exception(caught.value))


@abandons_sockets
@pytest.mark.usefixtures("collected")
async def test_no_server_is_unavailable_after_the_time_out(monkeypatch: pytest.MonkeyPatch):
    """Nothing listens there: a temporary error, before the 30 s are over for which PyMongo looks by itself."""
    monkeypatch.setattr("runcast_core.store.mongo.store.TIMEOUT_MS", 200)
    clients: list[pymongo.AsyncMongoClient] = []

    def kept(*arguments: Any, **options: Any) -> pymongo.AsyncMongoClient:
        clients.append(pymongo.AsyncMongoClient(*arguments, **options))
        return clients[-1]

    monkeypatch.setattr("runcast_core.store.mongo.store.AsyncMongoClient", kept)
    with anyio.fail_after(20), pytest.raises(StoreUnavailable, match="did not answer"):
        async with open_mongo_store("mongodb://user:secret@127.0.0.1:1/x"):
            pass
    [client] = clients
    assert (client.options.server_selection_timeout, client.options.timeout) == (0.2, 0.4)


async def test_numbers_are_pythons_own(url: str):
    """Whatever their size: PyMongo's own kind of 64-bit number is one that others refuse to write."""
    async with open_mongo_store(url) as store:
        await store.create_execution(requested("a", "t"))
        held = await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)
        assert held is not None
        await store.append_logs([LogChunk("a", "t", 1, 1, "line", 2**40)])
        ended = await store.transition("a", "t", held.fence, Status.FAILED, exit_code=1)
        [attempt], [chunk] = ended.attempts, await store.read_logs("a", "t", attempt=1)
    numbers = [ended.created_at, ended.started_at, ended.rev, attempt.started_at, attempt.ended_at, chunk.ts, chunk.seq]
    assert {type(number) for number in numbers} == {int}


@abandons_sockets
@pytest.mark.usefixtures("collected")
async def test_a_server_that_hangs_is_unavailable_until_it_answers_again(url: str, monkeypatch: pytest.MonkeyPatch):
    """Connections stay open and nothing comes back: the verb ends by its time-out, and later ones work."""
    monkeypatch.setattr("runcast_core.store.mongo.store.TIMEOUT_MS", 1000)
    host, port = parse_uri(url)["nodelist"][0]
    relay = Relay(host, port)
    server = await asyncio.start_server(relay.serve, "127.0.0.1", 0)
    relayed = url.replace(f"{host}:{port}", f"127.0.0.1:{server.sockets[0].getsockname()[1]}")
    async with open_mongo_store(f"{relayed}{'&' if '?' in url else '?'}directConnection=true") as store:
        relay.hang()
        with anyio.fail_after(10), pytest.raises(StoreUnavailable):
            await store.create_execution(requested("a", "t"))
        relay.resume()
        await store.ping()
        assert (await store.create_execution(requested("a", "u")))[1]
    server.close()


async def test_an_organization_or_user_id_that_is_taken_is_a_conflict_and_changes_nothing(store: MongoStore):
    """The index that was hit tells which; what was there stays, what came half is taken back."""
    await store.create_account(*_account("a", "u1", "1@example.com"))
    with pytest.raises(Conflict) as caught:
        await store.create_account(*_account("a", "u2", "2@example.com"))
    assert caught.value.code == "ORGANIZATION_EXISTS"
    assert await store.organization("a") is not None
    assert await store.user_by_email("2@example.com") is None
    with pytest.raises(Conflict) as caught:
        await store.create_account(*_account("b", "u1", "2@example.com"))
    assert caught.value.code == "USER_EXISTS"
    assert await store.organization("b") is None


async def test_an_empty_batch_of_output_is_nothing_to_do(store: MongoStore):
    """PyMongo refuses empty batches; the store does not."""
    await store.append_logs([])


@pytest.mark.parametrize(
    "details",
    [
        {"writeErrors": [], "writeConcernErrors": [{"code": 64, "errmsg": "waiting for replication timed out"}]},
        {"writeErrors": [{"code": 11000}], "writeConcernErrors": [{"code": 64}]},
        {"writeErrors": [{"code": 11000}, {"code": 14031}], "writeConcernErrors": []},
    ],
)
async def test_output_that_may_not_be_stored_is_not_acknowledged(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch, details: dict
):
    """Only duplicates count as stored: not what a majority did not confirm, nor what met another fault."""
    monkeypatch.setattr(AsyncCollection, "insert_many", _failing(BulkWriteError(details)))
    with pytest.raises(StoreUnavailable):
        await store.append_logs([LogChunk("a", "t", 1, 1, "x", 1)])


async def test_a_claim_is_kept_when_only_the_turn_could_not_be_noted(
    store: MongoStore, monkeypatch: pytest.MonkeyPatch
):
    """Fairness is a hint; an execution that was claimed must reach its runner."""
    await store.create_execution(requested("a", "t"))
    monkeypatch.setattr(AsyncCollection, "update_one", _failing(AutoReconnect()))
    claimed = await store.claim("a", runner_id="r", lease_ms=60_000, limit=1)
    assert claimed is not None
    assert claimed.status is Status.RUNNING


async def test_an_error_of_the_store_is_one_of_ours(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """No exception of PyMongo leaves the adapter, duplicate keys that nobody expected included."""
    monkeypatch.setattr(AsyncCollection, "update_one", _failing(DuplicateKeyError("x", 11000)))
    with pytest.raises(RuncastError):
        await store.delete_organization("a")
    with pytest.raises(RuncastError):
        await store.announced("a", "t", 1)


def test_the_url_of_another_database_keeps_options_and_credentials():
    """A database in the path would change where PyMongo authenticates, so that is spelled out."""
    assert database_url("mongodb://h:1,i:2", "x") == "mongodb://h:1,i:2/x"
    assert database_url("mongodb://u:p@h/?tls=true", "x") == "mongodb://u:p@h/x?tls=true&authSource=admin"
    assert database_url("mongodb://u:p@h/d", "x") == "mongodb://u:p@h/x?authSource=d"
    assert database_url("mongodb://u:p@h/d?authSource=e", "x") == "mongodb://u:p@h/x?authSource=e"


async def test_a_removal_that_broke_off_is_ended_by_a_second_one(store: MongoStore, monkeypatch: pytest.MonkeyPatch):
    """The tokens are worthless before the record goes; until it is gone, the user does not count as an admin."""
    organization = Organization("a", "Acme", 0)
    admins = [User(n, "a", f"{n}@example.com", n, Role.ADMIN, "hash", 0) for n in ("x", "y")]
    await store.create_account(organization, admins[0])
    await store.create_user(admins[1])
    with monkeypatch.context() as patch:
        patch.setattr(store._users, "delete_one", _failing(AutoReconnect("no answer")))
        with pytest.raises(StoreUnavailable):
            await store.remove_user("a", "x")
    assert (await store.standing("a", ("x",))).sessions_revoked_at == REMOVED
    with pytest.raises(Conflict):
        await store.remove_user("a", "y")
    await store.remove_user("a", "x")
    assert await store.users("a") == admins[1:]
