"""Feature extractors of perceptual losses."""

import base64
import io
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np

from keras_genssl.backbones.small import small_extractor
from keras_genssl.checks import tensors
from keras_genssl.checks.tensors import require_channels_last
from keras_genssl.layers import CaffePreprocessing

# Johnson et al., 2016 (https://arxiv.org/abs/1603.08155), for "vgg16": relu1_2, relu2_2, relu3_3, relu4_3.
JOHNSON_STYLE_LAYERS = ("block1_conv2", "block2_conv2", "block3_conv3", "block4_conv3")
JOHNSON_CONTENT_LAYERS = ("block3_conv3",)
# Ledig et al., 2017 (https://arxiv.org/abs/1609.04802), for "vgg19": conv5_4 after its ReLU, divided by
# 12.75.
SRGAN_CONTENT_LAYERS = ("block5_conv4",)
SRGAN_FEATURE_SCALE = 1 / 12.75

_SOURCES: dict[str, tuple[Callable[..., keras.Model], bool, tuple[str, ...]]] = {
    # name: (builder, whether it takes Caffe's input, default layers)
    "vgg16": (keras.applications.VGG16, True, JOHNSON_CONTENT_LAYERS),
    "vgg19": (keras.applications.VGG19, True, SRGAN_CONTENT_LAYERS),
    "resnet50": (keras.applications.ResNet50, True, ("conv2_block3_out", "conv3_block4_out")),
    "inception_v3": (keras.applications.InceptionV3, False, ("mixed0", "mixed2")),
    "small": (small_extractor, False, ("block3_conv2",)),
}
_SMALL_SEED = 0  # seed of the random weights of "small" for "default"


@keras.saving.register_keras_serializable(package="keras_genssl")
class PerceptualExtractor(keras.Model):
    """A frozen network from images to a list of feature maps; `perceptual_extractor` builds it.

    Its configuration restores it with its weights: "imagenet" is fetched again by name, other weights are part of the
    configuration (base64 of an ``npz``), since losses have configurations but no weights of their own. It always runs
    in inference mode.

    Attributes:
        layer_names: the layers whose outputs ``call`` returns, in this order.
        features: the functional network, preprocessing included, up to the deepest of these layers.
    """

    def __init__(
        self,
        features: keras.Model,
        layer_names: Sequence[str],
        named_weights: tuple[str, str] | None = None,
        name: str = "perceptual_extractor",
    ) -> None:
        require_channels_last()
        super().__init__(name=name)
        self.layer_names = tuple(layer_names)
        self.features = features
        self._named_weights = named_weights
        self.trainable = False
        self.build((None, *features.input_shape[1:]))

    def build(self, input_shape: Any) -> None:
        """Does nothing, since the features are built."""
        self.built = True

    def call(self, images: Any) -> list[Any]:
        """Returns feature maps ``(batch, h', w', channels)`` of images ``(batch, h, w, 3)``, uint8 or in [-1, 1].

        Raises:
            ValueError: if images are neither uint8 nor float, or, where values are known, leave [-1, 1].
        """
        return self.features_of(tensors.signed(images))

    def features_of(self, images: Any) -> list[Any]:
        """Returns the same as ``call``, for floats that may leave [-1, 1], such as outputs of networks."""
        return keras.tree.flatten(self.features(images, training=False))

    def get_config(self) -> dict[str, Any]:
        """Returns everything needed to restore the extractor, including weights."""
        config: dict[str, Any] = {"name": self.name, "layer_names": list(self.layer_names)}
        if self._named_weights is not None:
            return {**config, "source": self._named_weights[0], "weights": self._named_weights[1]}
        buffer = io.BytesIO()
        np.savez(buffer, *self.features.get_weights())
        return {
            **config,
            "source": keras.saving.serialize_keras_object(self.features),
            "weights": base64.b64encode(buffer.getvalue()).decode("ascii"),
        }

    @classmethod
    def from_config(cls, config: dict[str, Any], custom_objects: Any = None) -> "PerceptualExtractor":
        if isinstance(config["source"], str):
            return perceptual_extractor(config["source"], config["layer_names"], config["weights"], name=config["name"])
        features = keras.saving.deserialize_keras_object(config["source"], custom_objects)
        with np.load(io.BytesIO(base64.b64decode(config["weights"]))) as arrays:
            features.set_weights([arrays[key] for key in arrays.files])
        return cls(features, config["layer_names"], name=config["name"])


def perceptual_extractor(
    source: str | keras.Model,
    layers: Sequence[str] | None = None,
    weights: str | pathlib.Path | None = "default",
    *,
    name: str = "perceptual_extractor",
) -> PerceptualExtractor:
    """Build the feature extractor of a perceptual loss: images in [-1, 1] to a list of feature maps, frozen.

    Preprocessing is included: BGR minus ImageNet's mean for "vgg16", "vgg19" and "resnet50", nothing for
    "inception_v3" and "small". The graph ends at the deepest of the given layers, and takes images of any size.

    Args:
        source: "vgg16", "vgg19", "resnet50", "inception_v3" (keras.applications), "small"
            (`small_extractor`), or a functional keras.Model that takes [-1, 1] and does its own
            preprocessing.
        layers: names of the layers whose outputs are wanted, in order. None: Johnson's content layer for
            "vgg16", SRGAN's for "vgg19", the last of "small", early stages of the others; a given model's own
            outputs.
        weights: "imagenet" (downloaded by Keras; not for "small"), the path of a Keras weights file of the
            source without its classifier, or None for random weights. "default": "imagenet", for "small" random
            weights of a fixed seed (docs/perceptual_extractor.md), for a given model those that it has.
        name: the extractor's name.

    Returns:
        A `PerceptualExtractor`: float ``(batch, h, w, 3)`` in [-1, 1] to a list of ``(batch, h', w', c)``.

    Raises:
        ValueError: if a source, layer or kind of weights is unknown.
        FileNotFoundError: if the weights file does not exist.
        OSError: if ImageNet's weights cannot be fetched.

    Example:
        >>> extractor = perceptual_extractor("vgg16", ["block1_conv2", "block2_conv2"], weights=None)
        >>> [features.shape[-1] for features in extractor(keras.ops.zeros((1, 16, 16, 3)))]
        [64, 128]
    """
    require_channels_last()
    if isinstance(source, keras.Model):
        if weights != "default":
            raise ValueError(f"A given model keeps its own weights: leave `weights` out. Received: weights={weights!r}")
        if layers is None:
            return PerceptualExtractor(keras.Model(source.input, list(source.outputs)), source.output_names, name=name)
        return PerceptualExtractor(_truncated(source, layers), layers, name=name)
    if source not in _SOURCES:
        raise ValueError(
            f"`source` must be one of {', '.join(map(repr, _SOURCES))}, or a keras.Model. Received: source={source!r}"
        )
    _, takes_caffe_input, default_layers = _SOURCES[source]
    layers = default_layers if layers is None else tuple(layers)
    if weights == "default" and source != "small":
        weights = "imagenet"
    features = _truncated(_network(source, weights), layers)
    if takes_caffe_input:
        images = keras.Input((None, None, 3), name="images")
        features = keras.Model(images, features(CaffePreprocessing(name="preprocessing")(images)))
    named_weights = (source, "imagenet") if weights == "imagenet" else None
    return PerceptualExtractor(features, layers, named_weights, name=name)


def _truncated(network: keras.Model, layers: Sequence[str]) -> keras.Model:
    """Returns the part of ``network`` up to ``layers``, with a list of their outputs."""
    known = [layer.name for layer in network.layers]
    if not layers or set(layers) - set(known):
        raise ValueError(
            f"`layers` must name layers of {network.name!r}: {', '.join(known)}. Received: layers={list(layers)}"
        )
    return keras.Model(network.input, [network.get_layer(layer).output for layer in layers])


def _network(source: str, weights: str | pathlib.Path | None) -> keras.Model:
    """Returns the whole network without its classifier, with its weights."""
    builder = _SOURCES[source][0]
    if source == "small" and weights == "imagenet":
        raise ValueError(
            'weights="imagenet" are for the networks of keras.applications. '
            f"Received: source={source!r}, weights={weights!r}"
        )
    if source == "small" and weights == "default":
        return small_extractor(seed=_SMALL_SEED)
    if weights == "imagenet":
        try:
            return builder(include_top=False, weights="imagenet", input_shape=(None, None, 3))
        except Exception as error:  # Keras raises a bare Exception when a download fails
            raise OSError(
                f"ImageNet's weights of {source!r} could not be fetched ({error}). Pass as `weights` the "
                'path of a weights file downloaded elsewhere, or as `source` "small" (its weights are random) '
                "or a keras.Model of your own."
            ) from error
    arguments = {} if source == "small" else {"include_top": False, "weights": None, "input_shape": (None, None, 3)}
    network = builder(**arguments)
    if weights is None:
        return network
    path = pathlib.Path(weights)
    if not path.is_file():
        raise FileNotFoundError(
            f"`weights`: there is no weights file {str(path)!r}. Pass the path of one, "
            '"imagenet" where the source has them, or None for random weights.'
        )
    network.load_weights(path)
    return network
