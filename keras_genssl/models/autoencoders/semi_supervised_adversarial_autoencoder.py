"""The semi-supervised adversarial autoencoder: a code of a class and a style, learnt from few labels."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from keras_genssl.checks.arrays import checked_labels
from keras_genssl.engine import Image, Kind, Label, Serving, Vector, batches
from keras_genssl.engine.networks import fitting, require_built
from keras_genssl.losses import AdversarialLoss, NonSaturatingGANLoss
from keras_genssl.models import few_labels
from keras_genssl.models.adversarial import discriminator_losses, generator_losses, require_logits
from keras_genssl.models.autoencoders.adversarial_base import PriorAutoencoder, require_dim
from keras_genssl.models.autoencoders.base import image_losses
from keras_genssl.priors import Categorical, Gaussian, Prior

_DISCRIMINATORS = ("class_discriminator", "style_discriminator")


@keras.saving.register_keras_serializable(package="keras_genssl")
class SemiSupervisedAdversarialAutoencoder(PriorAutoencoder):
    """The semi-supervised adversarial autoencoder (Makhzani et al., 2015, Section 5).

    The code is `[y, z]`: y the probabilities of the classes, which the encoder gives as logits, and z the style, what
    else an image shows. One discriminator makes y follow one-hot vectors of equally probable classes, another makes z
    follow the prior. Labels tell which unit of y is which class. Each step has four rounds on the same images:

    1. Reconstruction: `autoencoder`, the encoder and the decoder, minimises `loss(x, decoder([y, z]))`.
    2. Regularisation: both discriminators learn to tell draws of the priors (real) from codes (fake).
    3. Regularisation: `encoder` minimises the adversarial losses of both parts of its codes.
    4. Classification: `classifier`, the encoder again, minimises the mean cross-entropy of the labelled images.

    The encoder has three optimizers, one for each of its losses, so the balance of the losses is that of the learning
    rates. Batches hold `image` and `label`, integers `(batch,)` in [0, num_classes), or -1 for images without a label;
    `data.FewLabels` makes such batches of a labelled data set.

    Logs `cross_entropy` and `accuracy` of the labelled images of an epoch, as the fourth round sees them; in
    `classifier_loss`, a batch without labels counts as 0.

    Paper, MNIST: two hidden layers of 1000 units in each network, a style of 10, SGD with momentum: 0.01 for
    reconstruction, 0.1 for the other two phases.

    Reference:
        - Makhzani et al. 2015, [Adversarial Autoencoders](https://arxiv.org/abs/1511.05644)

    Args:
        encoder: A built network of images `(batch, h, w, c)` in [-1, 1] to `(batch, num_classes + style_dim)`: logits
            of the classes, then the style.
        decoder: A built network of codes `(batch, num_classes + style_dim)` to images.
        class_discriminator: A built network of `(batch, num_classes)` to logits; it tells the number of classes, at
            least 2.
        style_discriminator: A built network of `(batch, style_dim)` to logits.
        prior: A `priors.Prior` of styles; by default `priors.Gaussian(style_dim)`.
        loss: A `keras.losses.Loss` on images in [-1, 1]; by default the mean squared error.
        adversarial_loss: A `losses.AdversarialLoss`; by default `NonSaturatingGANLoss()`.
        name: The model's name.

    Raises:
        ValueError: If a network is not built, the networks do not fit together, or the prior's codes have another
            length than styles.

    Example:

        networks = kg.backbones.convolutional_encoder(10 + 8), kg.backbones.convolutional_decoder(10 + 8)
        judges = kg.backbones.mlp_discriminator((10,)), kg.backbones.mlp_discriminator((8,))
        model = kg.models.SemiSupervisedAdversarialAutoencoder(*networks, *judges)
        model.compile({player: Adam(5e-4) for player in model.players()})
        labels = kg.data.FewLabels(10, per_batch=32)
        model.fit(kg.data.load("fashion_mnist", batch_size=128, few_labels=labels), epochs=10)
        probabilities = model.classify(images)
        trousers = model.sample(16, labels=[1] * 16)
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        class_discriminator: keras.Model,
        style_discriminator: keras.Model,
        *,
        prior: Prior | None = None,
        loss: keras.losses.Loss | None = None,
        adversarial_loss: AdversarialLoss | None = None,
        name: str | None = None,
    ) -> None:
        super().__init__(encoder, decoder, name=name)
        judges = dict(zip(_DISCRIMINATORS, (class_discriminator, style_discriminator), strict=True))
        sizes = [_length(argument, judge) for argument, judge in judges.items()]
        if sum(sizes) != decoder.input_shape[1] or sizes[0] < 2:
            raise ValueError(
                "`class_discriminator` must take two classes at least, and with `style_discriminator` the whole code, "
                f"of {decoder.input_shape[1]} units. Received: {sizes[0]} classes and a style of {sizes[1]}"
            )
        prior = prior or Gaussian(sizes[1])
        require_dim("prior", prior, sizes[1])
        self.num_classes, self.style_dim = sizes
        self.class_discriminator = class_discriminator
        self.style_discriminator = style_discriminator
        self.prior = prior
        self.image_loss = loss or keras.losses.MeanSquaredError()
        self.adversarial_loss = adversarial_loss or NonSaturatingGANLoss()
        self.label_trackers = few_labels.trackers()

    def inputs(self) -> dict[str, Kind]:
        """The image that the encoder takes, and its label or -1."""
        return {"image": Image(self.encoder.input_shape[1:]), "label": Label(self.num_classes, unlabelled=True)}

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        """Encoder and decoder; both discriminators; and the encoder twice more, which fools them and classifies."""
        return {
            "autoencoder": [self.encoder, self.decoder],
            "class_discriminator": [self.class_discriminator],
            "style_discriminator": [self.style_discriminator],
            "encoder": [self.encoder],
            "classifier": [self.encoder],
        }

    def rounds(self) -> list[tuple[str, ...]]:
        """Reconstruction, regularisation in two rounds, classification."""
        return [("autoencoder",), _DISCRIMINATORS, ("encoder",), ("classifier",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        images = batch["image"]
        if players == ("autoencoder",):
            return {"autoencoder": image_losses(self.image_loss, images, self(images, training=True)["image"])}
        logits, style = self._parts(self.encoder(images, training=True))
        if players == ("classifier",):
            few_labels.track(self.label_trackers, batch["label"], logits)
            return {"classifier": few_labels.labelled_losses(batch["label"], logits)}
        judged = players != ("encoder",)
        drawn: tuple[Any, Any] = (None, None)
        if judged or self.adversarial_loss.needs_real:
            drawn = self._parts(self.draw_codes(ops.shape(style)[0], self.seed))
        losses: dict[str, Any] = {"encoder": 0.0}
        for player, codes, real in zip(_DISCRIMINATORS, (ops.softmax(logits), style), drawn, strict=True):
            judge = getattr(self, player)
            fake_logits = judge(codes, training=True)
            real_logits = None if real is None else judge(real, training=True)
            losses["encoder"] += generator_losses(self.adversarial_loss, fake_logits, real_logits)
            if judged:
                losses[player] = discriminator_losses(self.adversarial_loss, real_logits, fake_logits)
        return losses

    def _parts(self, code: Any) -> tuple[Any, Any]:
        """What a code says of the class, `(batch, num_classes)`, and of the style, `(batch, style_dim)`."""
        code = ops.cast(code, keras.config.floatx())
        return code[:, : self.num_classes], code[:, self.num_classes :]

    def codes(self, images: Any, training: bool = False) -> Any:
        """Codes of images in [-1, 1]: probabilities of the classes, then the style, `(batch, code_dim)`."""
        logits, style = self._parts(self.encoder(images, training=training))
        return ops.concatenate([ops.softmax(logits), style], axis=-1)

    def draw_codes(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        """One-hot vectors of equally probable classes and styles of the prior, float `(num, code_dim)`."""
        return ops.concatenate([Categorical(self.num_classes).draw(num, seed), self.prior.draw(num, seed)], axis=-1)

    def classify(self, images: Any) -> Any:
        """Probabilities of the classes: `(batch, h, w, c)`, uint8 or float in [-1, 1], to `(batch, num_classes)`."""
        return self.codes(fitting(self.encoder, images))[:, : self.num_classes]

    def sample(self, num_images: int, seed: int | None = None, labels: Sequence[int] | None = None) -> np.ndarray:
        """Generates images of given classes, with styles that are drawn from the prior.

        Args:
            num_images: How many, at least 1; decoded in batches.
            seed: The seed of the styles; None draws new ones at each call. The model's own seed is not used.
            labels: Integers `(num_images,)` in [0, num_classes); None: 0, 1, 2, ... in turn.

        Returns:
            float32 `(num_images, h, w, c)` in [-1, 1].

        Raises:
            ValueError: If `num_images` is less than 1, or `labels` have another length or are outside [0, num_classes).
        """
        codes = self._sampled(num_images, seed).copy()
        classes = np.arange(num_images) % self.num_classes if labels is None else labels
        classes = checked_labels(classes, "labels", num_images, num_classes=self.num_classes)
        codes[:, : self.num_classes] = np.eye(self.num_classes, dtype=codes.dtype)[classes]
        return self._decoded(codes)

    def _of_class(self, styles: Any, labels: Any) -> Any:
        """Images of styles `(batch, style_dim)` and labels `(batch,)`."""
        classes = batches.one_hot(labels, self.num_classes)
        return self.decode(ops.concatenate([classes, ops.cast(styles, classes.dtype)], axis=-1))

    def _drawn(self, num: Any, seed: keras.random.SeedGenerator) -> Any:
        return self._of_class(self.prior.draw(num, seed), ops.arange(num, dtype="int32") % self.num_classes)

    def serving(self) -> dict[str, Serving]:
        """The functions of every autoencoder with a prior, `classify`, and `generate`, of styles and labels.

        The images of `draw` show the classes 0, 1, 2, ... in turn.
        """
        served = super().serving()
        image = served["decode"].outputs
        given = {"style": Vector(self.style_dim), "label": Label(self.num_classes)}
        return {
            **served,
            "classify": Serving(self.classify, image, {"probabilities": Vector(self.num_classes)}),
            "generate": Serving(self._of_class, given, image),
        }


def _length(argument: str, judge: keras.Model) -> int:
    """The length of the vectors that a discriminator takes."""
    require_built(**{argument: judge})
    if len(judge.input_shape) != 2:
        raise ValueError(f"`{argument}` must take vectors (batch, dim). Received: {judge.input_shape}")
    require_logits(argument, judge)
    return judge.input_shape[1]
