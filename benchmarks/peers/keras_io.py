"""The training steps in plain Keras, in the style of the examples on keras.io: own `train_step`s and Keras' own layers.

    python benchmarks/peers/keras_io.py dcgan

The networks are this library's, with each of its layers replaced by the one of Keras or TensorFlow that an example
uses.
"""

import argparse
from typing import Any

import keras
import ours
import tensorflow as tf
from keras import layers, ops
from ours import LATENTS, adam
from rows import CRITIC_STEPS, ROWS, SEED

import keras_genssl as kg


class Call(layers.Layer):
    """A function of TensorFlow as a layer, as the examples have small ones."""

    def __init__(self, function: Any, name: str) -> None:
        super().__init__(name=name)
        self.function = function

    def call(self, inputs: Any) -> Any:
        return self.function(inputs)


def plain(layer: layers.Layer) -> layers.Layer:
    name = layer.name
    if isinstance(layer, kg.layers.BatchNormalization):
        return layers.BatchNormalization(
            momentum=layer.momentum, epsilon=layer.epsilon, center=layer.center, scale=layer.scale, name=name
        )
    if isinstance(layer, kg.layers.InstanceNormalization):
        return layers.GroupNormalization(groups=-1, epsilon=layer.epsilon, name=name)
    if isinstance(layer, kg.layers.ReflectionPadding2D):
        return Call(lambda x, sides=layer.padding: tf.pad(x, [(0, 0), *sides, (0, 0)], "REFLECT"), name)
    if isinstance(layer, kg.layers.PixelShuffle):
        return Call(lambda x: tf.nn.depth_to_space(x, 2), name)
    if isinstance(layer, kg.layers.BicubicUpsampling):
        return Call(lambda x: tf.image.resize(x, (96, 96), "bicubic"), name)
    return layer.__class__.from_config(layer.get_config())


def of(network: keras.Model) -> keras.Model:
    return keras.models.clone_model(network, clone_function=plain)


class Networks(keras.Model):
    """Networks and their optimizers, by name."""

    def __init__(self, **networks: keras.Model) -> None:
        super().__init__()
        self.networks = {
            name: network if isinstance(network, keras.Sequential) else of(network)
            for name, network in networks.items()
        }
        for name, network in self.networks.items():
            setattr(self, name, network)
        self.seed_generator = keras.random.SeedGenerator(SEED)
        self.means = {name: keras.metrics.Mean(name=f"{name}_loss") for name in networks}

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        return list(self.means.values())

    def compile(self, optimizers: dict[str, keras.optimizers.Optimizer]) -> None:
        super().compile()
        self.optimizers = optimizers

    def minimise(self, name: str, tape: tf.GradientTape, loss: Any) -> None:
        variables = self.networks[name].trainable_variables
        self.optimizers[name].apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))
        self.means[name].update_state(loss)

    def logs(self) -> dict[str, Any]:
        return {metric.name: metric.result() for metric in self.metrics}


class DCGAN(Networks):
    def train_step(self, data: Any) -> dict[str, Any]:
        real = data["image"]
        size = ops.shape(real)[0]
        loss_of = keras.losses.BinaryCrossentropy(from_logits=True)
        fake = self.generator(keras.random.normal((size, LATENTS["dcgan"]), seed=self.seed_generator), training=True)
        labels = ops.concatenate([ops.ones((size, 1)), ops.zeros((size, 1))])
        with tf.GradientTape() as tape:
            loss = loss_of(labels, self.discriminator(ops.concatenate([real, fake]), training=True))
        self.minimise("discriminator", tape, loss)
        latents = keras.random.normal((size, LATENTS["dcgan"]), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            loss = loss_of(ops.ones((size, 1)), self.discriminator(self.generator(latents, training=True)))
        self.minimise("generator", tape, loss)
        return self.logs()


class CycleGAN(Networks):
    def train_step(self, data: Any) -> dict[str, Any]:
        a, b = data["first"], data["second"]
        square, distance = keras.losses.MeanSquaredError(), keras.losses.MeanAbsoluteError()
        with tf.GradientTape(persistent=True) as tape:
            fake_b, fake_a = self.forth(a, training=True), self.back(b, training=True)
            cycled_a, cycled_b = self.back(fake_b, training=True), self.forth(fake_a, training=True)
            same_a, same_b = self.back(a, training=True), self.forth(b, training=True)
            real_a, real_b = self.critic_a(a, training=True), self.critic_b(b, training=True)
            false_a, false_b = self.critic_a(fake_a, training=True), self.critic_b(fake_b, training=True)
            cycle = 10.0 * (distance(a, cycled_a) + distance(b, cycled_b))
            losses = {
                "forth": square(ops.ones_like(false_b), false_b) + cycle + 5.0 * distance(b, same_b),
                "back": square(ops.ones_like(false_a), false_a) + cycle + 5.0 * distance(a, same_a),
            }
            for name, real, false in (("critic_a", real_a, false_a), ("critic_b", real_b, false_b)):
                losses[name] = (square(ops.ones_like(real), real) + square(ops.zeros_like(false), false)) / 2
        for name, loss in losses.items():
            self.minimise(name, tape, loss)
        return self.logs()


class WGANGP(Networks):
    def train_step(self, data: Any) -> dict[str, Any]:
        shares = tf.split(data["image"], CRITIC_STEPS + 1)
        size = ops.shape(shares[0])[0]
        for real in shares[:CRITIC_STEPS]:
            latents = keras.random.normal((size, LATENTS["wgan_gp"]), seed=self.seed_generator)
            with tf.GradientTape() as tape:
                fake = self.generator(latents, training=True)
                distance = ops.mean(self.critic(fake, training=True)) - ops.mean(self.critic(real, training=True))
                mixed = real + keras.random.uniform((size, 1, 1, 1), seed=self.seed_generator) * (fake - real)
                with tf.GradientTape() as inner:
                    inner.watch(mixed)
                    values = self.critic(mixed, training=True)
                slope = ops.sqrt(ops.sum(ops.square(inner.gradient(values, mixed)), axis=(1, 2, 3)))
                loss = distance + 10.0 * ops.mean(ops.square(slope - 1.0))
            self.minimise("critic", tape, loss)
        latents = keras.random.normal((size, LATENTS["wgan_gp"]), seed=self.seed_generator)
        with tf.GradientTape() as tape:
            loss = -ops.mean(self.critic(self.generator(latents, training=True), training=True))
        self.minimise("generator", tape, loss)
        return self.logs()


class SimCLR(Networks):
    def train_step(self, data: Any) -> dict[str, Any]:
        size = ops.shape(data["first"])[0]
        labels = ops.arange(size)
        with tf.GradientTape() as tape:
            vectors = [ops.normalize(self.network(data[view], training=True), axis=1) for view in ("first", "second")]
            both = ops.concatenate(vectors)
            logits = ops.matmul(both, ops.transpose(both)) / 0.1 - 1e9 * ops.eye(2 * size)
            partners = ops.concatenate([labels + size, labels])
            loss = ops.mean(keras.losses.sparse_categorical_crossentropy(partners, logits, from_logits=True))
        self.minimise("network", tape, loss)
        return self.logs()


class VAE(Networks):
    def __init__(self, **networks: keras.Model) -> None:
        super().__init__(**networks)
        self.log_variance = self.add_weight((), "zeros", name="log_variance")

    def train_step(self, data: Any) -> dict[str, Any]:
        images = data["image"]
        with tf.GradientTape() as tape:
            mean, log_variance = ops.split(self.encoder(images, training=True), 2, axis=1)
            noise = keras.random.normal(ops.shape(mean), seed=self.seed_generator)
            drawn = self.decoder(mean + ops.exp(0.5 * log_variance) * noise, training=True)
            squares = ops.sum(ops.square(images - drawn), axis=(1, 2, 3)) * ops.exp(-self.log_variance)
            reconstruction = ops.mean(0.5 * (squares + 784.0 * self.log_variance))
            kl = -0.5 * ops.sum(1.0 + log_variance - ops.square(mean) - ops.exp(log_variance), axis=1)
            loss = reconstruction + ops.mean(kl)
        gradients = tape.gradient(loss, self.trainable_variables)
        self.optimizers["encoder"].apply_gradients(zip(gradients, self.trainable_variables, strict=True))
        self.means["encoder"].update_state(loss)
        self.means["decoder"].update_state(reconstruction)
        return self.logs()


def made(row: str) -> keras.Model:
    """The compiled model of a row."""
    theirs, _ = getattr(ours, row)()
    if row == "edsr":
        model = of(theirs.network)
        model.compile(adam(0.9), loss="mean_absolute_error")
        return model
    if row == "simclr":
        encoder, head = of(theirs.encoder), of(theirs.head)
        model = SimCLR(network=keras.Sequential([encoder, head]))
    elif row == "vae":
        model = VAE(encoder=theirs.encoder, decoder=theirs.decoder)
    elif row == "cyclegan":
        critics = {"critic_a": theirs.first_discriminator, "critic_b": theirs.second_discriminator}
        model = CycleGAN(forth=theirs.first_to_second, back=theirs.second_to_first, **critics)
    else:
        kind = {"dcgan": DCGAN, "wgan_gp": WGANGP}[row]
        model = kind(**{player: networks[0] for player, networks in theirs.players().items()})
    model.compile(
        {name: adam(0.0 if row == "wgan_gp" else 0.5 if ROWS[row].players else 0.9) for name in model.networks}
    )
    return model


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--precision", choices=ours.PRECISIONS, default="float32")
    options = parser.parse_args()
    row = options.row
    ours.prepare(options.precision)
    batch = ours.batch(row)
    ours.take_steps(made(row), (batch["low"], batch["high"]) if row == "edsr" else batch)
