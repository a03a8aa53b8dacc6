"""Autoencoders: for each method its recipe parameters and how it is built."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field, PositiveInt, model_validator

from pipelines.recipe.losses import pixel_or_perceptual
from pipelines.recipe.method import Method, Sections
from pipelines.recipe.numbers import Baseline, Numbers, difference
from pipelines.section import Classes, Weight
from pipelines.tasks.reconstruction.numbers import ACCURACY, PCA

if TYPE_CHECKING:
    import keras

    from keras_genssl.data import FewLabels

PIXELS = Baseline("pixels", "pixels")
Share = Annotated[float, Field(ge=0, lt=1)]
Networks = Literal["lecture", "convolutional", "dense"]


class EncoderDecoder(Method):
    """What all autoencoders share: the networks, their widths and the size of the code.

    ``lecture`` are the networks of the lecture for 28 pixels, ``convolutional`` halve the image until 7 or 4 pixels are
    left, ``dense`` have hidden layers of ``units``, in reverse order in the decoder.
    """

    networks: Networks = "convolutional"
    code_dim: PositiveInt = 32
    filters: PositiveInt = 32
    units: list[PositiveInt] = Field(default=[512, 256])

    def encoder_decoder(
        self,
        shape: tuple[int, int, int],
        statistics: int = 1,
        code_activation: str | None = None,
        logits: bool = False,
    ) -> dict[str, keras.Model]:
        """Makes ``encoder`` and ``decoder`` for images of a shape.

        Args:
            shape: height, width and channels.
            statistics: the number of encoder outputs for each unit of the code.
            code_activation: the activation of the code.
            logits: whether the decoder has a linear output; those of ``lecture`` and ``dense`` always have.
        """
        from keras_genssl import backbones

        size = statistics * self.code_dim
        if self.networks == "lecture":
            encoder = backbones.lecture_encoder(size, self.filters, channels=shape[-1], code_activation=code_activation)
            decoder = backbones.lecture_decoder(self.code_dim, self.filters, channels=shape[-1])
        elif self.networks == "dense":
            units = tuple(self.units)
            encoder = backbones.dense_encoder(size, units, input_shape=shape, code_activation=code_activation)
            decoder = backbones.dense_decoder(self.code_dim, units[::-1], output_shape=shape)
        else:
            encoder = backbones.convolutional_encoder(
                size, self.filters, input_shape=shape, code_activation=code_activation
            )
            decoder = backbones.convolutional_decoder(
                self.code_dim, self.filters, output_shape=shape, output_activation=None if logits else "tanh"
            )
        return {"encoder": encoder, "decoder": decoder}

    def served(self, model: keras.Model) -> keras.Model:
        """Returns encoder and decoder."""
        return model


class Autoencoder(EncoderDecoder):
    """Hinton & Salakhutdinov 2006: a narrow code, from which the image is reconstructed."""

    method: Literal["Autoencoder"]

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        networks = self.encoder_decoder(sections.prepare.shape)
        return self.made(models.Autoencoder, **networks, loss=pixel_or_perceptual(sections.loss))


class SparseAutoencoder(EncoderDecoder):
    """A penalty on the code's activations: ``l1`` on their size, or ``kl``, the divergence of their means from rho."""

    method: Literal["SparseAutoencoder"]
    sparsity: Literal["l1", "kl"] = "kl"
    weight: Weight = 1e-2
    rho: Annotated[float, Field(gt=0, lt=1)] = 0.05

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import losses, models

        by_mean = self.sparsity == "kl"
        networks = self.encoder_decoder(sections.prepare.shape, code_activation="sigmoid" if by_mean else "relu")
        penalty = losses.KLSparsity(self.rho, self.weight) if by_mean else losses.L1Sparsity(self.weight)
        return self.made(
            models.SparseAutoencoder, **networks, sparsity=penalty, loss=pixel_or_perceptual(sections.loss)
        )


class RedundantAutoencoder(EncoderDecoder):
    """Dropout on the code, which must therefore be redundant."""

    method: Literal["RedundantAutoencoder"]
    rate: Share = 0.5

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        networks = self.encoder_decoder(sections.prepare.shape)
        return self.made(models.RedundantAutoencoder, **networks, loss=pixel_or_perceptual(sections.loss))


class ContractiveAutoencoder(EncoderDecoder):
    """Rifai et al. 2011: a code that changes little with the image."""

    method: Literal["ContractiveAutoencoder"]
    weight: Weight = 1e-2

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        networks = self.encoder_decoder(sections.prepare.shape, code_activation="sigmoid")
        return self.made(models.ContractiveAutoencoder, **networks, loss=pixel_or_perceptual(sections.loss))


class DenoisingAutoencoder(EncoderDecoder):
    """Vincent et al. 2008: corrupted images in, clean images out.

    ``level`` is the standard deviation of ``gaussian`` noise, and the share of pixels for the other kinds.
    """

    method: Literal["DenoisingAutoencoder"]
    noise: Literal["gaussian", "masking", "salt_and_pepper"] = "gaussian"
    level: Annotated[float, Field(gt=0)] = 0.5

    @model_validator(mode="after")
    def _share_is_one(self) -> DenoisingAutoencoder:
        if self.noise != "gaussian" and self.level >= 1:
            raise ValueError(f"`level` of {self.noise} noise is a share below 1. Received: {self.level}")
        return self

    def corruption(self) -> Any:
        """Returns the layer that adds the noise."""
        from keras_genssl import corruptions

        return {
            "gaussian": corruptions.GaussianNoise,
            "masking": corruptions.MaskingNoise,
            "salt_and_pepper": corruptions.SaltAndPepperNoise,
        }[self.noise](self.level)

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import models

        networks = self.encoder_decoder(sections.prepare.shape)
        return self.made(
            models.DenoisingAutoencoder,
            **networks,
            corruption=self.corruption(),
            loss=pixel_or_perceptual(sections.loss),
        )


class SemiSupervisedAutoencoder(EncoderDecoder):
    """Ranzato & Szummer 2008: code and classifier are learnt at once, from many images and few labels.

    ``labels_per_class`` labels of each class are known, drawn with ``labels_seed``. Each batch holds
    ``labelled_per_batch`` labelled images. The classifier is linear; in training ``dropout`` of the code is hidden from
    it, so that it does not rest on the few numbers that tell a hundred labelled images apart. ``weight`` is that of the
    cross-entropy.
    """

    numbers: ClassVar[Numbers] = Numbers(
        (ACCURACY, difference(ACCURACY, PCA, tile=True), difference(ACCURACY, PIXELS)), (PIXELS,)
    )

    method: Literal["SemiSupervisedAutoencoder"]
    num_classes: Classes | None = None
    labels_per_class: PositiveInt = 10
    labels_seed: Annotated[int, Field(ge=0)] = 0
    labelled_per_batch: PositiveInt = 32
    dropout: Share = 0.5
    weight: Weight = 1.0

    def few_labels(self) -> FewLabels:
        from keras_genssl import data

        return data.FewLabels(self.labels_per_class, self.labels_seed, self.labelled_per_batch)

    def build(self, sections: Sections) -> keras.Model:
        import keras

        from keras_genssl import models

        codes = keras.Input((self.code_dim,))
        seen = keras.layers.Dropout(self.dropout)(codes) if self.dropout else codes
        logits = keras.layers.Dense(self.num_classes, dtype=keras.config.floatx(), name="logits")(seen)
        return self.made(
            models.SemiSupervisedAutoencoder,
            **self.encoder_decoder(sections.prepare.shape),
            classifier=keras.Model(codes, logits, name="classifier"),
            loss=pixel_or_perceptual(sections.loss),
        )

    def measure(self, model: keras.Model, examples: Path) -> tuple[dict[str, float], dict[str, dict[str, float]]]:
        """Measures the accuracy on held-out images, and that of logistic regression on PCA and on pixels.

        Both baselines learn from the same labels; PCA is fitted to all training images.
        """
        import numpy as np

        from keras_genssl import analysis, metrics
        from pipelines.tasks import images

        train, test = (images.read(examples, split) for split in ("train", "eval"))
        probabilities = analysis.encode_images(model.classify, test["image"])
        pca = analysis.PCA(self.code_dim).fit(train["image"])
        features = {
            PCA.name: pca.encode,
            PIXELS.name: lambda pixels: np.reshape(pixels, (len(pixels), -1)) / np.float32(255),
        }
        beside = {}
        for name, of in features.items():
            judged, known = of(test["image"]), of(train["image"])
            few = metrics.few_label_accuracy(
                judged, test["label"], known, train["label"], self.labels_per_class, [self.labels_seed]
            )
            beside[name] = {ACCURACY.name: few["mean"]}
        accuracy = float(np.mean(probabilities.argmax(axis=-1) == test["label"]))
        return {ACCURACY.name: accuracy}, beside


class VAE(EncoderDecoder):
    """Kingma & Welling 2013: codes with a distribution to sample from; ``code_dim`` is the number of latents.

    ``num_samples`` above 1 draws as many codes an image, for the tighter bound of Burda et al. 2016 (IWAE).
    """

    method: Literal["VAE"]
    likelihood: Literal["gaussian", "bernoulli"] = "gaussian"
    beta: Weight = 1.0
    num_samples: PositiveInt = 1

    @model_validator(mode="after")
    def _the_tighter_bound_has_no_beta(self) -> VAE:
        if self.num_samples > 1 and self.beta != 1:
            raise ValueError(f"`beta` must be 1 with `num_samples`={self.num_samples}. Received: {self.beta}")
        return self

    def build(self, sections: Sections) -> keras.Model:
        from keras_genssl import losses, models

        likelihood = losses.BernoulliLikelihood() if self.likelihood == "bernoulli" else losses.GaussianLikelihood()
        networks = self.encoder_decoder(sections.prepare.shape, statistics=2, logits=likelihood.needs_logits)
        return self.made(models.VAE, **networks, likelihood=likelihood)

    def transform(self) -> Any:
        """Returns the function that makes images black and white, if the likelihood is one of binary images."""
        from keras_genssl import pretext

        return pretext.binarized if self.likelihood == "bernoulli" else None


AnyAutoencoder = (
    Autoencoder
    | SparseAutoencoder
    | RedundantAutoencoder
    | ContractiveAutoencoder
    | DenoisingAutoencoder
    | SemiSupervisedAutoencoder
)  # for reconstruction; a VAE is a method of generation
