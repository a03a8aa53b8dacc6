"""Layers that take the class of an image: normalisation with gains of each class, the score of a class."""

from typing import Any

import keras
from keras import ops

from keras_genssl.layers.normalization import BatchNormalization, SpectralNormalization
from keras_genssl.layers.preprocessing import ImageLayer


class ClassLayer(ImageLayer):
    """Base class of layers called on a pair: features, and one-hot classes or weights ``(batch, num_classes)``."""

    def sizes(self, input_shape: Any) -> tuple[int, int]:
        """Returns the channels and the number of classes.

        Raises:
            ValueError: if the input is no such pair, or one of the two sizes is not known.
        """
        pair = isinstance(input_shape, list | tuple) and len(input_shape) == 2
        if not pair or any(not hasattr(shape, "__len__") for shape in input_shape):
            raise ValueError(
                f"{type(self).__name__} must be called on [features, classes (batch, num_classes)]. "
                f"Received: an input of shape {input_shape}"
            )
        features, classes = (tuple(shape) for shape in input_shape)
        if len(features) < 2 or len(classes) != 2 or None in (features[-1], classes[-1]):
            raise ValueError(
                f"{type(self).__name__} must be called on features (batch, ..., channels) and classes "
                f"(batch, num_classes) with known channels and num_classes. Received: inputs of shape {features} and "
                f"{classes}"
            )
        return features[-1], classes[-1]


@keras.saving.register_keras_serializable(package="keras_genssl")
class ConditionalBatchNormalization(ClassLayer):
    """Batch normalisation with a gain and a bias of each class: ``y = g_c (x - mean) / std + b_c`` for class c.

    Dumoulin et al., 2017, for styles; de Vries et al., 2017; in the generator of Miyato and Koyama, 2018. The mean and
    the deviation are those of the whole batch, of all classes together. Gains start at 1 and biases at 0, where the
    layer is batch normalisation without classes. Weights in place of a one-hot vector mix the gains and biases of the
    classes: ``[0.5, 0.5]`` is half way between two.

    Reference:
        - Dumoulin et al. 2017, [A Learned Representation For Artistic Style](https://arxiv.org/abs/1610.07629)
        - de Vries et al. 2017, [Modulating early visual processing by language](https://arxiv.org/abs/1707.00683)
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        momentum: of the moving mean and variance.
        epsilon: added to the variance.
        synchronized: batch statistics of the global batch under several replicas (TensorFlow only).
        gain_initializer: of the gains.
        **kwargs: those of `keras.layers.Layer`.

    Call: inputs ``[features (batch, ..., channels), classes (batch, num_classes)]``; returns the features' shape.

    Raises:
        ValueError: if the input does not fit.

    Example:
        >>> layer = ConditionalBatchNormalization(epsilon=1e-12)
        >>> features, classes = ops.array([[1.0], [3.0]]), ops.array([[1.0, 0.0], [0.0, 1.0]])
        >>> layer.build([features.shape, classes.shape])
        >>> _ = layer.gain.assign([[1.0], [5.0]]), layer.bias.assign([[0.0], [2.0]])
        >>> [round(float(value), 3) for value in layer([features, classes], training=True)[:, 0]]
        [-1.0, 7.0]
    """

    def __init__(
        self,
        momentum: float = 0.99,
        epsilon: float = 1e-3,
        synchronized: bool = False,
        gain_initializer: Any = "ones",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.gain_initializer = keras.initializers.get(gain_initializer)
        self.normalization = BatchNormalization(
            momentum=momentum,
            epsilon=epsilon,
            center=False,
            scale=False,
            synchronized=synchronized,
            dtype=self.dtype_policy,
            name="normalization",
        )

    def build(self, input_shape: Any) -> None:
        """Makes the statistics of each channel, and a gain and a bias of each class and channel."""
        channels, num_classes = self.sizes(input_shape)
        self.normalization.build(input_shape[0])
        self.gain = self.add_weight((num_classes, channels), self.gain_initializer, name="gain")
        self.bias = self.add_weight((num_classes, channels), "zeros", name="bias")

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Normalises, then applies the gain and the bias of each example's class."""
        features, classes = inputs
        normalised = self.normalization(features, training=training)
        flat = [-1, *[1] * (len(features.shape) - 2), features.shape[-1]]  # (batch, 1, 1, channels)
        gain, bias = (ops.reshape(ops.matmul(classes, part), flat) for part in (self.gain, self.bias))
        return normalised * gain + bias

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns the features' shape."""
        self.sizes(input_shape)
        return tuple(input_shape[0])

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "momentum": self.normalization.momentum,
            "epsilon": self.normalization.epsilon,
            "synchronized": self.normalization.synchronized,
            "gain_initializer": keras.initializers.serialize(self.gain_initializer),
        }


@keras.saving.register_keras_serializable(package="keras_genssl")
class ClassProjection(ClassLayer):
    """The inner product of features and a learnt vector of the class: ``v_cᵀ x``.

    Miyato and Koyama, 2018, Eq. 3: what a projection discriminator adds to its logit. With spectral normalisation the
    matrix of all vectors is divided by its largest singular value.

    Reference:
        - Miyato and Koyama 2018, [cGANs with Projection Discriminator](https://arxiv.org/abs/1802.05637)

    Args:
        spectral_normalization: whether `SpectralNormalization` normalises the vectors.
        kernel_initializer: of the vectors, as a matrix ``(num_classes, dim)``.
        **kwargs: those of `keras.layers.Layer`.

    Call: inputs ``[features (batch, dim), classes (batch, num_classes)]``; returns ``(batch, 1)``.

    Raises:
        ValueError: if the input does not fit.

    Example:
        >>> layer = ClassProjection()
        >>> layer.build([(None, 2), (None, 2)])
        >>> _ = layer.vectors.kernel.assign([[1.0, 0.0], [3.0, 4.0]])
        >>> [float(value) for value in layer([ops.ones((2, 2)), ops.eye(2)])[:, 0]]
        [1.0, 7.0]
    """

    def __init__(
        self, spectral_normalization: bool = False, kernel_initializer: Any = "glorot_uniform", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.spectral_normalization = bool(spectral_normalization)
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape: Any) -> None:
        """Makes the vectors."""
        dim, num_classes = self.sizes(input_shape)
        vectors = keras.layers.Dense(
            dim, use_bias=False, kernel_initializer=self.kernel_initializer, dtype=self.dtype_policy, name="vectors"
        )
        if self.spectral_normalization:
            vectors = SpectralNormalization(vectors, dtype=self.dtype_policy, name="vectors_sn")
        self.vectors = vectors
        self.vectors.build((None, num_classes))

    def sizes(self, input_shape: Any) -> tuple[int, int]:
        """Returns the features' length and the number of classes."""
        found = super().sizes(input_shape)
        if len(input_shape[0]) != 2:
            raise ValueError(
                "The features of ClassProjection must have shape (batch, dim). "
                f"Received: features of shape {tuple(input_shape[0])}"
            )
        return found

    def call(self, inputs: Any, training: bool = False) -> Any:
        """Returns the inner products, ``(batch, 1)``."""
        features, classes = inputs
        own = self.vectors(classes, training=training) if self.spectral_normalization else self.vectors(classes)
        return ops.sum(features * own, axis=-1, keepdims=True)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, ...]:
        """Returns ``(batch, 1)``."""
        self.sizes(input_shape)
        return (input_shape[0][0], 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "spectral_normalization": self.spectral_normalization,
            "kernel_initializer": keras.initializers.serialize(self.kernel_initializer),
        }
