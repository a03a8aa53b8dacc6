"""The semi-supervised GAN: a classifier that is also the discriminator, learnt from few labels."""

from typing import Any

import keras
from keras import ops

from keras_genssl.checks.numbers import finite
from keras_genssl.engine import Image, Kind, Label, Serving, TargetNetwork, Vector, replicas
from keras_genssl.engine.networks import fitting, require_inputs
from keras_genssl.losses import FeatureMatchingLoss
from keras_genssl.models import few_labels
from keras_genssl.models.gans.base import LatentGAN


@keras.saving.register_keras_serializable(package="keras_genssl")
class SemiSupervisedGAN(LatentGAN):
    """The semi-supervised GAN (Salimans et al., 2016, Section 5): one network tells classes, and real from generated.

    The discriminator gives a logit l_k for each class, and features f. Generated images are a further class of logit 0,
    which takes nothing from its generality: adding a number to all logits changes no class. So with `Z = log sum_k exp
    l_k` an image is real with the probability `D = exp Z / (exp Z + 1)`, and

        the discriminator minimises  the mean cross-entropy of the classes of labelled images
                                     + adversarial_weight * (softplus(-Z(x)) + softplus(Z(G(z)))) / 2
        the generator minimises      |mean f(x) - mean f(G(z))|^2

    where x are the images without a label; labelled images enter the cross-entropy alone. (If all images of a batch
    have a label, x are all of them.) `softplus(-Z) = -Z + softplus(Z)` is `-log D`, so `adversarial_weight=1` is the
    paper's sum. Means are over the global batch. Each step is one round of both players: both losses come from the same
    images and weights. (The authors' code draws other images for the generator, after the discriminator's update.)

    Batches hold `image` and `label`, integers `(batch,)` in [0, num_classes), or -1 for images without a label;
    `data.FewLabels` makes such batches of a labelled data set. Logs `cross_entropy` and `accuracy` of the labelled
    images of an epoch.

    Matched features make good classifiers, and worse images than an adversarial loss does (the paper says so of its own
    samples). Paper: Adam 3e-4 with beta_1 0.5 (3e-3 for MNIST), batch 100, classes by a moving average of the
    discriminator's weights.

    Reference:
        - Salimans et al. 2016, [Improved Techniques for Training GANs](https://arxiv.org/abs/1606.03498)

    Args:
        generator: A built `keras.Model`, latents `(batch, latent_dim)` to images.
        discriminator: A built `keras.Model`, images to `[class logits (batch, num_classes), features (batch, ...)]`:
            `backbones.semi_supervised_discriminator(image_shape, num_classes)`, or a classifier with
            `backbones.with_features(network, layer)`. Paper: the features before the logits. It tells the number of
            classes, at least 2.
        latent_dim: The length of the latent vectors, at least 1.
        adversarial_weight: The weight of the adversarial terms in the discriminator's loss, at least 0.
        ema: The momentum of moving averages of both networks, which then generate and classify; None: no averages.
        name: The model's name.

    Raises:
        ValueError: If networks are not built or do not fit one another, or a number is out of its range.

    Example:

        shape = (28, 28, 1)
        discriminator = kg.backbones.semi_supervised_discriminator(shape, num_classes=10)
        model = kg.models.SemiSupervisedGAN(kg.backbones.dcgan_generator(shape, 64), discriminator, 64, ema=0.99)
        model.compile({player: Adam(3e-4, beta_1=0.5) for player in model.players()})
        labels = kg.data.FewLabels(10, per_batch=32)
        model.fit(kg.data.load("fashion_mnist", batch_size=96, few_labels=labels), epochs=10)
        probabilities = model.classify(images)
        made = model.sample(64, seed=1)
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        latent_dim: int,
        *,
        adversarial_weight: float = 1.0,
        ema: float | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(generator, latent_dim, ema=ema, name=name)
        require_inputs("discriminator", discriminator, self.image_shape)
        shapes = [tuple(output.shape) for output in keras.tree.flatten(discriminator.outputs)]
        if len(shapes) != 2 or len(shapes[0]) != 2 or shapes[0][1] < 2 or len(shapes[1]) < 2:
            raise ValueError(
                "`discriminator` must give logits (batch, num_classes) of two classes at least, and features "
                f"(batch, ...). Received: {discriminator.name!r} with outputs of shape {shapes}"
            )
        self.discriminator = discriminator
        self.num_classes = shapes[0][1]
        self.adversarial_weight = finite("adversarial_weight", adversarial_weight, 0)
        self.matching = FeatureMatchingLoss()
        self.discriminator_average = None if ema is None else TargetNetwork(discriminator, ema, average_statistics=True)
        self.label_trackers = few_labels.trackers()

    def inputs(self) -> dict[str, Kind]:
        """Real images of the shape of the generated ones, and for each its label or -1."""
        return {**super().inputs(), "label": Label(self.num_classes, unlabelled=True)}

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """The generator, and the discriminator, which classifies."""
        return {"generator": [self.generator], "discriminator": [self.discriminator]}

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real, labels = batch["image"], batch["label"]
        fake = self.generator(self.draw_latents(real), training=True)
        logits, features = self.discriminator(real, training=True)  # (batch, num_classes), (batch, ...)
        fake_logits, fake_features = self.discriminator(fake, training=True)
        shares = few_labels.unlabelled_shares(labels)  # (batch,)
        doubts = shares * ops.softplus(-evidence(logits)) + ops.softplus(evidence(fake_logits))
        few_labels.track(self.label_trackers, labels, logits)
        classified = few_labels.labelled_losses(labels, logits)
        return {
            "generator": replicas.on_global_batch(self.matching.call, _scaled(features, shares), fake_features),
            "discriminator": classified + 0.5 * self.adversarial_weight * doubts,
        }

    def after_update(self, player: str) -> None:  # type: ignore[override]
        """Updates the moving average of the network of a player."""
        super().after_update(player)
        if player == "discriminator" and self.discriminator_average is not None:
            self.discriminator_average.update()

    def _logits(self, images: Any) -> Any:
        """The logits of images, uint8 or float in [-1, 1], by the moving average if there is one."""
        images = fitting(self.discriminator, images) if isinstance(self.generated, Image) else images
        judge = self.discriminator if self.discriminator_average is None else self.discriminator_average
        return ops.cast(judge(images, training=False)[0], "float32")

    def classify(self, images: Any) -> Any:
        """Probabilities of the classes, of real images: `(batch, h, w, c)`, uint8 or float in [-1, 1], to float32
        `(batch, num_classes)`."""
        return ops.softmax(self._logits(images))

    def realness(self, images: Any) -> Any:
        """The probability that images are real, D: `(batch, h, w, c)`, as in `classify`, to float32 `(batch,)`."""
        return ops.sigmoid(evidence(self._logits(images)))

    def serving(self) -> dict[str, Serving]:
        """Latents in, images out; and images in, probabilities of the classes out."""
        probabilities = {"probabilities": Vector(self.num_classes)}
        return {**super().serving(), "classify": Serving(self.classify, self.outputs_served(), probabilities)}


def evidence(logits: Any) -> Any:
    """The logit `Z` of being real, `(batch,)`: the log of the sum of the exponentials of class logits."""
    return ops.logsumexp(ops.cast(logits, keras.config.floatx()), axis=-1)


def _scaled(features: Any, factors: Any) -> Any:
    """Features `(batch, ...)` times a factor for each image."""
    features = ops.cast(features, factors.dtype)
    return features * ops.reshape(factors, (-1, *[1] * (len(features.shape) - 1)))
