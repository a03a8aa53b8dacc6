"""What every section of a recipe is: immutable, strictly typed, without unknown keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

PositiveFloat = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]


class Section(BaseModel):
    """A section of a recipe: immutable, strictly typed, with no key that is not declared."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=())

    def made(self, kind: Callable[..., T], called: Mapping[str, str] | None = None, /, **parts: Any) -> T:
        """What a class or a function makes of some arguments and, for its others, of the fields of the same names.

        So an argument that has a field is spelled once: in the field.

        Args:
            kind: the class or function.
            called: argument -> field, where the names differ.
            **parts: the arguments that no field is, such as networks.

        >>> class Ruler(Section):
        ...     length: int = 3
        >>> Ruler().made(lambda length, unit: f"{length} {unit}", unit="m")
        '3 m'
        """
        fields = {
            name: (called or {}).get(name, name) for name in inspect.signature(kind).parameters if name not in parts
        }
        known = {name: getattr(self, field) for name, field in fields.items() if field in type(self).model_fields}
        return kind(**known, **parts)


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
