"""The base class of every section of a recipe: immutable, strictly typed, without unknown keys."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

T = TypeVar("T")

PositiveFloat = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Weight = Annotated[float, Field(ge=0)]
Classes = Annotated[int, Field(ge=2)]
OutputActivation = Literal["tanh"] | None  # what the images of a generator pass through


class Section(BaseModel):
    """A section of a recipe: immutable, strictly typed, without undeclared keys."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False, protected_namespaces=())

    def made(self, kind: Callable[..., T], called: Mapping[str, str] | None = None, /, **parts: Any) -> T:
        """Calls a class or a function; arguments that are not given come from the fields with the same names.

        So an argument that has a field is written only once: as the field. A field that is a `Part` passes what it
        builds.

        Args:
            kind: the class or function.
            called: argument -> field, if the names differ.
            **parts: the arguments that are not fields, such as networks.

        >>> class Ruler(Section):
        ...     length: int = 3
        >>> Ruler().made(lambda length, unit: f"{length} {unit}", unit="m")
        '3 m'
        """
        fields = {
            name: (called or {}).get(name, name) for name in inspect.signature(kind).parameters if name not in parts
        }
        known = {name: getattr(self, field) for name, field in fields.items() if field in type(self).model_fields}
        built = {name: value.build() if isinstance(value, Part) else value for name, value in known.items()}
        return kind(**built, **parts)


class Part(Section):
    """A section that names an object of the library, such as a loss; its other fields are the object's arguments."""

    def build(self) -> Any:
        """Makes the object."""
        raise NotImplementedError(f"{type(self).__name__} does not build an object")


def classes_of(*sections: Section) -> frozenset[type[Section]]:
    """Returns the classes of sections and of all sections in them: the code that a recipe selects."""
    return frozenset(type(section) for section in _sections(sections))


def _sections(value: Any) -> Iterator[Section]:
    """Yields the sections in a value, including the value itself."""
    if isinstance(value, Section):
        yield value
        value = dict(value)
    if isinstance(value, dict):
        value = value.values()
    elif not isinstance(value, list | tuple):
        return
    for one in value:
        yield from _sections(one)
