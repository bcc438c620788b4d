"""The part of the store's interface that tells of many executions together, for charts.

See `store.py` for what holds of every verb.
"""

from typing import Protocol

from runcast_core.model.statistics import Activity, Ended


class StatisticsStore(Protocol):
    """Activity and ends. Deleting an organization removes what is kept of its activity."""

    async def activity(self, organization_id: str) -> Activity:
        """Return the last hour by minutes. Every change of a state is noted as it is made, in a bucket of its minute;
        buckets older than the hour are removed as new ones are made, so that there are no more than about sixty.

        SQLite notes it in the transaction of the change. MongoDB has none: a process that dies between the two, or a
        change that is made just while somebody counts, leaves the load wrong by one until the next minute in which
        something changes, or until this verb is called: both count what there is. The buckets until then stay wrong."""
        ...

    async def ended(
        self, organization_id: str, *, since: int, until: int, image: str | None = None, limit: int
    ) -> list[Ended]:
        """Return up to `limit` executions, of this image or of all, that ended from `since` until before `until` (UTC
        milliseconds), the last end first. They come from an index that covers them: no execution is read."""
        ...
