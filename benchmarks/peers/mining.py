"""Value and gradient of the triplet loss with semi-hard negatives, by this library or by pytorch-metric-learning.

python benchmarks/peers/mining.py ours 256
"""

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from processes import serve
from rows import DIM, MARGIN, PER_CLASS, SEED, THREADS


def embeddings(batch: int) -> np.ndarray:
    values = np.random.default_rng(SEED).normal(size=(batch, DIM)).astype("float32")
    return values / np.linalg.norm(values, axis=1, keepdims=True)


def ours(batch: int) -> Callable[[], Any]:
    import tensorflow as tf

    import keras_genssl as kg

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    loss = kg.losses.TripletSemiHardLoss(margin=MARGIN)
    labels, vectors = tf.range(batch) // PER_CLASS, tf.constant(embeddings(batch))

    @tf.function
    def gradient() -> Any:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            value = loss(labels, vectors)
        return tape.gradient(value, vectors)

    return lambda: gradient().numpy()


def theirs(batch: int) -> Callable[[], Any]:
    import torch
    from pytorch_metric_learning import losses, miners

    torch.set_num_threads(THREADS)
    miner = miners.TripletMarginMiner(margin=MARGIN, type_of_triplets="semihard")
    loss = losses.TripletMarginLoss(margin=MARGIN)
    labels, vectors = torch.arange(batch) // PER_CLASS, torch.from_numpy(embeddings(batch)).requires_grad_()

    def gradient() -> Any:
        (found,) = torch.autograd.grad(loss(vectors, labels, miner(vectors, labels)), vectors)
        return found

    return gradient


if __name__ == "__main__":
    side, batch = sys.argv[1], int(sys.argv[2])
    call = {"ours": ours, "theirs": theirs}[side](batch)

    def steps(number: int) -> None:
        for _ in range(number):
            call()

    serve(batch, steps)
