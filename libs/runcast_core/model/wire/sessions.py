"""Sessions of pages, as answers show them: nothing of their cookies."""

from typing import Self

from runcast_core.model.clock import iso
from runcast_core.model.credentials import PageSession
from runcast_core.model.wire.shape import Shape


class PageSessionAnswer(Shape, frozen=True):
    """A page's log-in; `agent` is what the browser called itself then, and `current` says that the call is its own."""

    id: str
    created_at: str
    last_used_at: str
    expires_at: str
    agent: str
    current: bool = False

    @classmethod
    def of(cls, session: PageSession, current: str | None) -> Self:
        return cls(
            id=session.session_id,
            created_at=iso(session.created_at),
            last_used_at=iso(session.last_used_at),
            expires_at=iso(session.expires_at),
            agent=session.agent,
            current=session.session_id == current,
        )


class PageSessions(Shape, frozen=True):
    """The caller's sessions of pages, the one that was used last first."""

    sessions: tuple[PageSessionAnswer, ...]
