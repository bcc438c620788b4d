"""Replaces secret values in text by `***`."""

from collections.abc import Iterable

from ahocorasick_rs import AhoCorasick

from runcast_core.access.values import MASK
from runcast_runner.output.secret_forms import LONGEST, Form, forms

REACH = LONGEST + 3
"""So many characters after a place decide whether a secret goes across it."""
_BASE64 = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_")


class Masker:
    """Finds every form of every secret (see `secret_forms`), overlapping ones included, and leaves no part of one.

    Expects text whose control sequences were removed. A secret with colours (SGR) between its characters is not found,
    nor is one under 4 characters without the space around it. Takes time in proportion to the text.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[Form] = sorted({form for secret in secrets for form in forms(secret)})
        self._search = AhoCorasick([form.text for form in self._forms]) if self._forms else None

    def mask(self, text: str, upto: int | None = None) -> str:
        """Return `text`, which may be several lines, masked; or its first `upto` characters and a mask begun there."""
        found = self._search.find_matches_as_indexes(text, overlapping=True) if self._search else []
        if not found:
            return text[:upto]
        end = len(text) if upto is None else upto
        pieces, at = [], 0
        for first, last in _joined(sorted(self._span(text, *match) for match in found)):
            if first >= end:
                break
            pieces += [text[at:first], MASK]
            at = last
        return "".join([*pieces, text[at : max(at, end)]])

    def _span(self, text: str, number: int, first: int, last: int) -> tuple[int, int]:
        form = self._forms[number]
        if form.before and first and text[first - 1] in _BASE64:
            first -= 1
        if form.after and text[last : last + 1] in _BASE64:
            last += 1
            while text[last : last + 1] == "=":
                last += 1
        return first, last


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    joined = spans[:1]
    for first, last in spans[1:]:
        if first > joined[-1][1]:
            joined.append((first, last))
        else:
            joined[-1] = joined[-1][0], max(last, joined[-1][1])
    return joined
