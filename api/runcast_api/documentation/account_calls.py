"""The calls about accounts: how one comes in, what an organization and the installation are set to, who is here."""

from runcast_api.accounts import accounts, organization, own_password, presence
from runcast_api.documentation import configuration
from runcast_api.documentation.call import Access, Call
from runcast_api.models.accounts import Login, OrganizationPatch, PasswordChange, Signup
from runcast_core.model.wire.accounts import OrganizationSettingsAnswer, PresenceAnswer, Session, Who
from runcast_core.model.wire.configuration import Configuration

ACCOUNT_CALLS = (
    Call(
        "GET",
        "/api/config",
        configuration.show_configuration,
        "What the installation is like",
        Access.PUBLIC,
        Configuration,
    ),
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
        "PUT",
        "/api/auth/password",
        own_password.change_password,
        "Change one's own password: every token until now is refused, and every other session ended",
        Access.OWNER,
        Session,
        body=PasswordChange,
    ),
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
