"""The texts that a secret value may be printed as."""

import base64
import json
import re
from collections.abc import Iterator
from typing import NamedTuple
from urllib.parse import quote, quote_plus

from runcast_core.access.values import LEAST_CHARACTERS, telling
from runcast_runner.output.terminal_text import visible

LONGEST = 512
_WHOLE = 32
_WRAPS = (64, 76)


class Form(NamedTuple):
    """A text, and whether the base64 characters before and after it hold some bits of the secret, too."""

    text: str
    before: bool = False
    after: bool = False


def forms(secret: str) -> set[Form]:
    """Return the forms of a value: raw, base64, percent-encoded and JSON; of several lines each is one, too.

    What is a secret of it is said by `telling`. A form over 32 characters is represented by parts of it that cover it,
    none longer than `LONGEST`; so a part of a secret may be found as well.
    """
    secret = secret.encode("utf-8", "replace").decode()
    found: set[Form] = set()
    for value in telling(secret):
        found |= {part for form in _encoded(value) for part in _parts(form)}
    return found


def _encoded(value: str) -> Iterator[Form]:
    if "\n" not in value and "\r" not in value:
        yield Form(_shown(value))
    for safe in ("", "/", "!'()*"):
        text = quote(value, safe=safe)
        yield from (Form(text), Form(_lower_hex(text)))
    plus = quote_plus(value)
    yield from (Form(plus), Form(_lower_hex(plus)))
    yield from (Form(_shown(json.dumps(value, ensure_ascii=ascii_)[1:-1])) for ascii_ in (True, False))
    for offset in range(3):
        yield from _within_base64(value.encode(), offset)
    for ending in ("", "\n"):
        yield from map(Form, _wrapped(base64.b64encode((value + ending).encode()).decode()))


def _within_base64(data: bytes, offset: int) -> Iterator[Form]:
    """Yield what is the same of `data` in every base64 text in which it begins at `offset` within three bytes."""
    text = base64.b64encode(bytes(offset) + data).decode()
    over = (offset + len(data)) % 3
    middle = text[(0, 2, 3)[offset] : len(text) - (0, 3, 2)[over]]
    for alphabet in (middle, middle.translate(str.maketrans("+/", "-_"))):
        yield Form(alphabet, offset > 0, over > 0)


def _wrapped(text: str) -> Iterator[str]:
    for columns in _WRAPS:
        if len(text) > columns:
            yield from (text[start : start + columns] for start in range(0, len(text), columns))


def _parts(form: Form) -> Iterator[Form]:
    """Yield parts that together cover the form. Their few lengths bound how many can end at one place of a text."""
    size = len(form.text)
    if size < LEAST_CHARACTERS:
        return
    if size <= _WHOLE:
        yield form
        return
    step = min(LONGEST, 1 << (size.bit_length() - 1))
    for start in [*range(0, size - step, step), size - step]:
        part = form.text[start : start + step]
        yield Form(part, form.before and start == 0, form.after and start + step == size)


def _lower_hex(text: str) -> str:
    return re.sub("%..", lambda found: found[0].lower(), text)


def _shown(text: str) -> str:
    return visible(text.encode()).decode("utf-8", "replace")
