"""Arguments by name: those of a call of `fit`, and those of a constructor as a config."""

import functools
import inspect
from collections.abc import Callable
from typing import Any

import keras


def named(method: Callable[..., Any], *args: Any, **kwargs: Any) -> dict[str, Any]:
    """The arguments of a call of an object's method by parameter name, without the object.

    Arguments of `*args` are a tuple under the name of that parameter; arguments of `**kwargs` have their own names.

    Raises:
        TypeError: If the method does not take these arguments.
    """
    signature = inspect.signature(method)
    values = signature.bind(None, *args, **kwargs).arguments
    first, *parameters = signature.parameters.values()
    for each in parameters:
        if each.kind is each.VAR_KEYWORD:
            values.update(values.pop(each.name, {}))
    return {name: value for name, value in values.items() if name != first.name}


def config_of(made: functools.partial[Any], name: str) -> dict[str, Any]:
    """The config of an object: its constructor's arguments and defaults, serialized.

    Args:
        made: The class and the arguments of its constructor.
        name: The object's name, which Keras may have chosen.
    """
    parameters = inspect.signature(made.func.__init__).parameters
    defaults = {each.name: each.default for each in parameters.values() if each.default is not each.empty}
    values = {**defaults, **named(made.func.__init__, *made.args, **made.keywords)}
    if "name" in parameters or any(each.kind is each.VAR_KEYWORD for each in parameters.values()):
        values["name"] = name
    lists = {
        key: list(value) if isinstance(value, tuple) else value for key, value in values.items()
    }  # as JSON would give them
    return {key: keras.saving.serialize_keras_object(value) for key, value in lists.items()}


def made_from(cls: type[Any], config: dict[str, Any]) -> Any:
    """Makes an object of a class from a config of `config_of`."""
    values = {key: keras.saving.deserialize_keras_object(value) for key, value in config.items()}
    parameters = list(inspect.signature(cls.__init__).parameters.values())[1:]
    further = next((number for number, each in enumerate(parameters) if each.kind is each.VAR_POSITIONAL), None)
    if further is None:
        return cls(**values)
    before = [values.pop(each.name) for each in parameters[:further] if each.name in values]
    return cls(*before, *values.pop(parameters[further].name, ()), **values)
