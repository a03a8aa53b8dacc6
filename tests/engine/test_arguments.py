"""A method's config is what its constructor was given."""

import inspect
import pathlib
from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from keras_genssl import backbones, losses, models
from keras_genssl.engine import Method
from keras_genssl.engine.arguments import named
from tests.toys import encoder, head


@keras.saving.register_keras_serializable(package="tests")
class HandsOn(models.SimCLR):
    """As users write it: arguments handed on as they come, and one more."""

    def __init__(self, *args: Any, weight: float = 1.0, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.weight = weight


@keras.saving.register_keras_serializable(package="tests")
class Distillation(Method):
    """Two networks, which may be one; arguments of several kinds and no name."""

    def __init__(self, student: keras.Model, teacher: keras.Model, scales: Any = (1.0,), *, loss: Any = None) -> None:
        super().__init__()
        self.networks = student, teacher
        self.scales = scales
        self.loss_of_outputs = loss or keras.losses.MeanSquaredError()

    def call(self, images: Any, training: bool = False) -> Any:
        first, second = (network(images, training=training) for network in self.networks)
        return first + 2.0 * second


def test_arguments_by_name() -> None:
    class Anything:
        def call(self, a: int, b: int = 2, *more: int, c: int = 3, **further: int) -> None: ...

    assert named(Anything.call, 1) == {"a": 1}
    assert named(Anything.call, b=1, a=2, d=3) == {"a": 2, "b": 1, "d": 3}
    assert named(Anything.call, 1, 5, 6, 7, c=8) == {"a": 1, "b": 5, "more": (6, 7), "c": 8}
    with pytest.raises(TypeError, match="missing a required argument: 'a'"):
        named(Anything.call, b=1)


def test_the_config_is_what_was_given_and_defaults() -> None:
    model = models.SimCLR(encoder("encoder"), temperature=np.float32(0.5))
    config = model.get_config()
    assert set(config) == {"encoder", "head", "views", "temperature", "name"}
    assert (config["head"], config["views"], config["temperature"], config["name"]) == (None, None, 0.5, model.name)
    again = models.SimCLR.from_config(config)  # which empties it
    assert again.get_config() == model.get_config()
    assert again.head.count_params() == model.head.count_params()  # the default, made anew


def test_a_config_with_the_defaults_networks_written_out_loads() -> None:
    """As configs were until the constructor's arguments were kept."""
    model = models.SimCLR(encoder("encoder"))
    config = {**model.get_config(), "head": keras.saving.serialize_keras_object(model.head)}
    assert [each.path for each in models.SimCLR.from_config(config).weights] == [each.path for each in model.weights]


@pytest.mark.parametrize("by_position", [True, False])
def test_a_subclass_that_hands_arguments_on(by_position: bool, tmp_path: pathlib.Path) -> None:
    network, options = encoder("encoder"), {"head": head(), "weight": 0.25, "name": "mine"}
    model = HandsOn(network, **options) if by_position else HandsOn(encoder=network, **options)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert type(again) is HandsOn
    assert (again.weight, again.name, again.head.name) == (0.25, "mine", "head")
    for first, second in zip(model.weights, again.weights, strict=True):
        np.testing.assert_array_equal(first, second)


def test_a_network_given_twice_is_one_when_it_is_loaded(tmp_path: pathlib.Path) -> None:
    network = backbones.small_encoder((8, 8, 1), filters=2)
    model = Distillation(network, network, (0.5, 2.0), loss=losses.ContrastiveLoss(margin=0.3))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.networks[0] is again.networks[1]
    assert (tuple(again.scales), again.loss_of_outputs.margin) == ((0.5, 2.0), 0.3)
    images = ops.ones((2, 8, 8, 1)) / 3
    np.testing.assert_array_equal(again(images), model(images))
    np.testing.assert_allclose(model(images), 3.0 * network(images), rtol=1e-6)


def test_wrong_arguments_are_refused_by_the_constructor() -> None:
    with pytest.raises(TypeError, match="unexpected keyword argument 'heat'"):
        models.SimCLR(encoder("encoder"), heat=0.5)  # type: ignore[call-arg]


def methods(base: type = Method) -> set[type]:
    """Every subclass of a class that the library defines, bases included."""
    found = {kind for each in base.__subclasses__() for kind in {each, *methods(each)}}
    return {kind for kind in found if kind.__module__.startswith("keras_genssl.")}


def test_what_has_a_default_is_given_by_name() -> None:
    """And what has none, by position too: networks, then what the method cannot do without."""
    public = {getattr(models, name) for name in models.__all__}
    assert public < methods()
    for kind in {Method, *methods()}:
        _, *parameters = inspect.signature(kind.__init__).parameters.values()
        for each in parameters:
            by_name = each.default is not each.empty or each.name == "name"
            assert each.kind is (each.KEYWORD_ONLY if by_name else each.POSITIONAL_OR_KEYWORD), (kind, each)
