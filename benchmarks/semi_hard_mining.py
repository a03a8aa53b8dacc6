"""The cost of semi-hard mining compared with the algorithm of TensorFlow Addons.

    python benchmarks/semi_hard_mining.py

First measures by how much a batch of 2048 raises the peak memory of a separate process. Then times value and gradient
of the loss, with both algorithms taking turns in one process, and prints the median of the rounds' ratios. Both results
are written to `results/speed/semi_hard_mining.json`. Addons itself imports only with TensorFlow up to 2.15, so its
algorithm is written out here for the installed TensorFlow: it compares all distances of each anchor with one another in
a (batch^2, batch) matrix.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import tensorflow as tf

import keras_genssl as kg
from pipelines.results.benchmarks import speed

ASKED = {256: "at least 8", 512: "at least 20"}
BATCHES = {256: 9, 512: 3}  # rounds of each; the second needs some 6 GB in Addons' algorithm
LARGE = 2048
DIM, PER_CLASS, MARGIN = 128, 4, 0.2


def addons(labels: tf.Tensor, embeddings: tf.Tensor) -> tf.Tensor:
    """Returns the semi-hard loss, computed by comparing every distance with all others of its anchor."""
    batch = tf.size(labels)
    distances = kg.losses.pairwise_distances(embeddings)
    same = labels[:, None] == labels[None, :]
    # Row p * batch + a holds the distances of anchor a, compared with its distance to p.
    tiled = tf.tile(distances, [batch, 1])
    beyond = tf.tile(~same, [batch, 1]) & (tiled > tf.reshape(tf.transpose(distances), [-1, 1]))
    found = tf.transpose(tf.reshape(tf.reduce_any(beyond, axis=1), [batch, batch]))
    outside = masked_minimum(tiled, tf.cast(beyond, tf.float32))
    outside = tf.transpose(tf.reshape(outside, [batch, batch]))
    inside = -masked_minimum(-distances, tf.cast(~same, tf.float32))
    negative = tf.where(found, outside, tf.tile(inside, [1, batch]))
    positive = tf.cast(same, tf.float32) - tf.eye(batch)
    hinge = tf.maximum((MARGIN + distances - negative) * positive, 0.0)
    return tf.reduce_sum(hinge) / tf.reduce_sum(positive)


def masked_minimum(values: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Returns the smallest value of each row where the mask is 1."""
    largest = tf.reduce_max(values, axis=1, keepdims=True)
    return tf.reduce_min((values - largest) * mask, axis=1, keepdims=True) + largest


def ours(labels: tf.Tensor, embeddings: tf.Tensor) -> tf.Tensor:
    return tf.reduce_mean(kg.losses.TripletSemiHardLoss(margin=MARGIN).call(labels, embeddings))


def with_gradient(loss: Callable[..., tf.Tensor]) -> Callable[..., Any]:
    @tf.function
    def both(labels: tf.Tensor, embeddings: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(embeddings)
            value = loss(labels, embeddings)
        return value, tape.gradient(value, embeddings)

    return both


def inputs(batch: int) -> tuple[tf.Tensor, tf.Tensor]:
    embeddings = tf.random.stateless_normal((batch, DIM), seed=(0, batch))
    return tf.range(batch) // PER_CLASS, tf.math.l2_normalize(embeddings, axis=1)


def seconds(function: Callable[..., Any], *arguments: Any) -> float:
    started = time.perf_counter()
    function(*arguments)[1].numpy()
    return time.perf_counter() - started


def compare() -> list[dict[str, Any]]:
    """Returns a row of ratios for each batch size."""
    rows = []
    functions = [with_gradient(addons), with_gradient(ours)]
    for batch, rounds in BATCHES.items():
        arguments = inputs(batch)
        (value, gradient), (our_value, our_gradient) = [function(*arguments) for function in functions]  # traces
        tf.debugging.assert_near(value, our_value, rtol=1e-5)
        # Among hundreds of thousands of distances some round to the same number, and these share a gradient in Addons.
        assert tf.norm(gradient - our_gradient) < 0.05 * tf.norm(gradient)
        del value, gradient, our_value, our_gradient
        times = [[seconds(function, *arguments) for function in functions] for _ in range(rounds)]
        slow, fast = (1e3 * statistics.median(each) for each in zip(*times, strict=True))
        ratios = [theirs / here for theirs, here in times]
        print(
            f"batch {batch}: {slow:.1f} ms and {fast:.1f} ms, {statistics.median(ratios):.0f} times faster "
            f"(of {rounds} pairs: {min(ratios):.0f} to {max(ratios):.0f})",
            flush=True,
        )
        rows.append(speed.ratio(f"batch {batch}", ratios, ASKED[batch]))
    return rows


def peak() -> float:
    """Returns the largest resident size of the process so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1e6 if sys.platform == "darwin" else 1e3)


def memory() -> None:
    """Computes value and gradient once for a large batch, in a process that allocates nothing else of size."""
    function = with_gradient(ours)
    function(*inputs(8))[1].numpy()
    before = peak()
    arguments = inputs(LARGE)
    took = seconds(function, *arguments)
    print(f"batch {LARGE}: {peak() - before:.0f} MB more at the peak, {took:.1f} s with tracing")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--memory", action="store_true", help="only the memory of the large batch")
    if parser.parse_args().memory:
        memory()
    else:
        # This must come first: a process starts with the peak memory of its parent.
        alone = subprocess.run([sys.executable, __file__, "--memory"], check=True, capture_output=True, text=True)
        print(alone.stdout, end="", flush=True)
        speed.write(
            "semi_hard_mining",
            "Semi-hard mining",
            "Times faster than the algorithm of TensorFlow Addons, which compares every distance with every other of "
            f"its anchor; value and gradient, embeddings of {DIM} numbers, {PER_CLASS} of each class.",
            compare(),
            [f"B{alone.stdout.strip()[1:]} (asked: less than 1,000 MB)."],
        )
