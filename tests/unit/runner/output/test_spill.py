"""Output on disk: its order and bound, what a restart finds, and a disk that does not take it."""

import os
from dataclasses import replace
from pathlib import Path

import anyio
import pytest
from structlog.testing import capture_logs

from runcast_core.model.errors import SettingError, StoreUnavailable
from runcast_core.model.executions import LogChunk
from runcast_runner.output import spill as spill_module
from runcast_runner.output.spill import Spill, Spilled
from runcast_runner.output.spill_folder import opened_spill
from runcast_runner.settings import RunnerSettings

TEXT = "grüße\n" * 20


def _chunk(seq: int, text: str = TEXT) -> Spilled:
    return Spilled(1_700_000_000_000, LogChunk("org", "task", 1, seq, text, 1_700_000_000_001, ((0, 2), (5, 1)), seq))


async def _taken(spill: Spill) -> list[Spilled]:
    """Take all of it, as the log writer does."""
    taken = []
    while not spill.empty:
        taken += await spill.oldest()
        await spill.drop()
    return taken


@pytest.fixture
def small_segments(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spill_module, "SEGMENT_BYTES", 1000)


@pytest.mark.usefixtures("small_segments")
async def test_what_went_in_first_comes_out_first(tmp_path):
    """Whole, over many segments, each removed when it was taken."""
    spill = Spill(tmp_path, 1_000_000)
    chunks = [_chunk(seq) for seq in range(1, 51)]
    for first in range(0, 50, 5):
        assert await spill.add(chunks[first : first + 5])
    segments = sorted(tmp_path.iterdir())
    assert len(segments) == 10
    assert spill.size == sum(path.stat().st_size for path in segments)
    assert {path.stat().st_mode & 0o777 for path in segments} == {0o600}
    assert await spill.oldest() == chunks[:5]
    await spill.drop()
    assert sorted(tmp_path.iterdir()) == segments[1:]
    assert await _taken(spill) == chunks[5:]
    assert (spill.empty, spill.size, list(tmp_path.iterdir())) == (True, 0, [])


async def test_what_is_read_is_not_added_to(tmp_path):
    """What comes while the oldest segment is being stored goes behind it, also where that is the only one."""
    spill = Spill(tmp_path, 1_000_000)
    await spill.add([_chunk(1)])
    await spill.add([_chunk(2)])
    assert await spill.oldest() == [_chunk(1), _chunk(2)]
    await spill.add([_chunk(3)])
    assert await spill.oldest() == [_chunk(1), _chunk(2)]
    await spill.drop()
    assert await _taken(spill) == [_chunk(3)]


@pytest.mark.usefixtures("small_segments")
async def test_a_full_spill_takes_nothing_more(tmp_path):
    """All of a batch or none of it; said once; and room that is made is used."""
    spill = Spill(tmp_path, 5000)
    seq = 0
    with capture_logs() as logs:
        while seq < 100 and await spill.add([_chunk(seq + 1), _chunk(seq + 2)]):
            seq += 2
        full = spill.size
        assert not await spill.add([_chunk(0)] * 10)
        assert spill.size == full <= 5000
        taken = await spill.oldest()
        await spill.drop()
        assert await spill.add([_chunk(seq + 1), _chunk(seq + 2)])
    taken += await _taken(spill)
    assert [one.chunk.seq for one in taken] == list(range(1, seq + 3))
    assert [line["event"] for line in logs] == ["Output held back, there is no room for it on disk"]


async def test_whoever_waits_hears_of_room_and_of_output(tmp_path):
    """`moved` returns when something was added or dropped."""
    spill = Spill(tmp_path, 1_000_000)
    for move in (lambda: spill.add([_chunk(1)]), spill.drop):
        with anyio.fail_after(5):
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(spill.moved)
                await anyio.wait_all_tasks_blocked()
                await move()


@pytest.mark.usefixtures("small_segments")
async def test_a_restart_finds_what_was_left(tmp_path):
    """In order, and what is added then goes behind it."""
    await Spill(tmp_path, 1_000_000).add([_chunk(1)])
    before = Spill(tmp_path, 1_000_000)
    for seq in range(2, 12):
        await before.add([_chunk(seq)])
    after = Spill(tmp_path, 1_000_000)
    assert after.size == before.size
    await after.add([_chunk(12)])
    assert await _taken(after) == [_chunk(seq) for seq in range(1, 13)]


@pytest.mark.parametrize("cut", range(1, 200, 7))
async def test_a_line_that_was_not_finished_is_ignored(tmp_path, cut):
    """As a killed process leaves it; those before it count, and nothing is put behind it."""
    await Spill(tmp_path, 1_000_000).add([_chunk(1), _chunk(2)])
    [segment] = tmp_path.iterdir()
    os.truncate(segment, segment.stat().st_size - cut)
    spill = Spill(tmp_path, 1_000_000)
    await spill.add([_chunk(3)])
    assert await _taken(spill) == [_chunk(1), _chunk(3)]


@pytest.mark.parametrize("damage", [b"\0\0\0\n", b"{}\n", b'{"created_at":1,"chunk":{"stderr":[],"seq":1}}\n', b"7\n"])
async def test_a_damaged_line_is_told_and_left_out(tmp_path, damage):
    """Such as after a loss of power."""
    await Spill(tmp_path, 1_000_000).add([_chunk(1)])
    [segment] = tmp_path.iterdir()
    segment.write_bytes(damage + segment.read_bytes())
    with capture_logs() as logs:
        assert await _taken(Spill(tmp_path, 1_000_000)) == [_chunk(1)]
    assert [line["event"] for line in logs] == ["Output on disk is damaged, a chunk of it is lost"]


async def test_what_an_earlier_version_left_is_taken(tmp_path):
    """It did not number lines."""
    await Spill(tmp_path, 1_000_000).add([_chunk(1)])
    [segment] = tmp_path.iterdir()
    segment.write_bytes(segment.read_bytes().replace(b',"first_line":1', b""))
    [taken] = await _taken(Spill(tmp_path, 1_000_000))
    assert taken == replace(_chunk(1), chunk=replace(_chunk(1).chunk, first_line=None))


async def test_a_disk_that_takes_only_a_part_takes_nothing(tmp_path, monkeypatch):
    """What came before stays whole; said once; later chunks are in a segment of their own."""
    spill = Spill(tmp_path, 1_000_000)
    await spill.add([_chunk(1)])
    real = os.fdopen

    def full(*arguments):
        class Full:
            def __enter__(self):
                self.file = real(*arguments).__enter__()
                return self

            def __exit__(self, *_):
                self.file.close()

            def write(self, data):
                self.file.write(data[: len(data) * 3 // 4])
                raise OSError(28, "No space left on device")

        return Full()

    with capture_logs() as logs:
        monkeypatch.setattr(os, "fdopen", full)
        for _ in range(2):
            assert not await spill.add([_chunk(2), _chunk(3)])
        monkeypatch.setattr(os, "fdopen", real)
    assert [(line["event"], line["reason"]) for line in logs] == [
        ("Output held back, the disk does not take it", "No space left on device")
    ]
    assert await spill.add([_chunk(2), _chunk(3)])
    assert await _taken(spill) == [_chunk(1), _chunk(2), _chunk(3)]
    assert list(tmp_path.iterdir()) == []


async def test_a_segment_that_cannot_be_read_is_not_passed_over(tmp_path):
    """What is behind it waits, as it would for the store."""
    spill = Spill(tmp_path, 1_000_000)
    await spill.add([_chunk(1)])
    [segment] = tmp_path.iterdir()
    aside = segment.rename(tmp_path / "aside")
    for _ in range(2):
        with pytest.raises(StoreUnavailable, match="cannot be read"):
            await spill.oldest()
    aside.rename(segment)
    assert await _taken(spill) == [_chunk(1)]


async def test_without_room_nothing_is_touched(tmp_path):
    """`RUNCAST_SPILL_MB=0`: no folder, no chunk, no complaint."""
    with capture_logs() as logs, opened_spill(tmp_path / "none", 0) as spill:
        assert not await spill.add([_chunk(1)])
        assert spill.empty
    assert logs == []
    assert list(tmp_path.iterdir()) == []


def test_the_folder_is_made_private_and_used_by_one_alone(tmp_path):
    """And free again afterwards."""
    folder = tmp_path / "a" / "b"
    with opened_spill(folder, 1):
        assert folder.stat().st_mode & 0o777 == 0o700
        with pytest.raises(SettingError, match="in use by another runner"), opened_spill(folder, 1):
            pass
    with opened_spill(folder, 1):
        pass


def test_a_folder_that_is_none_stops_the_start(tmp_path):
    """Nor is a link followed: whoever else may write to the parent could point it anywhere."""
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to(tmp_path)
    for folder in (Path("/proc/none"), tmp_path / "file", tmp_path / "link"):
        with pytest.raises(SettingError, match=f"RUNCAST_SPILL_DIR: {folder} cannot be used"), opened_spill(folder, 1):
            pass


def test_a_strangers_folder_stops_the_start(tmp_path, monkeypatch):
    """What is there would be stored as output."""
    uid = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: uid + 1)
    with pytest.raises(SettingError, match="belongs to another user; set another folder"), opened_spill(tmp_path, 1):
        pass


def test_each_runner_has_a_folder_of_its_own():
    """The same one after a restart; below `RUNCAST_SPILL_DIR`, which many may share."""
    first, again, second = (RunnerSettings.from_mapping({"RUNCAST_RUNNER_ID": name}) for name in ("a/..", "a/..", "b"))
    assert first.spill_folder == again.spill_folder != second.spill_folder
    assert first.spill_folder.startswith("/var/tmp/runcast-spill-")
    assert "/" not in first.spill_folder.removeprefix("/var/tmp/")
    assert RunnerSettings.from_mapping({"RUNCAST_SPILL_DIR": "/x"}).spill_folder.startswith("/x/runcast-spill-")


@pytest.mark.parametrize(("name", "value"), [("RUNCAST_SPILL_DIR", "relative"), ("RUNCAST_SPILL_MB", "-1")])
def test_a_wrong_setting_is_named(name, value):
    """The error says which variable."""
    with pytest.raises(SettingError, match=name):
        RunnerSettings.from_mapping({name: value})
