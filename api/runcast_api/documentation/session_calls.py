"""The calls about sessions: those of pages, by a cookie, and the end of any."""

from runcast_api.accounts import sessions
from runcast_api.accounts.pages import refresh
from runcast_api.accounts.pages import sessions as page_sessions
from runcast_api.documentation.call import Access, Call
from runcast_core.model.wire.accounts import Session
from runcast_core.model.wire.sessions import PageSessionAnswer, PageSessions

_SESSIONS = "/api/auth/sessions"
_ONE = f"{_SESSIONS}/{{sessionId}}"

SESSION_CALLS = (
    Call(
        "POST",
        "/api/auth/refresh",
        refresh.refresh,
        "Go on with a page's session: another token, and another cookie",
        Access.PAGE,
        Session,
    ),
    Call(
        "DELETE",
        "/api/auth/session",
        refresh.log_out,
        "Log out: end a page's session and its tokens",
        Access.PAGE,
        status=204,
    ),
    Call("GET", _SESSIONS, page_sessions.list_sessions, "List one's own sessions of pages", Access.OWNER, PageSessions),
    Call(
        "DELETE",
        _SESSIONS,
        sessions.revoke_own_sessions,
        "Log out everywhere: every session is ended, every token until now refused, and its sockets are closed",
        Access.OWNER,
        status=204,
    ),
    Call("GET", _ONE, page_sessions.show_session, "Look at one of one's own sessions", Access.OWNER, PageSessionAnswer),
    Call(
        "DELETE",
        _ONE,
        page_sessions.end_own_session,
        "End one of one's own sessions and its tokens",
        Access.OWNER,
        status=204,
    ),
    Call(
        "DELETE",
        "/api/users/{userId}/sessions",
        sessions.revoke_user_sessions,
        "Log a user out everywhere",
        Access.MANAGER,
        status=204,
    ),
)
