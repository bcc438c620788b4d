"""Charts: how many executions waited and ran in the last hour, and how those of an image ended."""

import msgspec

from runcast_core.model.executions import Status
from runcast_core.model.wire.shape import Shape


class ActivityBucket(Shape, frozen=True):
    """The highest number of executions that waited, and that ran, within one step from `at` on."""

    at: str
    waiting: int
    running: int


class ActivityHistory(Shape, frozen=True):
    """Steps without gaps, oldest first; the last one is not over yet."""

    begin: str = msgspec.field(name="from")
    until: str
    step_ms: int
    buckets: tuple[ActivityBucket, ...]


class StatusCounts(Shape, frozen=True, rename=None):
    """How many executions ended with each status."""

    PASSED: int
    FAILED: int
    UNSTABLE: int
    ERROR: int
    TIMED_OUT: int
    CANCELLED: int


class Outcome(Shape, frozen=True, kw_only=True):
    """How executions ended. `passRate` is that of `PASSED` among all but `CANCELLED`, from 0 to 1. Of those that
    started, half took no longer than `p50Ms`, and 95 % no longer than `p95Ms`. Each is left out where there is none."""

    executions: int
    counts: StatusCounts
    pass_rate: float | None = None
    p50_ms: int | None = None
    p95_ms: int | None = None


class ImageEnd(Shape, frozen=True):
    """One execution that ended."""

    task_id: str
    status: Status
    ended_at: str


class ImageOutcome(Outcome, frozen=True, kw_only=True):
    """How an image's executions ended, and the last of them, newest first."""

    image: str
    last: tuple[ImageEnd, ...]
    last_ended_at: str


class ImageList(Shape, frozen=True, kw_only=True):
    """The images of which executions ended in the period, the last end first; `more` tells that there are others. What
    ended since `completeFrom` is all counted: where `complete` is false, what ended before was not looked at."""

    begin: str = msgspec.field(name="from")
    until: str
    complete: bool
    complete_from: str
    images: tuple[ImageOutcome, ...]
    more: bool


class DayOutcome(Outcome, frozen=True, kw_only=True):
    """How the executions of a day ended, `day` being its date."""

    day: str


class Point(Shape, frozen=True):
    """One execution that started and ended."""

    task_id: str
    started_at: str
    duration_ms: int
    status: Status


class PeriodOutcome(Outcome, frozen=True, kw_only=True):
    """How the executions of a period ended: all of them, or, where `complete` is false, the last ones."""

    complete: bool


class ImageHistory(Shape, frozen=True, kw_only=True):
    """How an image's executions ended, day by day, oldest first; `points` are the newest that started, newest first;
    `before` is the period of the same length before this one. What ended since `completeFrom` is all counted: where
    `complete` is false, what ended before was not looked at, and days before are left out."""

    image: str
    begin: str = msgspec.field(name="from")
    until: str
    complete: bool
    complete_from: str
    days: tuple[DayOutcome, ...]
    points: tuple[Point, ...]
    totals: PeriodOutcome
    before: PeriodOutcome
