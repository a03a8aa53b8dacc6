"""Penalties: on the gradient of a discriminator or of a synthesis, as an argument of a GAN, and weight clipping.

Guide: docs/generative.md. Their effect on mode collapse: `benchmarks/mode_collapse.py`.
"""

from collections.abc import Callable
from typing import Any, Self

import keras
from keras import ops

from keras_genssl.checks.numbers import finite, whole
from keras_genssl.engine import RunningMean, input_gradient, replicas
from keras_genssl.engine.shapes import same_shape

__all__ = [
    "ClipWeights",
    "DRAGANPenalty",
    "DiscriminatorPenalty",
    "GradientPenalty",
    "PathLengthPenalty",
    "R1Penalty",
    "clip_weights",
]


_EPSILON = 1e-12  # under the root, whose gradient at 0 is infinite


class DiscriminatorPenalty:
    """A penalty on the gradient of a discriminator with respect to images, added to its loss.

    Called as ``penalty(discriminator, real, fake, seed, iterations)``, it returns ``(batch,)``:

    - discriminator: a callable, images to logits ``(batch, 1)`` or to patches ``(batch, h, w, 1)``; for patches, the
      gradient is that of their mean. The output of an image must not depend on other images: if the discriminator has
      batch normalisation, pass ``lambda x: discriminator(x, training=False)``, which uses the moving statistics and
      does not change them.
    - real, fake: images (or points), float ``(batch, ...)``, the same number of both.
    - seed: a `keras.random.SeedGenerator` of the model. Random numbers are drawn for the global batch, so that N
      replicas equal one device.
    - iterations: the number of updates of the discriminator so far, an int scalar; only lazy penalties use it.
    """

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: Any,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        raise NotImplementedError

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a penalty from the arguments of ``get_config``."""
        return cls(**config)


def squared_norms(discriminator: Callable[[Any], Any], images: Any) -> Any:
    """``‖∇ D(x)‖²`` of each image, ``(batch,)``."""

    def value(x: Any) -> Any:
        logits = ops.cast(discriminator(x), keras.config.floatx())
        return ops.mean(logits, axis=tuple(range(1, len(logits.shape))))

    slopes = ops.cast(input_gradient(value, images), keras.config.floatx())
    return ops.sum(ops.square(slopes), axis=tuple(range(1, len(slopes.shape))))


def distance_of_norm(discriminator: Callable[[Any], Any], images: Any, norm: float) -> Any:
    """``(‖∇ D(x)‖ - norm)²`` of each image, ``(batch,)``; its gradient is finite even if ∇ D(x) is 0."""
    return ops.square(ops.sqrt(squared_norms(discriminator, images) + _EPSILON) - norm)


@keras.saving.register_keras_serializable(package="keras_genssl")
class GradientPenalty(DiscriminatorPenalty):
    """Gradient norm 1 between real images and fakes: ``weight (‖∇ D(x̂)‖ - 1)²``, ``x̂ = x + α (G(z) - x)``.

    WGAN-GP, Gulrajani et al., 2017, Eq. 3. α is uniform on [0, 1), one number per image; the norm is that of the whole
    gradient of one image. The paper's critic has no batch normalisation.

    Reference:
        - Gulrajani et al. 2017, [Improved Training of Wasserstein GANs, Eq. 3](https://arxiv.org/abs/1704.00028)

    Args:
        weight: the paper's λ, at least 0.

    Raises:
        ValueError: if ``weight`` is negative.

    Example:
        >>> penalty, seed = GradientPenalty(weight=10.0), keras.random.SeedGenerator(0)
        >>> real, fake = ops.ones((2, 4)), ops.zeros((2, 4))
        >>> [round(float(value), 3) for value in penalty(lambda x: 3.0 * x[:, :1], real, fake, seed)]  # 10 (3 - 1)²
        [40.0, 40.0]
    """

    def __init__(self, weight: float = 10.0) -> None:
        self.weight = finite("weight", weight, 0)

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: keras.random.SeedGenerator,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        fake = same_shape("`fake`", fake, "`real`", real)
        alpha = replicas.uniform((ops.shape(real)[0], *[1] * (len(real.shape) - 1)), seed)  # (batch, 1, 1, 1)
        mixed = real + ops.cast(alpha, real.dtype) * (ops.cast(fake, real.dtype) - real)
        return self.weight * distance_of_norm(discriminator, mixed, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


@keras.saving.register_keras_serializable(package="keras_genssl")
class DRAGANPenalty(DiscriminatorPenalty):
    """Gradient norm 1 around real images: ``weight (‖∇ D(x + δ)‖ - 1)²``, ``δ = std(X) U / 2``.

    Kodali et al., 2017, Section 2.3. As in its code, the noise U is uniform on [0, 1), one number per pixel. ``std(X)``
    is the standard deviation of all pixels of the *global* batch. Fakes are not used.

    Reference:
        - Kodali et al. 2017, [On Convergence and Stability of GANs](https://arxiv.org/abs/1705.07215)

    Args:
        weight: the paper's λ, at least 0.

    Raises:
        ValueError: if ``weight`` is negative.

    Example:
        >>> penalty, seed = DRAGANPenalty(weight=10.0), keras.random.SeedGenerator(0)
        >>> images = ops.ones((2, 4))
        >>> [round(float(value), 3) for value in penalty(lambda x: 3.0 * x[:, :1], images, None, seed)]  # 10 (3 - 1)²
        [40.0, 40.0]
    """

    def __init__(self, weight: float = 10.0) -> None:
        self.weight = finite("weight", weight, 0)

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: keras.random.SeedGenerator,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        noise = replicas.uniform((ops.shape(real)[0], *real.shape[1:]), seed)
        around = real + ops.cast(0.5 * _deviation(real) * noise, real.dtype)
        return self.weight * distance_of_norm(discriminator, around, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"weight": self.weight}


def _deviation(images: Any) -> Any:
    """The standard deviation of all pixels on all replicas, a scalar."""
    images = ops.stop_gradient(ops.cast(images, keras.config.floatx()))
    axes = tuple(range(1, len(images.shape)))
    mean = ops.mean(replicas.all_gather(ops.mean(images, axis=axes)))
    return ops.sqrt(ops.mean(replicas.all_gather(ops.mean(ops.square(images - mean), axis=axes))))


@keras.saving.register_keras_serializable(package="keras_genssl")
class R1Penalty(DiscriminatorPenalty):
    """Gradient 0 at real images: ``gamma / 2 ‖∇ D(x)‖²``.

    Mescheder et al., 2018, Eq. 9. It uses no random numbers and no fakes. The target norm is 0, not 1: at the
    equilibrium the discriminator is constant.

    With ``every=k`` the penalty is lazy (Karras et al., 2020, Section 3.1, k = 16): it is computed only at every k-th
    update, with k times the weight, which is nearly as good and has a k-th of the cost. The caller passes the number of
    the update, from a counter that is the same on all replicas and saved with the model: that of the discriminator's
    optimizer, before its update.

        penalty(discriminator, real, fake, seed, self.discriminator_optimizer.iterations)

    Only the penalty is computed inside a conditional; the optimizer is applied at every update. Replicas cannot
    communicate inside it, so the discriminator must not synchronise batch statistics (``training=False`` does not). The
    paper's code gives the penalty its own update, k + 1 updates in place of k, and therefore scales Adam's learning
    rate by ``c = k / (k + 1)`` and raises its betas to the power of c. Here it is part of an update; nothing is scaled.

    Reference:
        - Mescheder et al. 2018, [Which Training Methods for GANs do actually
          Converge?](https://arxiv.org/abs/1801.04406)
        - lazy: Karras et al. 2020, [StyleGAN2](https://arxiv.org/abs/1912.04958)

    Args:
        gamma: the paper's γ, at least 0; 10 for StyleGAN.
        every: k, an int of at least 1; with 1 the penalty is not lazy.

    Raises:
        ValueError: if an argument is outside its range, or a lazy penalty is called without ``iterations``.

    Example:
        >>> images = ops.ones((2, 4))
        >>> penalty = R1Penalty(gamma=10.0)
        >>> [float(value) for value in penalty(lambda x: 3.0 * x[:, :1], images, None, None)]  # 10 / 2 · 3²
        [45.0, 45.0]
        >>> lazy = R1Penalty(gamma=10.0, every=4)
        >>> [float(lazy(lambda x: 3.0 * x[:, :1], images, None, None, step)[0]) for step in range(5)]
        [180.0, 0.0, 0.0, 0.0, 180.0]
    """

    def __init__(self, gamma: float = 10.0, every: int = 1) -> None:
        self.gamma = finite("gamma", gamma, 0)
        self.every = whole("every", every)

    def __call__(
        self,
        discriminator: Callable[[Any], Any],
        real: Any,
        fake: Any,
        seed: Any = None,
        iterations: Any = None,
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        if self.every == 1:
            return self._penalty(discriminator, real)
        if iterations is None:
            raise ValueError(
                "`iterations` must be given to an R1Penalty that is lazy: the iterations of the discriminator's "
                f"optimizer. Received: iterations=None with every={self.every}"
            )
        return ops.cond(
            ops.equal(ops.cast(iterations, "int32") % self.every, 0),
            lambda: self.every * self._penalty(discriminator, real),
            lambda: ops.zeros((ops.shape(real)[0],), keras.config.floatx()),
        )

    def _penalty(self, discriminator: Callable[[Any], Any], real: Any) -> Any:
        return 0.5 * self.gamma * squared_norms(discriminator, real)

    def get_config(self) -> dict[str, Any]:
        return {"gamma": self.gamma, "every": self.every}


@keras.saving.register_keras_serializable(package="keras_genssl")
class PathLengthPenalty:
    """Paths of equal length: a step in the styles changes the image by the same amount, wherever it is taken.

    Karras et al., 2020, Section 3.2: ``weight (|J^T y| - a)²``. J is the Jacobian of the image with respect to the
    styles of all L layers; ``y ~ N(0, I / (h w))`` has the image's shape; the length is
    ``|J^T y| = √(Σ_l |J_l^T y|² / L)``; a is a running mean of lengths, to which this batch belongs already and through
    which no gradient flows. With weight 2 it is the paper's ``2 / (h w L)`` for lengths that are divided by neither.

    It is lazy, as `R1Penalty` is: with ``every=k`` it is computed, and a moved, in one of k updates of the generator,
    with k times the weight. It adds second derivatives, so it takes several times as long as the rest of a step.

    Called as ``penalty(synthesis, styles, mean, seed, iterations)``, it returns ``(batch,)``:

    - synthesis: a built `keras.Model`, styles ``(batch, num_styles, style_dim)`` to images; run in inference mode,
      because its noise must not be drawn inside a conditional.
    - styles: of this batch, float ``(batch, num_styles, style_dim)``.
    - mean: an `engine.RunningMean` of lengths, ``()``, with the momentum of the method. The method owns it among the
      networks of the generator's player, so that it is saved, and does not move where only losses are evaluated.
    - seed: a `keras.random.SeedGenerator` of the model.
    - iterations: the number of updates of the generator so far, an int scalar.

    Reference:
        - Karras et al. 2020, [Analyzing and Improving the Image Quality of StyleGAN, Section
          3.2](https://arxiv.org/abs/1912.04958)

    Args:
        weight: at least 0.
        every: k, an int of at least 1; with 1 the penalty is not lazy.

    Raises:
        ValueError: if an argument is outside its range.
    """

    def __init__(self, weight: float = 2.0, every: int = 4) -> None:
        self.weight = finite("weight", weight, 0)
        self.every = whole("every", every)

    def __call__(
        self, synthesis: keras.Model, styles: Any, mean: RunningMean, seed: keras.random.SeedGenerator, iterations: Any
    ) -> Any:
        """The penalty of each image, ``(batch,)``."""
        height, width, channels = synthesis.output_shape[1:]
        # Drawn outside of the conditional, in which replicas cannot meet.
        noise = replicas.normal((ops.shape(styles)[0], height, width, channels), seed) / (height * width) ** 0.5
        due = ops.equal(ops.cast(iterations, "int32") % self.every, 0)
        lengths = ops.cond(
            due,
            lambda: path_lengths(synthesis, styles, noise),
            lambda: ops.zeros((ops.shape(styles)[0],), keras.config.floatx()),
        )
        average = mean.update(lengths, due)
        penalties = self.every * self.weight * ops.square(lengths - average)
        return ops.where(due, penalties, ops.zeros_like(penalties))

    def get_config(self) -> dict[str, Any]:
        """All arguments of the constructor."""
        return {"weight": self.weight, "every": self.every}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Makes a penalty from the arguments of ``get_config``."""
        return cls(**config)


def path_lengths(synthesis: Callable[[Any], Any], styles: Any, noise: Any) -> Any:
    """``√(Σ_l |J_l^T y|² / L)`` of each image, ``(batch,)``, of noise y of the images' shape."""
    slopes = input_gradient(lambda taken: ops.cast(synthesis(taken), noise.dtype) * noise, styles)
    slopes = ops.cast(slopes, keras.config.floatx())  # (batch, L, style_dim)
    return ops.sqrt(ops.mean(ops.sum(ops.square(slopes), axis=-1), axis=-1) + _EPSILON)


@keras.saving.register_keras_serializable(package="keras_genssl")
class ClipWeights(keras.constraints.Constraint):
    """Keeps each weight in [-limit, limit].

    Arjovsky et al., 2017, Algorithm 1, line 7.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN, Algorithm 1](https://arxiv.org/abs/1701.07875)

    Args:
        limit: the paper's c, positive.

    Raises:
        ValueError: if ``limit`` is not positive.

    Example:
        >>> [float(value) for value in ClipWeights(0.5)(ops.array([-2.0, 0.25, 2.0]))]
        [-0.5, 0.25, 0.5]
    """

    def __init__(self, limit: float) -> None:
        self.limit = finite("limit", limit, 0, above=True)

    def __call__(self, w: Any) -> Any:
        """Clips the weights."""
        return ops.clip(w, -self.limit, self.limit)

    def get_config(self) -> dict[str, Any]:
        return {"limit": self.limit}


def clip_weights(network: keras.Model, limit: float = 0.01) -> None:
    """Makes optimizers clip a network's weights to [-limit, limit] after each update, from now on.

    WGAN (Arjovsky et al., 2017) bounds the Lipschitz constant of its critic this way. The function sets the layers' own
    constraints (`kernel_constraint` and so on), so a network that is saved and loaded still clips. All trainable
    weights are clipped, including the scales of normalisation layers, as in the paper's code.

    Reference:
        - Arjovsky et al. 2017, [Wasserstein GAN, Algorithm 1](https://arxiv.org/abs/1701.07875)

    Args:
        network: a built `keras.Model`, changed in place.
        limit: the paper's c, positive; the paper uses 0.01.

    Raises:
        ValueError: if ``limit`` is not positive, the network is not built, or a layer has a trainable weight but no
            argument for its constraint (nothing is changed then).

    Example:
        >>> critic = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, kernel_initializer="ones")])
        >>> clip_weights(critic, 0.01)
        >>> critic.layers[0].kernel_constraint.limit
        0.01
    """
    constraint = ClipWeights(limit)
    if not network.built:
        raise ValueError(f"`network` must be built. Received: {network.name!r}, which has no weights yet")
    found = []
    for layer in network._flatten_layers():
        for variable in layer._trainable_variables:
            attribute = f"{variable.name}_constraint"
            if not hasattr(layer, attribute):
                raise ValueError(
                    "`network` must have only layers that take constraints of their weights, or clipping would be lost "
                    f"when it is loaded. Received: {type(layer).__name__} {layer.name!r} without {attribute!r}"
                )
            found.append((layer, attribute, variable))
    for layer, attribute, variable in found:
        setattr(layer, attribute, constraint)
        variable.constraint = constraint
