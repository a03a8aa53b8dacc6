"""What a method saves beside its weights, and which calls of Keras it refuses."""

import pathlib

import keras
import numpy as np
import pytest
import tensorflow as tf

import keras_genssl as kg
from keras_genssl.engine import replicas


def encoder(dropout: bool = False) -> keras.Model:
    noise = [keras.layers.Dropout(0.5, seed=1)] if dropout else []
    return keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Flatten(), *noise, keras.layers.Dense(4)])


def flip(seed: int) -> keras.layers.Layer:
    return kg.views.RandomFlip(seed=seed)


METHODS = {
    "a view": lambda seed: kg.models.SimCLR(encoder(), views=flip(seed)),
    "no view": lambda seed: kg.models.SimCLR(encoder()),
    "two views": lambda seed: kg.models.SimCLR(encoder(), views=(flip(seed), flip(seed + 1))),
    "a view, dropout": lambda seed: kg.models.SimCLR(encoder(dropout=True), views=flip(seed)),
}


def seeds(model: kg.engine.Method) -> dict[str, list[int]]:
    """By owner, what each seed started from: a draw adds to the second number of its state."""
    owners = replicas.seeds_by_owner(model)
    return {owner: [int(generator.state[0]) for generator in owners[owner]] for owner in owners}


@pytest.mark.parametrize("saved", METHODS)
@pytest.mark.parametrize("into", METHODS)
def test_weights_load_where_views_and_dropout_are_others(saved: str, into: str, tmp_path: pathlib.Path) -> None:
    first, second = METHODS[saved](3), METHODS[into](13)
    before = seeds(second)
    first.save_weights(tmp_path / "x.weights.h5")
    second.load_weights(tmp_path / "x.weights.h5")
    for weight, other in zip(second.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, other)
    own = seeds(first)
    as_many = {owner for owner in before if len(own.get(owner, ())) == len(before[owner])}
    assert seeds(second) == {owner: own[owner] if owner in as_many else before[owner] for owner in before}


def test_seeds_belong_to_the_attribute_that_holds_them() -> None:
    assert seeds(METHODS["two views"](3)) == {"views": [3, 4]}
    assert seeds(METHODS["a view, dropout"](3)) == {"encoder": [1], "views": [3]}
    momentum = kg.models.MoCo(encoder(dropout=True), views=flip(3), queue_size=4)
    assert list(seeds(momentum)) == ["encoder", "key_encoder", "seed", "views"]
    denoising = kg.models.DenoisingAutoencoder(
        encoder(),
        keras.Sequential([keras.Input((4,)), keras.layers.Dense(48), keras.layers.Reshape((4, 4, 3))]),
        kg.corruptions.GaussianNoise(0.1),
    )
    assert list(seeds(denoising)) == ["seed"]
    for model in (momentum, denoising):  # none is left out
        owned = [generator for owner in replicas.seeds_by_owner(model).values() for generator in owner]
        assert {id(generator) for generator in owned} == {id(g) for g in replicas.seed_generators(model)}


def test_the_calls_of_keras_that_do_not_fit_say_what_does(tmp_path: pathlib.Path) -> None:
    model = METHODS["a view"](3)
    with pytest.raises(ValueError, match=r"`format` must be 'tf_saved_model' for a method\. Received: format='onnx'"):
        model.export(tmp_path / "out", format="onnx")
    with pytest.raises(ValueError, match=r"`filepath` must end in \.keras.*Received: filepath='.*model\.h5'"):
        model.save(tmp_path / "model.h5")
    assert not list(tmp_path.iterdir())
    model.save(tmp_path / "model.keras")
    assert seeds(keras.saving.load_model(tmp_path / "model.keras")) == {"views": [3]}


def test_a_method_exports_what_it_serves(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = METHODS["a view"](3)
    path = model.export(str(tmp_path / "out"), verbose=True)
    assert capsys.readouterr().out == f"Exported {type(model).__name__} to {tmp_path / 'out'}\n"
    served = tf.saved_model.load(str(path)).signatures["serving_tensor"]
    images = np.linspace(-1, 1, 96, dtype=np.float32).reshape(2, 4, 4, 3)
    np.testing.assert_allclose(served(image=tf.constant(images))["vector"], model.encode(images), atol=1e-6)
    image = {"image": kg.engine.Image((4, 4, 3))}
    served_as = {"only": kg.engine.Serving(lambda images: images, image, image)}
    again = tf.saved_model.load(str(model.export(tmp_path / "other", signatures=served_as)))
    assert list(again.signatures["serving_tensor"].structured_outputs) == ["image"]
    with pytest.raises(FileExistsError, match="`path` must not exist"):
        model.export(path)
