"""Our side of the training steps, through `fit`, as a user takes them.

python benchmarks/peers/ours.py dcgan [--xla] [--precision bfloat16]
"""

import argparse
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from processes import serve
from rows import CRITIC_STEPS, ROWS, SEED, THREADS

from keras_genssl import backbones, models

PRECISIONS = {"float32": "float32", "bfloat16": "mixed_bfloat16"}  # and Keras' policies
LATENTS = {"dcgan": 100, "wgan_gp": 128, "vae": 32}


def adam(beta_1: float = 0.5) -> keras.optimizers.Optimizer:
    return keras.optimizers.Adam(2e-4, beta_1=beta_1)


def dcgan() -> tuple[keras.Model, Any]:
    shape = (64, 64, 3)
    model = models.DCGAN(backbones.dcgan_generator(shape), backbones.dcgan_discriminator(shape), LATENTS["dcgan"])
    return model, {"optimizers": {player: adam() for player in model.players()}}


def cyclegan() -> tuple[keras.Model, Any]:
    shape = (64, 64, 3)
    translators = [backbones.resnet_translator(shape, filters=32, blocks=6) for _ in range(2)]
    model = models.CycleGAN(*translators, *(backbones.patch_discriminator(shape, filters=32) for _ in range(2)))
    return model, {"optimizers": {player: adam() for player in model.players()}}


def wgan_gp() -> tuple[keras.Model, Any]:
    shape = (32, 32, 3)
    generator = backbones.wgan_gp_generator(shape, LATENTS["wgan_gp"])
    model = models.WGANGP(generator, backbones.wgan_gp_critic(shape), LATENTS["wgan_gp"], critic_steps=CRITIC_STEPS)
    return model, {"optimizers": {player: adam(0.0) for player in model.players()}}


def simclr() -> tuple[keras.Model, Any]:
    model = models.SimCLR(backbones.resnet18((32, 32, 3), stem="small", filters=32))
    return model, {"optimizer": adam(0.9)}


def edsr() -> tuple[keras.Model, Any]:
    return models.EDSR(backbones.edsr(2, blocks=8, input_shape=(48, 48, 3))), {"optimizer": adam(0.9)}


def vae() -> tuple[keras.Model, Any]:
    encoder, decoder = (
        backbones.convolutional_encoder(2 * LATENTS["vae"]),
        backbones.convolutional_decoder(LATENTS["vae"]),
    )
    return models.VAE(encoder, decoder), {"optimizer": adam(0.9)}


def batch(row: str) -> Any:
    """Random images in [-1, 1], as the row's step takes them."""
    shapes = {
        "dcgan": {"image": (64, 64, 3)},
        "cyclegan": {"first": (64, 64, 3), "second": (64, 64, 3)},
        "wgan_gp": {"image": (32, 32, 3)},
        "simclr": {"first": (32, 32, 3), "second": (32, 32, 3)},
        "edsr": {"low": (48, 48, 3), "high": (96, 96, 3)},
        "vae": {"image": (28, 28, 1)},
    }[row]
    rng = np.random.default_rng(SEED)
    size = ROWS[row].batch
    return {name: rng.uniform(-1, 1, (size, *shape)).astype("float32") for name, shape in shapes.items()}


def take_steps(model: keras.Model, given: Any) -> None:
    """Serves steps of `fit` on one batch, which lies in memory."""
    # The thread that tunes `tf.data` can hold up the end of a `fit` for as long as it took; `data.load` has none.
    options = tf.data.Options()
    options.autotune.enabled = False
    data = tf.data.Dataset.from_tensors(given).repeat().with_options(options)
    serve(trained(model), lambda steps: model.fit(data, steps_per_epoch=steps, epochs=1, verbose=0))


def trained(model: keras.Model) -> int:
    """How many parameters are trained."""
    return sum(int(np.prod(each.shape)) for each in model.trainable_variables)


def limit_threads() -> None:
    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    tf.config.threading.set_inter_op_parallelism_threads(THREADS)


def prepare(precision: str) -> None:
    """Settles threads, seed and precision."""
    limit_threads()
    keras.utils.set_random_seed(SEED)
    keras.config.set_dtype_policy(PRECISIONS[precision])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("row", choices=ROWS)
    parser.add_argument("--xla", action="store_true", help="compile the whole step with XLA")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    options = parser.parse_args()
    prepare(options.precision)
    model, settings = globals()[options.row]()
    model.compile(**settings, jit_compile=options.xla)
    take_steps(model, batch(options.row))
