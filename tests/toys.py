"""Small methods that use every part of the engine; they stand in the contract beside the real ones."""

from typing import Any

import keras
from keras import ops

from keras_genssl import layers, losses, penalties
from keras_genssl.engine import (
    Anything,
    Image,
    Kind,
    PlayersModel,
    Serving,
    TargetNetwork,
    Vector,
    input_gradient,
    replicas,
)

SIZE = 8


def encoder(name: str, outputs: int = 4) -> keras.Model:
    image = keras.Input((SIZE, SIZE, 3))
    x = keras.layers.Conv2D(6, 3, strides=2, padding="same", use_bias=False)(image)
    x = keras.layers.LeakyReLU()(layers.BatchNormalization(synchronized=True)(x))
    return keras.Model(
        image, keras.layers.Dense(outputs, dtype=keras.config.floatx())(keras.layers.Flatten()(x)), name=name
    )


def decoder(latent_dim: int) -> keras.Model:
    latent = keras.Input((latent_dim,))
    x = keras.layers.Reshape((4, 4, 4))(keras.layers.Dense(64, use_bias=False)(latent))
    x = keras.layers.ReLU()(layers.BatchNormalization(synchronized=True)(x))
    x = keras.layers.Conv2DTranspose(3, 4, strides=2, padding="same", activation="tanh", dtype=keras.config.floatx())(x)
    return keras.Model(latent, x, name="decoder")


def head(outputs: int = 3) -> keras.Model:
    """A head with batch normalisation, for encoders of 4 features."""
    features = keras.Input((4,))
    x = keras.layers.Dense(5, use_bias=False)(features)
    x = keras.layers.ReLU()(layers.BatchNormalization(synchronized=True)(x))
    return keras.Model(features, keras.layers.Dense(outputs, dtype=keras.config.floatx())(x), name="head")


@keras.saving.register_keras_serializable(package="tests")
class ToyGAN(PlayersModel):
    """Latents drawn inside, several rounds, a gradient penalty, batch norm in both networks, an EMA generator.

    The generator waits while it loses: in the second of the three steps that are compared over replicas.
    """

    def __init__(self, generator: keras.Model, critic: keras.Model, critic_rounds: int = 2, name: str | None = None):
        super().__init__(name=name)
        self.generator = generator
        self.latent_dim = 4
        self.critic = critic
        self.critic_rounds = critic_rounds
        self.average = TargetNetwork(generator, momentum=0.9, average_statistics=True)
        self.seed = keras.random.SeedGenerator(3)

    def players(self) -> dict[str, list[keras.layers.Layer]]:
        return {"critic": [self.critic], "generator": [self.generator]}

    def inputs(self) -> dict[str, Kind]:
        return {"image": Image(self.generator.output_shape[1:]), "label": Anything(required=False)}

    def rounds(self) -> list[tuple[str, ...]]:
        return [("critic",)] * self.critic_rounds + [("generator",)]

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        size = ops.shape(real)[0]
        fake = self.generator(replicas.normal((size, 4), self.seed), training=True)
        fake_logits = ops.squeeze(self.critic(fake, training=True), -1)
        if players == ("generator",):
            return {"generator": ops.softplus(-fake_logits)}
        real_logits = ops.squeeze(self.critic(real, training=True), -1)
        mixed = real + replicas.uniform((size, 1, 1, 1), self.seed) * (fake - real)
        slope = input_gradient(lambda x: self.critic(x, training=False), mixed)
        penalty = ops.square(ops.sqrt(ops.sum(ops.square(slope), axis=(1, 2, 3)) + 1e-12) - 1.0)
        return {"critic": ops.softplus(fake_logits) + ops.softplus(-real_logits) + penalty}

    def waits(self, losses: dict[str, Any]) -> dict[str, Any]:
        return {"generator": replicas.mean_of_all(losses["generator"]) > 1.3} if "generator" in losses else {}

    def after_update(self, player: str) -> None:
        if player == "generator":
            self.average.update()

    def call(self, latents: Any, training: bool = False) -> Any:
        return self.average(latents, training=training)

    def split_inputs(self, batch: dict[str, Any]) -> tuple[Any, Any]:
        return batch["image"], None

    def serving(self) -> dict[str, Serving]:
        return {"sample": Serving(self.average, {"latent": Vector(4)}, {"image": self.inputs()["image"]})}


def attentive_critic() -> keras.Model:
    image = keras.Input((SIZE, SIZE, 3))
    x = layers.SpectralNormalization(keras.layers.Conv2D(8, 3, strides=2, padding="same", use_bias=False))(image)
    x = keras.layers.LeakyReLU()(layers.BatchNormalization(synchronized=True)(x))
    attention = layers.SelfAttention2D(spectral_normalization=True)
    x = layers.MinibatchStdDev(group_size=3)(attention(x))  # of a replica's share of 12: 3 in each of 2 rounds
    attention.gamma.assign(0.5)  # at 0, where it starts, its kernels would not train
    head = layers.SpectralNormalization(keras.layers.Dense(1, dtype=keras.config.floatx()))
    return keras.Model(image, head(keras.layers.Flatten()(x)), name="critic")


@keras.saving.register_keras_serializable(package="tests")
class ToyRelativisticGAN(ToyGAN):
    """Losses of the global batch, the penalty that no method of the contract has, clipped weights."""

    def __init__(self, generator: keras.Model, critic: keras.Model, critic_rounds: int = 2, name: str | None = None):
        super().__init__(generator, critic, critic_rounds, name)
        penalties.clip_weights(generator, 0.2)
        self.adversarial_loss = losses.RelativisticAverageGANLoss()
        self.matching = losses.FeatureMatchingLoss()
        self.penalty = penalties.DRAGANPenalty(0.1)  # WGANGP and GAN have the others

    def player_losses(self, batch: dict[str, Any], players: tuple[str, ...]) -> dict[str, Any]:
        real = batch["image"]
        fake = self.generator(replicas.normal((ops.shape(real)[0], 4), self.seed), training=True)
        fake_logits, real_logits = self.critic(fake, training=True), self.critic(real, training=True)
        if players == ("generator",):
            losses_of_fakes = replicas.on_global_batch(self.adversarial_loss.generator, fake_logits, real_logits)
            matching = replicas.on_global_batch(self.matching.call, real, fake)  # of the pixels themselves
            return {"generator": losses_of_fakes + 0.01 * matching}
        penalty = self.penalty(
            lambda x: self.critic(x, training=False), real, fake, self.seed, self.optimizer_of("critic").iterations
        )
        return {
            "critic": replicas.on_global_batch(self.adversarial_loss.discriminator, real_logits, fake_logits) + penalty
        }

    def waits(self, losses: dict[str, Any]) -> dict[str, Any]:
        return {}


@keras.saving.register_keras_serializable(package="tests")
class NoiseView(keras.layers.Layer):
    """Views of noise, drawn for the global batch."""

    def __init__(self, stddev: float = 0.3, name: str | None = None):
        super().__init__(name=name, dtype=keras.config.floatx())
        self.stddev = stddev
        self.seed = replicas.SharedSeedGenerator(5)
        self.built = True

    def call(self, images: Any) -> Any:
        return ops.clip(images + self.stddev * replicas.normal(ops.shape(images), self.seed), -1.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        return {"stddev": self.stddev, "name": self.name}


@keras.saving.register_keras_serializable(package="tests")
class ToyBatchLoss(keras.losses.Loss):
    """All pairs of the batch: the mean squared distance to those of one label, and a hinge to the others."""

    def call(self, labels: Any, embeddings: Any) -> Any:
        squares = ops.sum(ops.square(embeddings[:, None] - embeddings[None, :]), axis=-1)
        same = ops.cast(labels[:, None] == labels[None, :], squares.dtype)
        return ops.mean(same * squares + (1.0 - same) * ops.relu(1.0 - squares), axis=1)


@keras.saving.register_keras_serializable(package="tests")
class ToyProxies(keras.layers.Layer):
    """A loss with weights, one vector for each class: softmax of the products, as it is built when it is called."""

    def __init__(self, num_classes: int, name: str | None = None):
        super().__init__(name=name, dtype=keras.config.floatx())
        self.num_classes = num_classes

    def build(self, labels_shape: Any, embeddings_shape: Any) -> None:
        self.proxies = self.add_weight((embeddings_shape[-1], self.num_classes), "glorot_uniform", name="proxies")

    def call(self, labels: Any, embeddings: Any) -> Any:
        logits = embeddings @ self.proxies
        own = ops.take_along_axis(logits, ops.expand_dims(labels, 1), axis=1)[:, 0]
        return ops.logsumexp(logits, axis=1) - own

    def get_config(self) -> dict[str, Any]:
        return {"num_classes": self.num_classes, "name": self.name}


@keras.saving.register_keras_serializable(package="tests")
class ToyPairLoss(keras.losses.Loss):
    """Contrastive, margin 1, label 1 of different ones."""

    def call(self, labels: Any, distances: Any) -> Any:
        return (1.0 - labels) * ops.square(distances) + labels * ops.square(ops.relu(1.0 - distances))


class Opaque(keras.Model):
    """A subclass with a `call` of its own, built by a call: it has weights, and does not tell its shapes."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        super().__init__(name="opaque")
        self.dense = keras.layers.Dense(1)
        self(keras.ops.zeros((1, *shape)))

    def call(self, inputs):
        return self.dense(inputs)
