"""The calls about accounts: who comes in, who is a member, what an organization is set to."""

from runcast_api.accounts import accounts, organization, presence, sessions, users
from runcast_api.documentation.call import Access, Call
from runcast_api.models.accounts import Login, NewUser, OrganizationPatch, Signup
from runcast_core.model.wire.accounts import OrganizationSettingsAnswer, PresenceAnswer, Session, UserAnswer, Users, Who

_USER = "/api/users/{userId}"

ACCOUNT_CALLS = (
    Call(
        "POST",
        "/api/auth/signup",
        accounts.signup,
        "Create an organization and its admin",
        Access.PUBLIC,
        Session,
        status=201,
        body=Signup,
    ),
    Call("POST", "/api/auth/login", accounts.login, "Log in", Access.PUBLIC, Session, body=Login),
    Call("GET", "/api/auth/me", accounts.me, "Who the token stands for", Access.READER, Who),
    Call(
        "DELETE",
        "/api/auth/sessions",
        sessions.revoke_own_sessions,
        "Log out everywhere: every token until now is refused, and its sockets are closed",
        Access.OWNER,
        status=204,
    ),
    Call("GET", "/api/users", users.list_users, "List the organization's users", Access.READER, Users),
    Call(
        "POST",
        "/api/users",
        users.create_user,
        "Add a user to the organization",
        Access.MANAGER,
        UserAnswer,
        status=201,
        body=NewUser,
    ),
    Call(
        "DELETE",
        f"{_USER}/sessions",
        sessions.revoke_user_sessions,
        "Log a user out everywhere",
        Access.MANAGER,
        status=204,
    ),
    Call("DELETE", _USER, users.remove_user, "Remove a user, and log them out everywhere", Access.MANAGER, status=204),
    Call(
        "GET",
        "/api/organization",
        organization.show_organization,
        "What the organization is set to",
        Access.READER,
        OrganizationSettingsAnswer,
    ),
    Call(
        "PATCH",
        "/api/organization",
        organization.change_organization,
        "Change the organization's name or limits",
        Access.ADMIN,
        OrganizationSettingsAnswer,
        body=OrganizationPatch,
    ),
    Call("GET", "/api/presence", presence.show_presence, "Who is connected now", Access.READER, PresenceAnswer),
)
