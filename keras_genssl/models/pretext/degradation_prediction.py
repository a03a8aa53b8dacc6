"""Degradation prediction: predict from features how an image was degraded."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_genssl.engine import Image, Kind, Label, Method, Serving, Vector, batches
from keras_genssl.engine.networks import require_built
from keras_genssl.engine.shapes import same_shape
from keras_genssl.pretext.resize import integers

_TEMPERATURE = 0.1  # the differences are small, and the heads start at zero


@keras.saving.register_keras_serializable(package="keras_genssl")
class DegradationPrediction(Method):
    """Predicts how a crop was degraded, from the features of the crop and of its degraded copy.

    For each layer l with features φ, each window u of `window` pixels, and the degradation c,
    `loss = Σ_l mean_u cross_entropy(c, W_l (mean_u φ_l(image) - mean_u φ_l(reference)) / 0.1 + b_l)`.

    This is our own method, made for perceptual losses. The content cancels in the difference of features, which leaves
    what a perceptual loss should measure. Each layer that such a loss may use has its own head. Related methods:
    exemplar networks (Dosovitskiy et al., 2014, arXiv:1406.6909) learn to ignore the transformation instead; AET (Zhang
    et al., 2019) also predicts it from the features of both images, for geometric transformations; LPIPS (Zhang et al.,
    2018) has linear heads on differences that need human judgements.

    Batches hold `reference` and `image` (`(batch, h, w, 3)`, uint8 or float in [-1, 1], `h` and `w` at least
    `window`) and `degradation` (`(batch,)` integers), as `pretext.degraded_pair` makes them.

    Reference:
        - Zhang et al. 2019, [AET vs. AED: Unsupervised Representation Learning by Auto-Encoding
          Transformations](https://arxiv.org/abs/1901.04596)
        - Zhang et al. 2018, [The Unreasonable Effectiveness of Deep Features as a Perceptual
          Metric](https://arxiv.org/abs/1801.03924)

    Args:
        network: A built, functional `keras.Model` of images `(batch, h, w, 3)` in [-1, 1].
        layers: The names of the layers that get heads, at least one; layers after the last of them are not used.
        num_degradations: The number of classes, at least 2.
        window: The side of a window in pixels; a multiple of the stride of every layer named.
        name: The model's name.

    Raises:
        ValueError: If an argument is invalid.

    Example:

        model = kg.models.DegradationPrediction(kg.backbones.small_extractor(), ["block2_conv2", "block3_conv2"])
        model.compile(keras.optimizers.Adam(2e-3, global_clipnorm=5.0))
        model.fit(kg.data.load("photographs", batch_size=32, transform=kg.pretext.degraded_pair), epochs=10)
        extractor = kg.backbones.perceptual_extractor(model.features, ["block3_conv2"])
    """

    def __init__(
        self,
        network: keras.Model,
        layers: Sequence[str],
        *,
        num_degradations: int = 11,
        window: int = 8,
        name: str | None = None,
    ) -> None:
        require_built(network=network)
        super().__init__(name=name)
        known = [layer.name for layer in network.layers]
        if not layers or set(layers) - set(known):
            raise ValueError(
                f"`layers` must name layers of `network`: {', '.join(known)}. Received: layers={list(layers)}"
            )
        integers(2, num_degradations=num_degradations)
        integers(1, window=window)
        self.layer_names = tuple(layers)
        self.num_degradations = num_degradations
        self.window = window
        outputs = [network.get_layer(layer).output for layer in layers]
        self.features = keras.Model(network.input, outputs, name=network.name)
        self.pools = [_pool(self.features, index, window) for index in range(len(self.layer_names))]
        self.heads = []
        for layer, features in zip(layers, self.features.outputs, strict=True):
            head = keras.layers.Dense(num_degradations, kernel_initializer="zeros", name=f"{layer}_head")
            head.build((None, features.shape[-1]))
            self.heads.append(head)
        self.accuracy = keras.metrics.SparseCategoricalAccuracy(name="accuracy")

    def inputs(self) -> dict[str, Kind]:
        """The reference, the degraded image, and the class of the degradation."""
        image = Image(self.features.input_shape[1:])
        return {"reference": image, "image": image, "degradation": Label(self.num_degradations)}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Pairs of reference and degraded image, and the degradations if they are given."""
        if "image" not in batch:
            raise ValueError("A batch for DegradationPrediction must hold `image` beside `reference`")
        image = same_shape("`image`", batch["image"], "`reference`", batch["reference"])
        return (batch["reference"], image), batch.get("degradation")

    def call(self, pair: Any, training: bool = False) -> Any:
        """Log-probabilities `(batch, windows, layers, num_degradations)` of a pair `(reference, image)`."""
        before, after = (self._maps(images, training) for images in pair)
        answers = []
        for a, b, pool, head in zip(before, after, self.pools, self.heads, strict=True):
            difference = ops.average_pool(  # (batch, h', w', channels)
                b - a, pool, strides=pool, padding="valid", data_format="channels_last"
            )
            logits = ops.cast(head(difference / _TEMPERATURE), keras.config.floatx())
            answers.append(ops.reshape(logits, (ops.shape(logits)[0], -1, self.num_degradations)))
        return ops.log_softmax(ops.stack(answers, axis=2), axis=-1)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """The cross-entropy of each pair, summed over layers and averaged over windows, `(batch,)`."""
        chosen = batches.one_hot(y, self.num_degradations)[:, None, None, :]
        return -ops.mean(ops.sum(y_pred * chosen, axis=(2, 3)), axis=1)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the metrics, with `accuracy`: how often all windows and layers together find the degradation."""
        self.accuracy.update_state(y, ops.sum(y_pred, axis=(1, 2)))
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def encode(self, images: Any) -> Any:
        """The means of features, layer by layer: `(batch, h, w, 3)`, uint8 or in [-1, 1], to `(batch, channels)`."""
        maps = self._maps(batches.scaled(images), False)
        return ops.concatenate([ops.mean(features, axis=(1, 2)) for features in maps], axis=-1)

    def _maps(self, images: Any, training: bool) -> list[Any]:
        return keras.tree.flatten(self.features(images, training=training))

    def serving(self) -> dict[str, Serving]:
        """One function: image in, vector out."""
        return {"encode": Serving(self.encode, {"image": Image((None, None, 3))}, {"vector": Vector()})}


def _pool(features: keras.Model, index: int, window: int) -> int:
    """The number of positions of a layer's features per side of a window."""
    sides = [
        keras.tree.flatten(features.compute_output_spec(keras.KerasTensor((1, side, side, 3))))[index].shape[1]
        for side in (window, 2 * window)
    ]
    if sides[0] < 1 or window % sides[0] or sides[1] != 2 * sides[0]:
        raise ValueError(
            "`window` must be a multiple of the stride of every layer in `layers`. "
            f"Received: window={window}; {features.output_names[index]} has {sides[0]} positions in it"
        )
    return sides[0]
