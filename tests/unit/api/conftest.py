"""What the api's unit tests share: passwords are hashed as ever, at a small part of the cost."""

from collections.abc import Iterator

import pytest
from argon2 import PasswordHasher

from runcast_api.accounts import passwords


@pytest.fixture(scope="session")
def hasher_of_the_product() -> PasswordHasher:
    """The one that the api uses where no test replaces it."""
    return passwords._HASHER


@pytest.fixture(scope="session", autouse=True)
def cheap_hashes(hasher_of_the_product: PasswordHasher) -> Iterator[None]:
    """Of another hasher only the parameters differ; the hash for unknown addresses has the same ones, as in the api."""
    with pytest.MonkeyPatch.context() as patch:
        cheap = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
        patch.setattr(passwords, "_HASHER", cheap)
        patch.setattr(passwords, "_ABSENT", cheap.hash("nobody has this password"))
        yield
