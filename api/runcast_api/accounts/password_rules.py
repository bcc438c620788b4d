"""Which passwords are good enough: NIST SP 800-63B's rules. Long, and nothing that is tried first; which kinds of
characters they hold is nobody's business.

The common ones are all that zxcvbn lists, 94,000: passwords, words of English, of films and television, and names. A
word is in one of its lists only, so that common passwords are in any of them.
"""

import sys
import unicodedata
from collections.abc import Iterator
from itertools import pairwise

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from runcast_api.models.accounts import MIN_PASSWORD_LENGTH
from runcast_core.model.errors import InvalidInput

_SHORTEST_PATTERN = 4
_COMMON = frozenset().union(*FREQUENCY_LISTS.values())
_LONGEST = max(map(len, _COMMON))
_ADVICE = "choose another, such as four words that have nothing to do with each other"


def normalized(password: str) -> str:
    """Return the one form in which a password is hashed, however a keyboard composes its letters (NFKC)."""
    return unicodedata.normalize("NFKC", password)


def check_password(password: str, email: str, *names: str) -> None:
    """Let a new password pass, or raise `InvalidInput` (`WEAK_PASSWORD`), which says why and never repeats it. `names`
    are those of the user and of the organization."""
    text = _compared(password)
    if len(normalized(password)) < MIN_PASSWORD_LENGTH:
        _refuse(f"the password has fewer than {MIN_PASSWORD_LENGTH} characters; {_ADVICE}")
    if not _COMMON.isdisjoint(_within(_unit(text))):
        _refuse(
            f"the password is one of the most common, or a word or name, also with digits or signs around; {_ADVICE}"
        )
    if any(map(_is_pattern, (normalized(password), text, _core(text)))):
        _refuse(f"the password repeats a few characters, or counts; {_ADVICE}")
    if _is_told(_bare(text), {_bare(_compared(known)) for known in (email, *email.split("@"), *names, "mailto")}):
        _refuse(f"the password is the e-mail address, or a name, with no more than digits or signs added; {_ADVICE}")


def _compared(text: str) -> str:
    """Return it in the form in which texts are compared: case and spaces do not count."""
    return "".join(normalized(text).casefold().split())


def _unit(text: str) -> str:
    """Return what it consists of if that is the same several times, else itself."""
    return text[: (text + text).find(text, 1)]


def _core(text: str) -> str:
    """Return it without what is no letter at both ends; without signs there, if it has no letter."""
    first, last = _letters(text)
    return text[first:last]


def _within(text: str) -> Iterator[str]:
    """Return what a common password may be that has digits or signs around it, some of which may be its own."""
    first, last = _letters(text)
    yield text
    for start in range(max(0, last - _LONGEST), first + 1):
        yield from (text[start:end] for end in range(last, min(len(text), start + _LONGEST) + 1) if last > start)


def _letters(text: str) -> tuple[int, int]:
    """Return where its letters begin and end, without any its digits; both are 0 where there are none of these."""
    kind = str.isalpha if _has_letters(text) else str.isalnum
    letters = [place for place, character in enumerate(text) if kind(character)]
    return (letters[0], letters[-1] + 1) if letters else (0, 0)


def _is_pattern(text: str) -> bool:
    """Tell whether fewer characters than a password needs are repeated, or each is as far from the one before, also
    where it goes on from the last digit or letter to the first, or back."""
    if len(text) < _SHORTEST_PATTERN:
        return False
    around = 10 if text.isdecimal() else 26 if text.isascii() and text.isalpha() else sys.maxunicode + 1
    if len({(ord(after) - ord(before)) % around for before, after in pairwise(text)}) == 1:
        return True
    return any(text[n:] == text[:-n] for n in range(1, min(MIN_PASSWORD_LENGTH - 1, len(text) // 2) + 1))


def _bare(text: str) -> str:
    """Return its letters and digits."""
    return "".join(filter(str.isalnum, text))


def _has_letters(text: str) -> bool:
    return any(map(str.isalpha, text))


def _is_told(bare: str, known: set[str]) -> bool:
    """Tell whether all of its letters are of what everybody knows of the user."""
    if not _has_letters(bare):
        return bare in known - {""}
    rest = bare
    for text in sorted(filter(_has_letters, known), key=len, reverse=True):
        rest = rest.replace(text, " ")
    return not _has_letters(rest)


def _refuse(reason: str) -> None:
    raise InvalidInput(reason, code="WEAK_PASSWORD")
