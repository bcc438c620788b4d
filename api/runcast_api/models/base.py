"""What every body has in common: snake_case here, camelCase in JSON. Numbers are strict: `true` and `"5"` are none."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, StringConstraints
from pydantic.alias_generators import to_camel

Name = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Model(BaseModel):
    """The base of all."""

    model_config = ConfigDict(alias_generator=to_camel, hide_input_in_errors=True)


class Open(Model):
    """Takes fields that it does not know, too."""

    model_config = ConfigDict(extra="allow")


class Body(Model):
    """Takes no fields but its own: an unknown one is refused."""

    model_config = ConfigDict(extra="forbid")
