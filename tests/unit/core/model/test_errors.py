"""What errors tell."""

from runcast_core.model.errors import Conflict, NotFound, kinds, messages


def test_messages_are_found_however_deep_their_groups():
    """Task groups put errors into groups of groups."""
    group = ExceptionGroup("", [NotFound("a"), ExceptionGroup("", [Conflict("b"), NotFound("c")])])
    assert messages(group) == ["a", "b", "c"]
    assert kinds(group) == "NotFound, Conflict, NotFound"
