"""What every section of a recipe is: immutable, strictly typed, without unknown keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

PositiveFloat = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A section of a recipe: immutable, strictly typed, with no key that is not declared."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=())

    def arguments(self, function: Callable[..., Any], called: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The values of the fields that are named as arguments of a function, by argument.

        Args:
            function: or a class.
            called: argument -> field, where the names differ.
        """
        fields = {
            argument: (called or {}).get(argument, argument) for argument in inspect.signature(function).parameters
        }
        return {
            argument: getattr(self, field) for argument, field in fields.items() if field in type(self).model_fields
        }


def classes_of(*sections: Section) -> frozenset[type[Section]]:
    """The classes of sections and of all sections in them: the code that a recipe chose by what it says."""
    return frozenset(type(section) for section in _sections(sections))


def _sections(value: Any) -> Iterator[Section]:
    """The sections in a value, itself included."""
    if isinstance(value, Section):
        yield value
        value = dict(value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for one in value:
        yield from _sections(one)
