"""Trains every method under contract on one strategy; a program of its own, as logical devices are set once.

python -m tests.distribution.train default|mirrored|multi_worker OUTPUT.npz CASE ...
"""

import gc
import pathlib
import sys
import tempfile
from typing import Any

import numpy as np
import tensorflow as tf

STEPS = 3
BATCH = 12
REMAINDER = 7
# Of several players, whose `test_step` is the engine's: in one round, in several rounds.
EVALUATED = ("AdversarialContextEncoder", "ToyGAN")


def main(name: str, output: str, *case_names: str) -> None:
    if name == "mirrored":
        cpu = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    import keras

    import keras_genssl as kg

    # In single precision rounding, which differs with the size of a batch, now and then carries an activation over
    # the kink of a ReLU: two exact runs then part by 1e-3.
    keras.config.set_floatx("float64")
    strategy = kg.engine.strategy(name)  # before any op runs: the collective runtime starts with it
    from tests.contracts import CASES, MEETS_AS
    from tests.resumption import assert_interrupted_equals_whole

    # Graphs run as they were traced: what TensorFlow spends on their speed is lost.
    tf.config.optimizer.set_experimental_options({"disable_meta_optimizer": True})
    # Graphs are made of many small objects; to look through all that was imported again and again takes a tenth.
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)

    results: dict[str, np.ndarray] = {"replicas": np.array(strategy.num_replicas_in_sync)}
    for case_name in case_names:
        case = CASES[case_name]
        # To trace a step for each replica takes far longer than to run it. One device is held to the graphs of others.
        eager = name == "default" or (name == "mirrored" and case_name in MEETS_AS)
        with strategy.scope():
            model = case.make(run_eagerly=eager)
        players = isinstance(model, kg.engine.PlayersModel)
        remainder = REMAINDER if takes_remainders(model, case_name) else 0
        examples = case.batches(1, STEPS * BATCH + remainder)[0]
        data = tf.data.Dataset.from_tensor_slices(examples).batch(BATCH)
        options = tf.data.Options()
        options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
        data = data.with_options(options)
        history = model.fit(data, verbose=0, shuffle=False).history
        for key, values in history.items():
            results[f"{case_name}/history/{key}"] = np.array(values)
        if not players or case_name in EVALUATED:
            for key, value in model.evaluate(data, verbose=0, return_dict=True).items():
                results[f"{case_name}/evaluate/{key}"] = np.array(value)
        # Not its path: a layer's automatic name counts the layers of all cases before, and workers train fewer.
        for index, weight in enumerate(model.weights):
            results[f"{case_name}/weights/{index}/{weight.name}"] = weight.numpy()
    if name == "mirrored":
        for case_name in {"EDSR", "ToyGAN"}.intersection(case_names):
            with tempfile.TemporaryDirectory() as folder:
                assert_interrupted_equals_whole(
                    CASES[case_name], pathlib.Path(folder), strategy.scope, run_eagerly=True
                )
    if name in ("default", "mirrored"):
        results |= mixed_precision(strategy) | accumulation(strategy)
    with open(output, "wb") as file:
        np.savez(file, **results)


def takes_remainders(model: Any, case_name: str) -> bool:
    """Whether the replicas may get unequal shares of a case's last batch.

    Rounds and groups share a batch out, which must be even, and so do the groups that `MinibatchStdDev` compares; noise
    of a whole batch is drawn in graphs alone, where the replicas ask one another for their shares.
    """
    import keras_genssl as kg
    from tests.contracts import MEETS_AS

    rounds = len(model.rounds()) if isinstance(model, kg.engine.PlayersModel) else 1
    op_by_op_with_noise = case_name in MEETS_AS and bool(kg.engine.replicas.seed_generators(model))
    compared = any(isinstance(layer, kg.layers.MinibatchStdDev) for layer in model._flatten_layers())
    return rounds == getattr(model, "groups", 1) == 1 and not op_by_op_with_noise and not compared


def mixed_precision(strategy: tf.distribute.Strategy) -> dict[str, np.ndarray]:
    """How far a narrow SRGAN, its networks computing in bfloat16, moves its weights."""
    import keras

    import keras_genssl as kg
    from tests.contracts import pairs

    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("mixed_bfloat16")
    keras.utils.set_random_seed(7)
    with strategy.scope():
        networks = kg.backbones.srresnet(2, 4, 1), kg.backbones.srgan_discriminator(2, 4, input_shape=(32, 32, 3))
        model = kg.models.SRGAN(*networks, adversarial_weight=0.1)
        model.compile({player: keras.optimizers.SGD(0.02, momentum=0.9) for player in model.players()})
    assert any(layer.compute_dtype == "bfloat16" for layer in model._flatten_layers())
    before = [weight.numpy() for weight in model.trainable_variables]
    examples = pairs(2, small=16)(np.random.default_rng(11), 2 * BATCH)
    model.fit(tf.data.Dataset.from_tensor_slices(examples).batch(BATCH), verbose=0, shuffle=False)
    moved = [weight.numpy() - old for weight, old in zip(model.trainable_variables, before, strict=True)]
    return {"mixed_precision": np.concatenate([values.ravel() for values in moved])}


def accumulation(strategy: tf.distribute.Strategy) -> dict[str, np.ndarray]:
    """Where momentum contrast comes to in three updates: of whole batches, or on replicas of halves of them."""
    import keras

    import keras_genssl as kg
    from tests import toys
    from tests.contracts import images

    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    keras.utils.set_random_seed(7)
    halves = strategy.num_replicas_in_sync > 1
    with strategy.scope():
        flat = keras.Sequential([keras.Input((toys.SIZE, toys.SIZE, 3)), keras.layers.Flatten()])
        head = keras.Sequential([keras.Input((flat.output_shape[-1],)), keras.layers.Dense(3, use_bias=False)])
        model = kg.models.MoCo(flat, head=head, queue_size=50, momentum=0.5, groups=1)
        steps = 2 if halves else None
        model.compile(
            keras.optimizers.SGD(0.5, 0.9, clipnorm=0.1, use_ema=True, gradient_accumulation_steps=steps),
            run_eagerly=not halves,
        )
    first, second = (images(np.random.default_rng(seed), 3 * BATCH)["image"] for seed in (1, 2))
    data = tf.data.Dataset.from_tensor_slices({"first": first, "second": second})
    model.fit(data.batch(BATCH // 2 if halves else BATCH), verbose=0, shuffle=False)
    return {f"accumulation/{index}": weight.numpy() for index, weight in enumerate(model.weights)}


if __name__ == "__main__":
    main(*sys.argv[1:])
