"""Secrets in output: every form, cut at every border, beside each other and at the cut of a long line."""

import base64
import json
import re
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runcast_core.model.clock import now_ms
from runcast_core.model.executions import Execution
from runcast_runner.output.execution_log import ExecutionLog
from runcast_runner.output.lines import MAX_LINE_BYTES, masked
from runcast_runner.output.masking import Masker

SECRETS = {
    "A": "p@ss/wörd+1?x",
    "B": "first line one\nsecond/line two\nend",
    "C": "K" + "abc123" * 20,
    "D": 'quo"te\\d',
}


def _output(*pieces: bytes, secrets: dict[str, str] = SECRETS) -> str:
    """Return what the real log holds of output that came in these pieces."""
    now = now_ms()
    request = {"image": "image", "config": {"secrets": secrets}}
    log = ExecutionLog(Execution("org", "t", "image", now, now, request=request), lambda _: None)
    for piece in pieces:
        log._add(log._decoders[1].feed(piece), 1)
    log.finish()
    return "\n".join(chunk.text for chunk in log.take())


def _forms(secret: str) -> list[str]:
    data = secret.encode()
    return [
        secret,
        base64.b64encode(data).decode(),
        base64.b64encode(data).decode().rstrip("="),
        base64.urlsafe_b64encode(data).decode(),
        base64.urlsafe_b64encode(data).decode().rstrip("="),
        quote(secret, safe=""),
        quote(secret),
        quote_plus(secret),
        re.sub("%..", lambda found: found[0].lower(), quote_plus(secret)),
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
    ]


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_every_form_is_masked(secret):
    """Whole, and nothing beside it is."""
    for form in _forms(secret):
        if "\n" not in form:
            assert _output(f"<{form}>\n".encode()) == "<***>", form
    assert _output(b"nothing to hide\n") == "nothing to hide"


@pytest.mark.parametrize("secret", [s for s in SECRETS.values() if "\n" not in s])
@pytest.mark.parametrize("before", range(4))
@pytest.mark.parametrize("after", range(4))
def test_within_a_longer_base64_text(secret, before, after):
    """Wherever it begins, none of the characters that hold its bits is left."""
    text = base64.b64encode(b"#" * before + secret.encode() + b"#" * after).decode()
    plain = base64.b64encode(b"#" * before + bytes(len(secret.encode())) + b"#" * after).decode()
    shown = _output(text.encode())
    head, mask, tail = shown.partition("***")
    assert mask
    assert plain.startswith(head)
    assert plain.rstrip("=").endswith(tail.rstrip("="))


@pytest.mark.parametrize("columns", [64, 76])
def test_wrapped_base64(columns):
    """Each of its lines, also when a newline was encoded with it."""
    for data in (SECRETS["C"].encode(), SECRETS["C"].encode() + b"\n", SECRETS["B"].encode() * 5):
        text = base64.b64encode(data).decode()
        wrapped = "\n".join(text[start : start + columns] for start in range(0, len(text), columns))
        secrets = {"X": data.decode()}
        assert set(_output(wrapped.encode(), secrets=secrets).split("\n")) == {"***"}


@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS)
def test_every_split_of_every_secret(secret):
    """In two pieces and byte by byte the output is that of one piece, and holds no secret."""
    data = "".join(f"a {form} b\n" for form in _forms(secret)).encode()
    whole = _output(data)
    for line in (part for part in secret.split("\n") if len(part) >= 4):
        assert line not in whole
    assert _output(*(data[at : at + 1] for at in range(len(data)))) == whole
    for at in range(len(data)):
        assert _output(data[:at], data[at:]) == whole


def test_lines_of_a_secret():
    """Each with four or more characters is one of its own; a shorter one is none."""
    assert _output(b"x first line one y\nsecond/line two\nend\n") == "x *** y\n***\nend"
    assert _output(b"abc\n", secrets={"X": " abc "}) == "abc"


def test_overlapping_secrets():
    """Nothing of any of them is left, whichever begins first or is longer."""
    masker = Masker(["abcdef", "defghi", "abcd", "hijk"])
    assert masker.mask("<abcdefghijk>") == "<***>"
    assert masker.mask("<abcde>") == "<***e>"


@pytest.mark.parametrize("place", range(-25, 6))
def test_at_the_cut_of_a_long_line(place):
    """A secret that goes across the bound is masked as one before it."""
    before = MAX_LINE_BYTES + place
    shown = _output(b"x" * before + SECRETS["C"].encode() + b"y" * 100)
    total = before + len(SECRETS["C"]) + 100
    assert (
        shown == "x" * min(before, MAX_LINE_BYTES) + "***" * (place < 0) + f" [... {total - MAX_LINE_BYTES} bytes cut]"
    )


def test_an_error_is_masked_as_output_is():
    """Control sequences go first."""
    assert masked("no \x1b[2Ks3cr\x01et9", Masker(["s3cret9"])) == "no ***"


STEERING = [b"\x1b", b"\x1b[", b"\x1b[31m", b"\x1b]0;t", b"\x07", b"\x1b\\", b"\xc2", b"\x9b", b"\xc2\x9d"]
STEERING += [b"\r", b"\n", b"\0"]
PIECES = st.lists(
    st.one_of(
        st.sampled_from([form.encode() for secret in SECRETS.values() for form in _forms(secret)]),
        st.sampled_from(STEERING),
        st.binary(max_size=6),
        st.text(max_size=4).map(lambda text: text.encode("utf-8", "replace")),
    ),
    max_size=30,
)


@settings(max_examples=300, deadline=None)
@given(PIECES)
def test_whatever_comes(pieces):
    """Cut as it comes it is the same as uncut; no secret, and no control character but tab and a colour's ESC."""
    whole = _output(b"".join(pieces))
    assert _output(*pieces) == whole
    for line in whole.split("\n"):
        assert all(part not in line for secret in SECRETS.values() for part in secret.split("\n") if len(part) >= 4)
        rest = re.sub("\x1b\\[[0-9;:]*m", "", line)
        assert not [c for c in rest if (ord(c) < 32 and c != "\t") or 127 <= ord(c) < 160], line
