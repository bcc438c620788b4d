"""The private id of a session, which is a client's own word."""

from runcast_core.access.tokens import Claims
from runcast_core.model.accounts import Role
from runcast_gateway.protocol.pid import UNKNOWN_EPOCH, Pid, new_pid, parse_pid


def claims(organization_id: str = "o", user_id: str = "u") -> Claims:
    return Claims(user_id, organization_id, Role.VIEWER, 0)


def test_it_says_whose_it_is_and_of_which_history():
    """And is another one each time."""
    one, other = new_pid("e1", claims()), new_pid("e1", claims())
    assert parse_pid(str(one)) == one
    assert (one.epoch, one.organization_id, one.user_id) == ("e1", "o", "u")
    assert one.nonce != other.nonce


def test_only_the_user_may_hold_dots():
    """However many, wherever."""
    for user_id in ("a.b", ".", "..", ".a", "a.", "auth0|x.y@z.example"):
        pid = new_pid("e", claims(user_id=user_id))
        assert parse_pid(str(pid)) == pid
        assert pid.belongs_to(claims(user_id=user_id))
    assert parse_pid("e.o.a.b.n") == Pid("e", "o", "a.b", "n")


def test_it_is_worth_nothing_to_anybody_else():
    """Neither to another organization nor to another user of this one."""
    pid = new_pid("e", claims())
    assert pid.belongs_to(claims())
    assert not pid.belongs_to(claims(organization_id="o2"))
    assert not pid.belongs_to(claims(user_id="u2"))


def test_where_redis_did_not_answer_its_epoch_is_no_journals():
    """It still is a pid, as the client expects one."""
    pid = new_pid(None, claims())
    assert pid.epoch == UNKNOWN_EPOCH
    assert parse_pid(str(pid)) == pid
