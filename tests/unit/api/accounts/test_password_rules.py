"""Which passwords are good enough, and that each of several spellings is one password."""

import pytest
from argon2 import PasswordHasher
from zxcvbn.frequency_lists import FREQUENCY_LISTS

from runcast_api.accounts.password_rules import check_password
from runcast_api.accounts.passwords import hash_password, verify_password
from runcast_core.model.errors import InvalidInput
from tests.parts.api import ACCOUNT, USER, serving, signed_up

COMMON = [word for words in FREQUENCY_LISTS.values() for word in words[:10_000]]
DECOMPOSED, COMPOSED = "u\u0308ber den Dächern", "über den Dächern"


def refused(password: str) -> str:
    """Return why a password is refused; nothing if it is not."""
    try:
        check_password(password, "ada.lovelace@example.com", "Ada Lovelace", "Engines & Sons")
    except InvalidInput as error:
        return f"{error.code}: {error.message}"
    return ""


@pytest.mark.parametrize(
    "password",
    [
        "long enough 1",
        "correct horse battery staple",
        "another password",
        "8392017465",
        "Tr0ub4dor&3x",
        "пароль от дома",
        "鍵をかけて忘れないでください",
        "ada and bob and carol",
        "engines that run",
        "a long password",
        "quite a long password",
        "a quiet password",
        "everybody has this password",
        "copper lantern drift meadow",
        "Ada's engines hum",
    ],
)
def test_what_is_long_and_not_tried_first_is_good(password):
    """Whatever kinds of characters it holds, words with a common one among them too."""
    assert refused(password) == ""


def test_none_of_the_most_common_is_good():
    """Nor with digits or signs around it, in another case, or twice."""
    assert len(COMMON) > 30_000
    for common in COMMON:
        for password in (common, f"{common.upper()}1234567890", f"!!!{common}!!!2026", f"{common} {common}"):
            if len(password) >= 10 and any(character.isalpha() for character in common):
                assert refused(password).startswith("WEAK_PASSWORD"), password


@pytest.mark.parametrize(
    "password",
    [
        "p a s s w o r d 1 2 3",
        "P@ssw0rd123",
        "\uff50\uff41\uff53\uff53\uff57\uff4f\uff52\uff44123",  # in full width
        "qwertyuiop",
        "1q2w3e4r5t6y",
        "basketball",
        "University",
        "washington",
        "California!",
        "!!christopher!!",
        "administrator",
        "!1234567890!",
    ],
)
def test_a_common_one_is_told_however_it_is_written(password):
    """Spaces, case and forms of letters make no other password."""
    assert "most common" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "aaaaaaaaaa",
        "abcabcabcabc",
        "12312312312",
        "!?!?!?!?!?",
        "abcdefghij",
        "9876543210",
        "abcdefgh1234",
        "ääääääääää",
        "0987654321",
        "0987654321!!",
        "3456789012345",
        "5432109876",
        "97531975319",
        "uvwxyzabcd",
        "CBAzyxwvut",
    ],
)
def test_a_pattern_is_no_password(password):
    """A few characters over and over, or each as far from the one before."""
    assert "repeats" in refused(password)


@pytest.mark.parametrize(
    "password",
    [
        "ada.lovelace@example.com",
        "ADA.LOVELACE@EXAMPLE.COM!",
        "ada.lovelace",
        "1ada.lovelace1",
        "Ada Lovelace 1815",
        "AdaLovelace1",
        "Engines & Sons",
        "engines&sons2026",
        "ada.lovelaceexample.com",
        "adalovelaceexamplecom",
        "mailto:ada.lovelace@example.com",
        "<mailto:Ada.Lovelace@example.com>",
        "ada.lovelace@example.comada.lovelace@example.com",
        "ada.lovelace@example.com1ada.lovelace@example.com",
        "ada.lovelace@example.com / ada.lovelace",
        "1ada_lovelace-at-1".replace("-at-", "@"),
        "Ada-Lovelace, Engines-Sons",
        "example.com 1815",
    ],
)
def test_what_everybody_knows_is_no_password(password):
    """The address, its parts, the user's name and the organization's, also several, with digits and signs anywhere."""
    assert "e-mail address" in refused(password)


def test_characters_count_once_they_are_composed():
    """Ten keystrokes that make five letters are five."""
    assert "fewer than 10" in refused("u\u0308o\u0308a\u0308e\u0308i\u0308")


async def test_a_weak_password_is_refused_wherever_one_is_set(tmp_path):
    """By a 400 that says why; nobody is added."""
    async with serving(tmp_path) as api:
        for password in ("password123", "a@example.com", "O 1234567890"):
            answer = await api.http.post("/api/auth/signup", json=ACCOUNT | {"password": password})
            assert (answer.status_code, answer.json()["code"]) == (400, "WEAK_PASSWORD")
        assert await api.store.user_by_email("a@example.com") is None
        await signed_up(api)
        for password in ("password123", "B@example.com", "O 1234567890"):
            answer = await api.http.post("/api/users", json=USER | {"password": password})
            assert (answer.status_code, answer.json()["code"]) == (400, "WEAK_PASSWORD")
        assert await api.store.user_by_email("b@example.com") is None


def test_a_password_costs_whoever_tries_it_as_much_as_is_recommended(hasher_of_the_product):
    """At least the second choice of RFC 9106, section 4: Argon2id, 64 MiB, 3 passes, 4 lanes. Each hash says so."""
    assert hasher_of_the_product.hash("x").startswith("$argon2id$v=19$m=65536,t=3,p=4$")


async def test_both_spellings_of_a_letter_are_one_password():
    """However a keyboard composes it, and whichever was there first."""
    for first in (COMPOSED, DECOMPOSED):
        hashed = await hash_password(first)
        assert await verify_password(hashed, COMPOSED)
        assert await verify_password(hashed, DECOMPOSED)
        assert not await verify_password(hashed, COMPOSED.upper())


async def test_what_was_hashed_as_it_was_typed_goes_on_working():
    """Versions before composed nothing; and a weak one from then still logs in."""
    assert await verify_password(PasswordHasher().hash(DECOMPOSED), DECOMPOSED)
    assert await verify_password(PasswordHasher().hash("password123"), "password123")
    assert not await verify_password(None, DECOMPOSED)
