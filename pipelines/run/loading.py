"""Recipes: read, changed by ``--set``, checked; errors name the line."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from pipelines import located_yaml, tasks
from pipelines.data.sources import NAMED, ONE, SOURCES, Folder, Source, is_named, meant_by
from pipelines.data.sources.base import PAIRS
from pipelines.errors import UserError
from pipelines.located_yaml import dotted
from pipelines.recipe.base import Recipe
from pipelines.run.finding import find, nearest

DEFAULT = "super_resolution"  # the task of a recipe that names none

_TASK = "task"
# `_TAGS` select which other keys a section may have. A change of one of `_CHOICES` replaces the whole section.
_TAGS = ("method", "preparation", "schedule", "kind", "source")
_CHOICES = ("method", "preparation", "schedule", "kind", "extractor")  # layers belong to one extractor

_EXPECTED = {
    "int_type": "an integer",
    "int_from_float": "an integer",
    "float_type": "a number",
    "string_type": "a string",
    "string_pattern_mismatch": "of the letters a to z, digits and underscores",
    "bool_type": "true or false",
    "list_type": "a list",
    "dict_type": "a section of keys",
    "model_type": "a section of keys",
    "model_attributes_type": "a section of keys",
}


def load(
    name: str,
    overrides: list[str] | None = None,
    full_scale: bool = False,
    folder: Path | Mapping[str, Path] | None = None,
    thoroughly: bool = False,
) -> Recipe:
    """Reads, changes and checks a recipe.

    Args:
        name: as in `finding.find`.
        overrides: changes such as ``"train.epochs=5"``; the value is YAML; the last one wins.
        full_scale: whether to apply the recipe's ``full_scale`` section before the overrides.
        folder: the user's own images, or a CSV table of pairs of them, read instead of the recipe's images. The
            task's changes for own data (`Recipe.own_data`) apply too, unless an override says otherwise.
        thoroughly: whether to make the preparation and ask the method whether it fits, which imports NumPy and Beam.

    Raises:
        UserError: lists every fault of the file and of the overrides, each with key, place and, for an
            unknown key or name, the nearest valid one.

    >>> load("super_resolution", ["train.epochs=5"]).train.epochs
    5
    """
    path = find(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from error
    data, places = located_yaml.parse(text, _short(path))
    if not isinstance(data, dict):
        raise UserError(f"{_short(path)}: a recipe must be a mapping of sections. Received: {data!r}")
    paper = data.get("full_scale")
    if full_scale and not paper:
        raise UserError(f"{_short(path)}: the recipe has no `full_scale` section")
    if isinstance(paper, dict):
        merged = _merge({key: value for key, value in data.items() if key != "full_scale"}, paper)
        moved = {key[1:]: place for key, place in places.items() if key[:1] == ("full_scale",) and key[1:]}
        _check(merged, {**places, **moved})
        if full_scale:
            data, places = merged, {**places, **moved}
    if folder is not None:
        _own(data, places, {"": folder} if isinstance(folder, Path) else folder, _kind(data, places))
    for override in overrides or []:
        _override(data, places, override)
    checked = _check(data, places)
    if thoroughly:
        _try(checked, places)
    return checked


def _short(path: Path) -> str:
    """Returns the path as a user would type it from the current directory."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _merge(base: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """Returns ``base`` with the leaves of ``change`` merged in; another method, schedule or extractor starts afresh."""
    if any(key in change and change[key] != base.get(key) for key in _CHOICES):
        return change
    merged = dict(base)
    for key, value in change.items():
        old = merged.get(key)
        merged[key] = _merge(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return merged


def _override(data: dict[str, Any], places: dict[located_yaml.Path, str], override: str) -> None:
    """Applies one ``key=value`` of ``--set`` in place."""
    place = f"--set {override}"
    key, equals, text = override.partition("=")
    path = tuple(key.strip().split("."))
    if not equals or not all(path):
        raise UserError(f"{place}: must be key=value, such as train.epochs=5")
    value, below = located_yaml.parse(text, place)
    section: Any = data
    for depth, part in enumerate(path[:-1], 1):
        if section.get(part) is None:
            section[part] = {}
            places[path[:depth]] = place
        section = section[part]
        if not isinstance(section, dict):
            raise UserError(f"{place}: `{dotted(path[:depth])}` is not a section: it holds {section!r}")
    section[path[-1]] = value
    for old in [old for old in places if old[: len(path)] == path]:
        del places[old]
    places.update({(*path, *inner): place for inner in below})


def _own(
    data: dict[str, Any], places: dict[located_yaml.Path, str], paths: Mapping[str, Path], recipe: type[Recipe]
) -> None:
    """Replaces the section `data` by what ``--data`` names, and applies the task's changes for own data."""
    given = " ".join(f"--data {f'{name}={path}' if name else path}" for name, path in paths.items())
    section = data.get("data")
    section = section if isinstance(section, dict) else {}
    known = {kind.tag(): kind for kind in SOURCES}
    kinds: list[type[Source]]
    if is_named(section):
        _check_names(given, paths, list(section))
        found = {
            name: meant_by({"": path}, known.get(str(section[name].get("source")), Folder)) or Folder
            for name, path in paths.items()
        }
        data["data"] = {name: found[name].given({"": paths[name]}, section[name]) for name in section}
        kinds = list(found.values())
    else:
        _check_names(given, paths, list(recipe.own_names) if set(paths) != {""} else [""])
        kind = meant_by(paths, known.get(str(section.get("source")), Folder)) or Folder
        data["data"] = kind.given(paths, section)
        kinds = [kind]
    for path in [path for path in places if path[:1] == ("data",) and len(path) > 1]:
        if _at(data, path) != _at({"data": section}, path):
            del places[path]
    places["data",] = given
    for override in recipe.own_pairs if any(PAIRS in kind.gives for kind in kinds) else recipe.own_data:
        _override(data, places, override)


def _check_names(given: str, paths: Mapping[str, Path], names: list[str]) -> None:
    """Refuses inputs that the recipe does not have, and missing inputs."""
    if set(paths) == set(names):
        return
    wanted = " ".join(f"--data {name}=DIR" for name in names if name) or "--data DIR"
    what = f"the inputs {' and '.join(names)}" if any(names) else "one input, without a name"
    raise UserError(f"{given}: the recipe has {what}: give {wanted}")


def _at(value: Any, path: located_yaml.Path) -> Any:
    """Returns the value of a section at a path; None if there is none."""
    for part in path:
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            return None
    return value


def _kind(data: dict[str, Any], places: dict[located_yaml.Path, str]) -> type[Recipe]:
    """Returns the recipe class of the task that ``data`` names."""
    task = data.get(_TASK, DEFAULT)
    known = tasks.names()
    if not isinstance(task, str) or task not in known:
        expected = ", ".join(map(repr, known))
        hint = nearest(str(task), known)
        raise UserError(f"{places[_TASK,]}: `{_TASK}` must be one of {expected}. Received: {task!r}.{hint}")
    return tasks.recipes_of(task)


def _named(recipe: Recipe) -> Recipe:
    """Returns the recipe with the full name of its export: keys of `prepare` in braces are replaced by their values."""
    name = re.sub(r"\{(\w+)\}", lambda key: str(getattr(recipe.prepare, key[1])), recipe.export.name)
    return recipe.model_copy(update={"export": recipe.export.model_copy(update={"name": name})})


def _check(data: dict[str, Any], places: dict[located_yaml.Path, str]) -> Recipe:
    """Validates against the schema and turns every fault into a line for the user."""
    kind = _kind(data, places)
    try:
        return _named(kind.model_validate({_TASK: DEFAULT, **data}))
    except ValidationError as error:
        faults = error.errors(include_url=False)
        lines = dict.fromkeys(_explain(dict(fault), data, places, kind) for fault in faults)
        raise UserError(*lines) from None


def _try(recipe: Recipe, places: dict[located_yaml.Path, str]) -> None:
    """Refuses parameters that do not fit together, which only the preparation and the method can tell."""
    attempts: dict[str, Callable[[], Any]] = {
        "prepare": recipe.prepare.check,
        "model": lambda: recipe.model.check(recipe.prepare),
    }
    lines = []
    for section, attempt in attempts.items():
        try:
            attempt()
        except (UserError, ValueError) as error:
            named = re.match(r"`([\w.]+)` ", str(error))
            path = tuple(named[1].split(".")) if named else ()
            if path[:1] not in {(key,) for key in _fields(type(recipe))}:
                path = (section, *path)
            rule = str(error)[named.end() if named else 0 :]
            lines.append(f"{_place(path, places)}: `{dotted(path)}` {rule}")
    if lines:
        raise UserError(*lines)


def _explain(fault: dict[str, Any], data: Any, places: dict[located_yaml.Path, str], recipe: type[Recipe]) -> str:
    """Describes one fault in one line: place, key, rule, received value, nearest valid key."""
    path, sections, others = _walk(fault["loc"], data, recipe)
    kind, received, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "union_tag_invalid":
        path = (*path, context["discriminator"].strip("'"))
        received = context["tag"]
    hint = ""
    if kind == "extra_forbidden":
        valid = sorted({key for section in sections for key in _fields(section)})
        key, choice = str(path[-1]), _choice(others, str(path[-1]))
        rule = f"is read only with {choice}" if choice else "is not a known key."
        near = _inside(key, sections) or nearest(key, valid)
        hint = "" if choice else near or f" Valid keys here: {', '.join(valid)}"
    elif kind in ("missing", "union_tag_not_found"):
        if kind == "union_tag_not_found":
            path = (*path, context["discriminator"].strip("'"))
        rule = "is missing"
    elif kind in ("literal_error", "union_tag_invalid"):
        expected = context.get("expected_tags") or context["expected"]
        rule = f"must be {'one of ' if ' ' in expected else ''}{expected}. Received: {received!r}."
        hint = nearest(str(received), expected.replace("'", "").replace(" or ", ", ").split(", "))
    elif kind == "value_error":
        rule = str(context["error"])
    else:
        expected = _EXPECTED.get(kind) or fault["msg"].removeprefix("Input should be ")
        rule = f"must be {expected}. Received: {received!r}"
        hint = _of_kind(received, path[-1], sections) if path else ""
    name = dotted(path)
    return f"{_place(path, places)}: {f'`{name}` ' if name else ''}{rule}{hint}"


def _place(path: located_yaml.Path, places: dict[located_yaml.Path, str]) -> str:
    """Returns the place of a key, or of the section that lacks it."""
    return next(places[path[:end]] for end in range(len(path), -1, -1) if path[:end] in places)


def _walk(
    loc: tuple[Any, ...], data: Any, recipe: type[Recipe]
) -> tuple[located_yaml.Path, list[type[BaseModel]], list[type[BaseModel]]]:
    """Splits Pydantic's location: the path without tags of unions, the classes of its section, and the alternatives."""
    path: list[Any] = []
    sections: list[type[BaseModel]] = [recipe]
    last: list[type[BaseModel]] = sections
    others: list[type[BaseModel]] = []  # from the union that a tag chose from
    beside: list[type[BaseModel]] = others
    keyed = False  # whether the next part is a key that the user chose, such as the name of a player
    for part in loc:
        if part in (ONE, NAMED):
            keyed = part == NAMED
            continue
        tagged = [section for section in sections if part in _tags(section)]
        if tagged and (len(sections) > 1 or not (isinstance(data, dict) and part in data)):
            sections, others = tagged, sections
            continue
        path.append(part)
        last, beside = sections, others
        data = data.get(part) if isinstance(data, dict) else None
        if keyed:
            keyed = False
            continue
        fields = [_fields(section)[part] for section in sections if part in _fields(section)]
        keyed = any(_is_mapping(field.annotation) for field in fields)
        sections, others = list(dict.fromkeys(inner for field in fields for inner in _models(field.annotation))), []
    return tuple(path), last, beside


def _choice(sections: list[type[BaseModel]], key: str) -> str:
    """Returns the tag that a section needs for a key, such as `` `source: folder or frames` ``; or nothing."""
    holders = [section for section in sections if key in _fields(section)]
    tag = next((tag for section in holders for tag in _TAGS if tag in section.model_fields), None)
    if tag is None:
        return ""
    values = [value for section in holders for value in get_args(section.model_fields[tag].annotation)]
    return f"`{tag}: {' or '.join(values)}`"


def _fields(section: type[BaseModel]) -> dict[str, FieldInfo]:
    """Returns the keys that a section may have."""
    return {field.alias or name: field for name, field in section.model_fields.items()}


def _inside(key: str, sections: list[type[BaseModel]]) -> str:
    """Returns `` Did you mean `optimizer.beta_1`?`` if a sub-section has the key, or nothing."""
    for section in sections:
        for name, field in _fields(section).items():
            if not _is_mapping(field.annotation) and any(key in _fields(model) for model in _models(field.annotation)):
                return f" Did you mean `{name}.{key}`?"
    return ""


def _of_kind(received: Any, key: Any, sections: list[type[BaseModel]]) -> str:
    """Returns ``. Did you mean `{kind: sgd}`?`` if a bare value is a kind of the section that belongs there."""
    fields = [_fields(section)[key] for section in sections if key in _fields(section)]
    kinds = [model.model_fields.get("kind") for field in fields for model in _models(field.annotation)]
    known = [value for kind in kinds if kind is not None for value in get_args(kind.annotation)]
    return f". Did you mean `{{kind: {received}}}`?" if received in known else ""


def _tags(section: type[BaseModel]) -> set[Any]:
    """Returns the literal values by which unions select this class."""
    return {
        value
        for key in _TAGS
        if key in section.model_fields
        for value in get_args(section.model_fields[key].annotation)
    }


def _is_mapping(annotation: Any) -> bool:
    """Returns whether a section is a dict, or may be one."""
    return get_origin(annotation) is dict or any(get_origin(part) is dict for part in get_args(annotation))


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Returns the section classes inside a type annotation."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for argument in get_args(annotation) for model in _models(argument)]
