"""The calls about members: who they are, what they may do, and how one becomes one."""

from runcast_api.accounts import invitations, password_resets, users
from runcast_api.documentation.call import Access, Call
from runcast_api.models.members import Acceptance, NewInvitation, NewUser, PasswordReset, RoleChange
from runcast_core.model.wire.accounts import Session, UserAnswer, Users
from runcast_core.model.wire.members import InvitationLink, Invitations, ResetLink

_USER = "/api/users/{userId}"

MEMBER_CALLS = (
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
        "POST",
        f"{_USER}/password-reset",
        password_resets.offer_password_reset,
        "Make a link with which a user sets a new password, once and within a day",
        Access.MANAGER,
        ResetLink,
        status=201,
    ),
    Call(
        "PATCH",
        _USER,
        users.change_role,
        "Change a user's role: tokens that say the old one are refused",
        Access.MANAGER,
        UserAnswer,
        body=RoleChange,
    ),
    Call("DELETE", _USER, users.remove_user, "Remove a user, and log them out everywhere", Access.MANAGER, status=204),
    Call(
        "POST",
        "/api/auth/password-reset",
        password_resets.reset_password,
        "Set a new password by such a link; every session of the user ends",
        Access.PUBLIC,
        status=204,
        body=PasswordReset,
    ),
    Call(
        "POST",
        "/api/invitations",
        invitations.invite,
        "Make a link with which somebody joins the organization, once and within seven days",
        Access.MANAGER,
        InvitationLink,
        status=201,
        body=NewInvitation,
    ),
    Call(
        "GET",
        "/api/invitations",
        invitations.list_invitations,
        "List the invitations that are still good",
        Access.MANAGER,
        Invitations,
    ),
    Call(
        "DELETE",
        "/api/invitations/{invitationId}",
        invitations.revoke_invitation,
        "Revoke an invitation",
        Access.MANAGER,
        status=204,
    ),
    Call(
        "POST",
        "/api/invitations/accept",
        invitations.accept_invitation,
        "Join by an invitation, with an account of one's own",
        Access.PUBLIC,
        Session,
        status=201,
        body=Acceptance,
    ),
)
