"""YAML in which every value remembers its line."""

import re
from typing import Any

import yaml

from pipelines.errors import UserError

Path = tuple[str | int, ...]


class _Loader(yaml.SafeLoader):
    """Safe YAML 1.1, except that ``5e-4`` is a number, as in YAML 1.2, and not a string."""


_Loader.yaml_implicit_resolvers = {
    key: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for key, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:\d+\.?\d*|\.\d+)[eE][-+]?\d+$"),
    list("-+.0123456789"),
)


def parse(text: str, source: str) -> tuple[Any, dict[Path, str]]:
    """Reads YAML text.

    Args:
        text: the YAML document.
        source: the name of the text in messages, usually the file's path.

    Returns:
        The value, and a dict from the path of every key and element to its place,
        ``"file.yaml:12"``.

    Raises:
        UserError: the text is not YAML, or a mapping names a key twice.

    >>> value, places = parse("train:\\n  epochs: 3", "a.yaml")
    >>> value, places["train", "epochs"]
    ({'train': {'epochs': 3}}, 'a.yaml:2')
    """
    try:
        loader = _Loader(text)
    except yaml.YAMLError as error:  # a character that text cannot contain
        raise UserError(*f"{source}: not valid YAML: {error}".splitlines()) from error
    try:
        node = loader.get_single_node()
        places: dict[Path, str] = {(): f"{source}:1"}
        if node is None:
            return None, places
        _locate(node, (), source, places)
        return loader.construct_document(node), places
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UserError(f"{source}:{line}: not valid YAML: {error.problem or error.context}") from error
    except yaml.YAMLError as error:
        raise UserError(*f"{source}: not valid YAML: {error}".splitlines()) from error
    finally:
        loader.dispose()


def _locate(node: yaml.Node, path: Path, source: str, places: dict[Path, str]) -> None:
    """Walks the node tree and records the place of each key and element."""
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            place = f"{source}:{key.start_mark.line + 1}"
            if not isinstance(key, yaml.ScalarNode):
                raise UserError(f"{place}: a key must be a plain word")
            child = (*path, key.value)
            if child in places:
                raise UserError(f"{place}: `{dotted(child)}` is given twice, first at {places[child]}")
            places[child] = place
            _locate(value, child, source, places)
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            places[(*path, index)] = f"{source}:{value.start_mark.line + 1}"
            _locate(value, (*path, index), source, places)


def dotted(path: Path) -> str:
    """Formats a path: ``("data", "held_out", 0)`` -> ``"data.held_out[0]"``."""
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
