"""What each organization may have of the api at once where output or statistics are read: so that clients which do not
read cost a bounded amount of memory, and keep nobody but their own organization waiting."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio

from runcast_core.model.errors import RuncastError

ANSWERS = 24
"""How many answers of output are under way at once: one is until its client's connection has little left to write."""
READS = 2
"""For how many of these something is read and made at once: that takes several times the memory of what is written."""
WAIT_S = 5.0
"""How long a call beyond `ANSWERS` waits."""


class TooManyDownloads(RuncastError):
    """The organization's clients are being answered as much as they may at once."""

    code = "TOO_MANY_DOWNLOADS"

    def __init__(self) -> None:
        super().__init__(
            f"your organization reads output or statistics {ANSWERS} times at once: end some, or try again soon"
        )


class OutputShare:
    """One organization's."""

    def __init__(self) -> None:
        self.answers = anyio.Semaphore(ANSWERS)
        self.reads = anyio.Semaphore(READS)
        self.users = 0


class OutputShares:
    """Those of the organizations that are being answered, or wait to be."""

    def __init__(self) -> None:
        self._shares: dict[str, OutputShare] = {}

    def __len__(self) -> int:
        return len(self._shares)

    @asynccontextmanager
    async def taken(self, organization_id: str) -> AsyncIterator[OutputShare]:
        """Wait until one of the organization's answers may begin; it ends with the context. Raises
        `TooManyDownloads`."""
        share = self._shares.setdefault(organization_id, OutputShare())
        share.users += 1
        try:
            with anyio.move_on_after(WAIT_S) as waiting:
                await share.answers.acquire()
            if waiting.cancelled_caught:
                raise TooManyDownloads
            try:
                yield share
            finally:
                share.answers.release()
        finally:
            share.users -= 1
            if not share.users:
                del self._shares[organization_id]
