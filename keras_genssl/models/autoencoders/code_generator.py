"""Images from priors over the codes of a quantized autoencoder."""

import functools
import math
from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.backbones.pixelcnn import LevelEncoding, PixelNetwork
from keras_genssl.checks.arrays import checked_labels
from keras_genssl.checks.numbers import whole
from keras_genssl.checks.seeds import given_or_new
from keras_genssl.engine import Anything, Image, Kind, Label, Method, Serving, Vector, batches
from keras_genssl.engine.graphs import as_graph
from keras_genssl.engine.networks import require_built
from keras_genssl.engine.shapes import some
from keras_genssl.layers import Quantizer
from keras_genssl.losses import CategoricalDistribution
from keras_genssl.models.autoencoders.quantized_base import QuantizedAutoencoder
from keras_genssl.models.autoregressive.base import uniform
from keras_genssl.models.autoregressive.sampling_base import draw_levels

_SAMPLE_BATCH = 500  # images drawn at a time: bounds memory


@keras.saving.register_keras_serializable(package="keras_genssl")
class CodeGenerator(Method):
    """Generates images by autoregressive priors over the codes of a trained quantized autoencoder.

    The second stage of VQ-VAE (van den Oord et al., 2017) and VQ-VAE-2 (Razavi et al., 2019). Minimises `-log p(codes)`
    of the codes of images, in nats an image:

        log p(codes) = log p(top) + log p(bottom | top)

    with one term for each level, from coarse to fine, and optionally a class that all terms depend on. Only the priors
    are trained; the autoencoder stays as it is. Images are sampled by drawing codes, level by level and in each
    level code by code, and decoding them. Batches hold `image`, and `label` if there are classes. Logs `nats`, the mean
    of `-log p` of one code, for each level. The `loss` has the penalties of priors and conditioners added, and none of
    the autoencoder.

    Reference:
        - van den Oord et al. 2017, [Neural Discrete Representation Learning](https://arxiv.org/abs/1711.00937)
        - two levels: Razavi et al. 2019, [Generating Diverse High-Fidelity Images with
          VQ-VAE-2](https://arxiv.org/abs/1906.00446)
        - the prior: van den Oord et al. 2016, [Conditional Image Generation with PixelCNN
          Decoders](https://arxiv.org/abs/1606.05328)

    Args:
        autoencoder: A `models.VQVAE` or `models.VQVAE2`.
        priors: For each level, from coarse to fine, `backbones.pixelcnn((h, w, 1), K, K, ...)` over its map of K codes.
        conditioners: For each level but the coarsest, a network of the coarser indices, int32 `(batch, h, w, 1)`, to
            the map that the prior takes (`backbones.code_map`, of the coarser level's number of codes).
        num_classes: The number of classes, at least 2, if the priors take one-hot vectors of them (`vector_dim`).
        name: The model's name.

    Raises:
        ValueError: If a network is not built or does not fit the codes of its level, or a prior is no network of
            `backbones.pixelcnn`.

    Example:

        prior = kg.backbones.pixelcnn((7, 7, 1), 64, 64, embedding_dim=32)
        model = kg.models.CodeGenerator(vqvae, [prior])
        model.compile("adam")
        model.fit(images, epochs=10)
        drawn = model.sample(64)
    """

    def __init__(
        self,
        autoencoder: QuantizedAutoencoder,
        priors: Sequence[PixelNetwork],
        *,
        conditioners: Sequence[keras.Model] = (),
        num_classes: int | None = None,
        name: str | None = None,
    ) -> None:
        if not isinstance(autoencoder, QuantizedAutoencoder):
            raise ValueError(
                f"`autoencoder` must be a models.VQVAE or models.VQVAE2. Received: autoencoder={autoencoder!r}"
            )
        num_classes = None if num_classes is None else whole("num_classes", num_classes, 2)
        _check_networks(autoencoder, priors, conditioners, num_classes)
        super().__init__(name=name)
        self.autoencoder = autoencoder
        self.priors = list(priors)
        self.conditioners = list(conditioners)
        self.num_classes = num_classes
        self.distributions = [CategoricalDistribution(quantizer.num_codes) for quantizer in autoencoder.quantizers]
        self.trackers = [
            keras.metrics.Mean("nats" if len(self.priors) == 1 else f"nats_{level}")
            for level in autoencoder.level_names
        ]
        self.latent_dim = sum(height * width for height, width in autoencoder.code_shapes)

    @property
    def trainable_variables(self) -> list[keras.Variable]:
        """The weights of priors and conditioners: codes have no gradient, and the autoencoder is not trained."""
        own = [variable for network in (*self.priors, *self.conditioners) for variable in network.trainable_variables]
        return own if self.trainable else []

    def penalized(self) -> list[keras.layers.Layer]:
        """Priors and conditioners: penalties of the autoencoder's weights are no part of the loss."""
        return [*self.priors, *self.conditioners]

    # Training -----------------------------------------------------------------------------------

    def inputs(self) -> dict[str, Kind]:
        """The image that the autoencoder takes, and its label if there are classes."""
        label = Anything(required=False) if self.num_classes is None else Label(self.num_classes)
        return {"image": Image(self.autoencoder.image_shape), "label": label}

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        """Images, and labels if there are classes."""
        return {"image": batch["image"], "label": None if self.num_classes is None else batch["label"]}, None

    def call(self, inputs: dict[str, Any], training: bool = False) -> tuple[Any, ...]:
        """Returns log p of the codes of each level of images, `(batch,)` each, in nats."""
        maps = [level.indices for level in self.autoencoder.levels(inputs["image"])]
        return self.log_probs(maps, inputs["label"], training)

    def log_probs(self, maps: Sequence[Any], labels: Any = None, training: bool = False) -> tuple[Any, ...]:
        """log p of each level given the coarser ones.

        Args:
            maps: Indices of codes, integers `(batch, h, w)` each, from coarse to fine.
            labels: Integers `(batch,)` in [0, num_classes), if and only if there are classes.
            training: Whether the networks train.

        Returns:
            Float `(batch,)` each, in nats.

        Raises:
            ValueError: If labels are missing, or given without classes.
        """
        self._require_labels(labels)
        maps = [ops.convert_to_tensor(indices)[..., None] for indices in maps]
        found = []
        for number, (prior, distribution) in enumerate(zip(self.priors, self.distributions, strict=True)):
            conditions = self._conditions(number, maps, labels, training)
            outputs = prior([maps[number], *(each for each in conditions if each is not None)], training=training)
            found.append(ops.sum(distribution.log_prob(maps[number], outputs), axis=(1, 2, 3)))
        return tuple(found)

    def example_losses(self, x: Any, y: Any, y_pred: Any) -> Any:
        """`-log p(codes)` of each example, `(batch,)`."""
        return -sum(y_pred)

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> dict[str, Any]:
        """Updates the nats of one code of each level."""
        for tracker, log_prob, shape in zip(self.trackers, y_pred, self.autoencoder.code_shapes, strict=True):
            tracker.update_state(-log_prob / math.prod(shape))
        return super().compute_metrics(x, y, y_pred, sample_weight)

    def predict_step(self, data: Any) -> Any:
        """log p of the codes of images, `(batch,)`; with classes, batches must hold labels."""
        return sum(self(self.split_inputs(self.batch(data, training=self.num_classes is not None))[0]))

    # Sampling -----------------------------------------------------------------------------------

    def generate_codes(self, latents: Any, labels: Any = None) -> tuple[Any, ...]:
        """Draws the codes of all levels.

        Args:
            latents: Standard normal, float `(batch, latent_dim)`, one number for each code. The same latents give the
                same codes: a code is where the prior's distribution function passes the normal one.
            labels: Integers `(batch,)` in [0, num_classes), if and only if there are classes.

        Returns:
            Indices of codes, int32 `(batch, h, w)` each, from coarse to fine.

        Raises:
            ValueError: If there are no latents, or they are no floats, not finite or have another length; or if labels
                are missing, given without classes, no integers, or not as many as latents.
            RuleError: When run, if a latent is not finite or a label lies outside [0, num_classes). XLA drops this
                check; there the image of such a label is NaN.
        """
        return self._codes_in_graph(*self._given(latents, labels))

    def generate(self, latents: Any, labels: Any = None) -> Any:
        """Draws codes and decodes them.

        Args:
            latents: As for `generate_codes`.
            labels: As for `generate_codes`.

        Returns:
            Float32 images `(batch, h, w, c)` in [-1, 1].

        Raises:
            ValueError: As for `generate_codes`; and so `RuleError`.
        """
        return self._images_in_graph(*self._given(latents, labels))

    def _given(self, latents: Any, labels: Any) -> list[Any]:
        """The checked latents, and labels if there are classes."""
        self._require_labels(labels)
        kinds: dict[str, Kind] = {"latents": Vector(self.latent_dim)}
        if self.num_classes is not None:
            kinds["labels"] = Label(self.num_classes)
        given = batches.checked(type(self).__name__, dict(zip(kinds, (latents, labels), strict=False)), kinds)
        return [some("latents", given["latents"]), *([given["labels"]] if "labels" in given else [])]

    def _require_labels(self, labels: Any) -> None:
        if (labels is None) != (self.num_classes is None):
            wanted = "None without `num_classes`"
            if self.num_classes is not None:
                wanted = f"integers (batch,) in [0, {self.num_classes}): the priors know classes"
            raise ValueError(f"`labels` must be {wanted}. Received: labels={labels!r}")

    def _codes(self, latents: Any, labels: Any = None) -> tuple[Any, ...]:
        """What `generate_codes` returns."""
        maps: list[Any] = []
        start = 0
        for number, (height, width) in enumerate(self.autoencoder.code_shapes):
            own = uniform(latents[:, start : start + height * width], (height, width, 1))
            start += height * width
            vector, map_ = self._conditions(number, maps, labels)
            maps.append(draw_levels(self.priors[number], self.distributions[number], own, vector=vector, map=map_))
        return tuple(ops.squeeze(indices, axis=-1) for indices in maps)

    def _images(self, *given: Any) -> Any:
        return self.autoencoder.from_code_maps(self._codes(*given))

    @functools.cached_property
    def _codes_in_graph(self) -> Callable[..., Any]:
        return as_graph(self._codes)

    @functools.cached_property
    def _images_in_graph(self) -> Callable[..., Any]:
        return as_graph(self._images)

    def sample(self, num_images: int, seed: int | None = None, labels: Sequence[int] | None = None) -> np.ndarray:
        """Generates images.

        Args:
            num_images: How many, at least 1.
            seed: At least 0. The same seed gives the same images; a larger `num_images` only adds more of them. None
                draws new ones at each call.
            labels: With classes only: integers `(num_images,)` in [0, num_classes); None: 0, 1, 2, ... in turn.

        Returns:
            Float32 `(num_images, h, w, c)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1, or labels are given without classes, have another length, or lie
                outside [0, num_classes).
        """
        num_images = whole("num_images", num_images)
        if self.num_classes is None:
            self._require_labels(labels)
        rng = np.random.default_rng(given_or_new(seed))
        given = [rng.standard_normal((num_images, self.latent_dim), dtype=np.float32)]
        if self.num_classes is not None:
            classes = np.arange(num_images) % self.num_classes if labels is None else labels
            given.append(checked_labels(classes, "labels", num_images, num_classes=self.num_classes))
        made = []
        for start in range(0, num_images, _SAMPLE_BATCH):
            parts = [ops.convert_to_tensor(values[start : start + _SAMPLE_BATCH]) for values in given]
            made.append(ops.convert_to_numpy(self.generate(*parts)))
        return np.concatenate(made)

    def serving(self) -> dict[str, Serving]:
        """The functions of the autoencoder; latents, with classes also labels, to images; and images from nothing.

        Images from nothing, `draw`, show the classes 0, 1, 2, ... in turn, and come with their labels.
        """
        image: dict[str, Kind] = {"image": Image(self.autoencoder.image_shape)}
        label: dict[str, Kind] = {} if self.num_classes is None else {"label": Label(self.num_classes)}
        return {
            **self.autoencoder.serving(),
            "generate": Serving(self.generate, {"latent": Vector(self.latent_dim), **label}, image),
            "draw": Serving(self._from_nothing, {}, {**image, **label}),
        }

    def _from_nothing(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        latents = keras.random.normal((num, self.latent_dim), seed=seed)
        if self.num_classes is None:
            return self.generate(latents)
        labels = ops.arange(num, dtype="int32") % self.num_classes
        return {"image": self.generate(latents, labels), "label": labels}

    def reconstruct(self, images: Any) -> Any:
        """Encodes and decodes images, `(batch, h, w, c)`, by the autoencoder; gives images in [-1, 1]."""
        return self.autoencoder.reconstruct(images)

    def _conditions(
        self, number: int, maps: Sequence[Any], labels: Any, training: bool = False
    ) -> tuple[Any | None, Any | None]:
        """The one-hot classes and the map that a level's prior takes, or None for each that it does not take."""
        vector = None if self.num_classes is None else batches.one_hot(labels, self.num_classes)
        map_ = self.conditioners[number - 1](maps[number - 1], training=training) if number else None
        return vector, map_


def _check_networks(
    autoencoder: QuantizedAutoencoder,
    priors: Sequence[keras.Model],
    conditioners: Sequence[keras.Model],
    num_classes: int | None,
) -> None:
    levels = list(zip(autoencoder.level_names, autoencoder.quantizers, autoencoder.code_shapes, strict=True))
    for argument, networks, count in (("priors", priors, len(levels)), ("conditioners", conditioners, len(levels) - 1)):
        if len(networks) != count:
            names = ", ".join(autoencoder.level_names)
            raise ValueError(
                f"`{argument}` must hold {count} networks for the levels {names}. Received: {len(networks)}"
            )
        require_built(**{f"{argument}[{number}]": network for number, network in enumerate(networks)})
    for number, (level, quantizer, (height, width)) in enumerate(levels):
        shape, codes = (height, width, 1), quantizer.num_codes
        expected: list[tuple[int, ...]] = [shape]
        if num_classes is not None:
            expected.append((num_classes,))
        if number:
            coarse = (*levels[number - 1][2], 1)
            made = conditioners[number - 1].output_shape[1:]
            if tuple(conditioners[number - 1].input_shape[1:]) != coarse or tuple(made[:2]) != (height, width):
                raise ValueError(
                    f"`conditioners[{number - 1}]` must map codes (batch, {', '.join(map(str, coarse))}) to a map "
                    f"(batch, {height}, {width}, channels) for `{level}`. "
                    f"Received: {conditioners[number - 1].input_shape} to {conditioners[number - 1].output_shape}"
                )
            expected.append(tuple(made))
            _check_codes(conditioners[number - 1], number - 1, *levels[number - 1][:2])
        received = [tuple(tensor.shape[1:]) for tensor in keras.tree.flatten(priors[number].inputs)]
        if received != expected or tuple(priors[number].output_shape[1:]) != (*shape, codes):
            raise ValueError(
                f"`priors[{number}]` must take inputs of shape {', '.join(map(str, expected))} and give {codes} "
                f"outputs for each of the {height} x {width} codes of `{level}`. Received: inputs of shape "
                f"{', '.join(map(str, received))}, outputs of shape {tuple(priors[number].output_shape[1:])}"
            )
        _check_prior(priors[number], number, level, codes)


def _check_prior(prior: keras.Model, number: int, level: str, codes: int) -> None:
    """Raises ValueError unless a prior can be sampled, code by code, and has the codes of its level."""
    if not isinstance(prior, PixelNetwork):
        raise ValueError(
            f"`priors[{number}]` must be a network of backbones.pixelcnn, which sees only earlier codes. "
            f"Received: {prior.name!r}, a {type(prior).__name__}"
        )
    if (prior.num_levels, prior.num_outputs) != (codes, codes):
        raise ValueError(
            f"`priors[{number}]` must have num_levels={codes} and num_outputs={codes}, the codes of `{level}`. "
            f"Received: num_levels={prior.num_levels} and num_outputs={prior.num_outputs}"
        )


def _check_codes(conditioner: keras.Model, number: int, level: str, quantizer: Quantizer) -> None:
    """Raises ValueError if a conditioner encodes another number of codes than the coarser level has."""
    for layer in conditioner._flatten_layers():
        if isinstance(layer, LevelEncoding) and layer.num_levels != quantizer.num_codes:
            raise ValueError(
                f"`conditioners[{number}]` must have num_codes={quantizer.num_codes}, the codes of `{level}`. "
                f"Received: num_codes={layer.num_levels}"
            )
