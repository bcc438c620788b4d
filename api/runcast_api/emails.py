"""E-mail addresses: the one form in which an address is kept and looked for, however it is written."""

from typing import Annotated

import email_validator
from pydantic import AfterValidator, Field, StringConstraints

# An installation may well be one of `corp.local`. The library has no switch for it but this list, for others to change:
# https://github.com/JoshData/python-email-validator#test-addresses
email_validator.SPECIAL_USE_DOMAIN_NAMES.clear()


def normalized(address: str) -> str:
    """Return an address in lower case, composed (NFC), its domain in Unicode; nothing is looked up. Raises `ValueError`
    if it is none, such as one with a name before it."""
    checked = email_validator.validate_email(address, check_deliverability=False, globally_deliverable=False)
    return checked.normalized.lower()


Email = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=320),
    AfterValidator(normalized),
    Field(json_schema_extra={"format": "email"}),
]
