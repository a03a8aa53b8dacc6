import json
import pathlib

import keras
import numpy as np
import pytest

from keras_genssl import backbones
from keras_genssl.backbones import perceptual, perceptual_extractor, small_extractor


def _images(size):
    return np.random.default_rng(0).uniform(-1, 1, (1, size, size, 3)).astype("float32")


@pytest.mark.parametrize(
    ("source", "layer", "preprocess"),
    [
        ("vgg16", "block1_conv2", keras.applications.vgg16.preprocess_input),
        ("vgg19", "block2_conv1", keras.applications.vgg19.preprocess_input),
        ("resnet50", "conv2_block1_out", keras.applications.resnet50.preprocess_input),
        ("inception_v3", "activation", keras.applications.inception_v3.preprocess_input),
    ],
)
def test_preprocessing_is_that_of_keras_applications(source, layer, preprocess, tmp_path):
    keras.utils.set_random_seed(0)
    keras.backend.clear_session()  # layer names of Inception count up
    network = perceptual._SOURCES[source][0](include_top=False, weights=None, input_shape=(None, None, 3))
    layer = next(name for name in (each.name for each in network.layers) if name.startswith(layer))
    reference = keras.Model(network.input, network.get_layer(layer).output)
    keras.backend.clear_session()
    network.save_weights(tmp_path / "network.weights.h5")
    extractor = perceptual_extractor(source, [layer], tmp_path / "network.weights.h5")
    images = _images(76)
    (features,) = extractor(images)
    expected = reference(preprocess((images + 1) * 127.5), training=False)
    np.testing.assert_allclose(features, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max())
    assert extractor.trainable_variables == []
    assert extractor(_images(90))[0].shape[1] > features.shape[1]
    assert extractor.count_params() < network.count_params() / 10  # ends at the layer named


def test_named_layer_sets_are_after_the_relu():
    vgg16 = keras.applications.VGG16(include_top=False, weights=None)
    vgg19 = keras.applications.VGG19(include_top=False, weights=None)
    for network, names in (
        (vgg16, backbones.JOHNSON_STYLE_LAYERS + backbones.JOHNSON_CONTENT_LAYERS),
        (vgg19, backbones.SRGAN_CONTENT_LAYERS),
    ):
        assert all(network.get_layer(name).activation is keras.activations.relu for name in names)
    # Ledig et al.: dividing features by 12.75 is weighing their squared distance by about 0.006.
    assert pytest.approx(0.006, abs=2e-4) == backbones.SRGAN_FEATURE_SCALE**2


def test_small_extractor_keeps_layer_order_and_any_size():
    network = small_extractor((2, 3, 4))
    extractor = perceptual_extractor(network, ["block3_conv2", "block1_conv1"])
    assert [features.shape for features in extractor(_images(11))] == [(1, 2, 2, 4), (1, 11, 11, 2)]
    assert extractor.layer_names == ("block3_conv2", "block1_conv1")
    inner = perceptual_extractor(network, ["block1_conv1"])
    assert inner.count_params() == (3 * 9 + 1) * 2
    np.testing.assert_array_equal(inner(_images(11))[0], extractor(_images(11))[1])
    np.testing.assert_array_equal(perceptual_extractor(network)(_images(11))[0], network(_images(11)))


def test_weights_file_and_config_restore_the_features(tmp_path):
    network = small_extractor()
    network.save_weights(tmp_path / "small.weights.h5")
    extractor = perceptual_extractor("small", ["block2_conv1"], tmp_path / "small.weights.h5")
    reference = keras.Model(network.input, network.get_layer("block2_conv1").output)
    np.testing.assert_allclose(extractor(_images(8))[0], reference(_images(8)), rtol=1e-5, atol=1e-6)
    (tmp_path / "small.weights.h5").unlink()
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(extractor))
    np.testing.assert_array_equal(restored(_images(8))[0], extractor(_images(8))[0])


def test_small_is_the_same_every_time_and_travels_with_its_weights():
    keras.utils.set_random_seed(1)
    extractor = perceptual_extractor("small")
    keras.utils.set_random_seed(2)
    again = perceptual_extractor("small")
    assert extractor.layer_names == ("block3_conv2",)
    convolutions = ((3, 24), (24, 24), (24, 48), (48, 48), (48, 96), (96, 96))
    assert extractor.count_params() == sum((9 * a + 1) * b for a, b in convolutions)
    np.testing.assert_array_equal(extractor(_images(8))[0], again(_images(8))[0])
    restored = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(extractor))
    np.testing.assert_array_equal(restored(_images(8))[0], extractor(_images(8))[0])


def test_a_seed_gives_each_layer_its_own_weights():
    weights = [w for seed in (0, 1) for w in small_extractor((3, 3), seed=seed).weights]
    kernels = [np.asarray(w) for w in weights if w.path.endswith("kernel")]
    assert len({kernel.tobytes() for kernel in kernels}) == 8


def test_trained_weights_ship_only_where_they_beat_all_random_ones():
    results = pathlib.Path(__file__).parents[2] / "results"
    for path in results.glob("perceptual_extractor*.json"):
        edges = json.loads(path.read_text())["edge_ssim"]
        random = [edges[f"random {seed}"] for seed in (0, 1, 2)]
        assert min(random) > edges["pixels alone"]
        assert max(random) > edges["ours"]  # nothing ships: "small" is random


def test_without_a_network_the_error_says_what_to_pass(monkeypatch):
    def unreachable(**kwargs):
        raise Exception("URL fetch failure")

    monkeypatch.setitem(perceptual._SOURCES, "vgg16", (unreachable, True, ()))
    with pytest.raises(OSError, match=r'URL fetch failure.*Pass as `weights` the path.*"small".*keras.Model'):
        perceptual_extractor("vgg16")


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"source": "vgg"}, ValueError, "`source` must be one of 'vgg16'.*Received: source='vgg'"),
        ({"weights": None, "layers": ["conv1"]}, ValueError, r"`layers` must name layers.*\['conv1'\]"),
        ({"weights": None, "layers": []}, ValueError, "`layers` must name layers"),
        ({"weights": "missing.h5"}, FileNotFoundError, "there is no weights file 'missing.h5'"),
        ({"weights": "imagenet"}, ValueError, "source='small', weights='imagenet'"),
    ],
)
def test_errors_name_the_argument(arguments, error, message):
    with pytest.raises(error, match=message):
        perceptual_extractor(**{"source": "small", **arguments})


def test_a_given_model_keeps_its_weights():
    with pytest.raises(ValueError, match=r"keeps its own weights.*Received: weights='imagenet'"):
        perceptual_extractor(small_extractor((1,)), weights="imagenet")
