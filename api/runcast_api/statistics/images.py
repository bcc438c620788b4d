"""How the executions of images ended, over HTTP: all images, or one day by day."""

from collections.abc import Iterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response

from runcast_api.accounts.authentication import authenticate
from runcast_api.executions.listing import MAX_IMAGE
from runcast_api.executions.output_shares import OutputShare, OutputShares
from runcast_api.http.answer import Answer
from runcast_api.statistics.outcomes import grouped, outcome
from runcast_api.statistics.period import DAY_MS, Period, date_of, day_offset_ms, period
from runcast_core.access.tokens import Claims
from runcast_core.model.clock import iso
from runcast_core.model.errors import InvalidInput
from runcast_core.model.statistics import Ended
from runcast_core.model.wire.statistics import (
    DayOutcome,
    ImageEnd,
    ImageHistory,
    ImageList,
    ImageOutcome,
    PeriodOutcome,
    Point,
)

LOOKED_AT = 50_000
"""How many of the last ends of a period are looked at: some megabytes, and a fraction of a second."""
MAX_IMAGES = 200
MAX_LAST = 20
MAX_POINTS = 1000


class Looked(NamedTuple):
    """The last ends of a period."""

    period: Period
    ends: Sequence[Ended]
    complete: bool

    @property
    def complete_from(self) -> int:
        """Since when everything that ended is there; of the millisecond of the first of them some may not be."""
        return self.period.since if self.complete else self.ends[-1].ended_at + 1


async def images(request: Request) -> Response:
    claims = await authenticate(request)
    asked = period(request)
    async with _share(request, claims) as share, share.reads:
        looked = await _look(request, claims.organization_id, asked)
        return Answer(await anyio.to_thread.run_sync(_image_list, looked))


async def image_history(request: Request) -> Response:
    claims = await authenticate(request)
    image, asked, offset_ms = _image(request), period(request), day_offset_ms(request)
    async with _share(request, claims) as share, share.reads:
        looked = await _look(request, claims.organization_id, asked, image)
        before = await _look(request, claims.organization_id, asked.before, image)
        return Answer(await anyio.to_thread.run_sync(_history, image, looked, before, offset_ms))


def _share(request: Request, claims: Claims) -> AbstractAsyncContextManager[OutputShare]:
    shares: OutputShares = request.app.state.output_shares
    return shares.taken(claims.organization_id)


def _image(request: Request) -> str:
    image = request.query_params.get("image", "")
    if not 0 < len(image) <= MAX_IMAGE:
        text = f"image must be the name of an image, percent-encoded, of 1 to {MAX_IMAGE} characters"
        raise InvalidInput(text, code="INVALID_QUERY")
    return image


async def _look(request: Request, organization_id: str, asked: Period, image: str | None = None) -> Looked:
    found: list[Ended] = await request.app.state.store.ended(
        organization_id, since=asked.since, until=asked.until, image=image, limit=LOOKED_AT + 1
    )
    return Looked(asked, found[:LOOKED_AT], len(found) <= LOOKED_AT)


def _image_list(looked: Looked) -> ImageList:
    found = grouped((end.image, end) for end in looked.ends if end.image is not None)
    return ImageList(
        begin=iso(looked.period.since),
        until=iso(looked.period.until),
        complete=looked.complete,
        complete_from=iso(looked.complete_from),
        images=tuple(_image_outcome(image, ends) for image, ends in list(found.items())[:MAX_IMAGES]),
        more=len(found) > MAX_IMAGES,
    )


def _image_outcome(image: str, ends: Sequence[Ended]) -> ImageOutcome:
    last = tuple(ImageEnd(end.task_id, end.status, iso(end.ended_at)) for end in ends[:MAX_LAST])
    return ImageOutcome(image=image, last=last, last_ended_at=last[0].ended_at, **outcome(ends))


def _history(image: str, looked: Looked, before: Looked, offset_ms: int) -> ImageHistory:
    return ImageHistory(
        image=image,
        begin=iso(looked.period.since),
        until=iso(looked.period.until),
        complete=looked.complete,
        complete_from=iso(looked.complete_from),
        days=tuple(_days(looked, offset_ms)),
        points=tuple(_points(looked.ends)),
        totals=PeriodOutcome(complete=looked.complete, **outcome(looked.ends)),
        before=PeriodOutcome(complete=before.complete, **outcome(before.ends)),
    )


def _days(looked: Looked, offset_ms: int) -> Iterator[DayOutcome]:
    """Yield the days since when everything is known, also those on which nothing ended."""
    found = grouped(((end.ended_at + offset_ms) // DAY_MS, end) for end in looked.ends)
    first, last = ((ms + offset_ms) // DAY_MS for ms in (looked.complete_from, looked.period.until - 1))
    for day in range(first, last + 1):
        yield DayOutcome(day=date_of(day), **outcome(found.get(day, [])))


def _points(ends: Sequence[Ended]) -> Iterator[Point]:
    left = MAX_POINTS
    for end in ends:
        if left and end.started_at is not None and end.duration_ms is not None:
            yield Point(end.task_id, iso(end.started_at), end.duration_ms, end.status)
            left -= 1
