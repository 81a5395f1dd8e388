"""What a category asks beside the description: the attributes of a service definition of GeoReport v2."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from courtyard.district.frozen import Frozen

Datatype = Literal["string", "number", "datetime", "text", "singlevaluelist", "multivaluelist"]


class Choice(Frozen):
    """One value of a list: `key` is sent, `name` is read."""

    key: str = Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")
    name: str


class Attribute(Frozen):
    """One question. `variable` false only tells something and takes no answer; lists need `values`, others have none."""

    code: str = Field(pattern=r"^[A-Za-z][A-Za-z0-9_]{0,39}$")
    description: str
    datatype: Datatype = "string"
    required: bool = False
    variable: bool = True
    datatype_description: str = ""
    values: tuple[Choice, ...] = ()

    @model_validator(mode="after")
    def _lists_have_values(self) -> Attribute:
        if self.datatype.endswith("list") != bool(self.values):
            raise ValueError("values goes with singlevaluelist and multivaluelist, which need it")
        return self

    @property
    def names(self) -> dict[str, str]:
        """key -> name of a list's values."""
        return {choice.key: choice.name for choice in self.values}
