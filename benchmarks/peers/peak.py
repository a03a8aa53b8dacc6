"""The machine's own limit: a matrix multiplication, a convolution and its gradients, by TensorFlow or by PyTorch.

python benchmarks/peers/peak.py tensorflow matmul
"""

import sys
from collections.abc import Callable
from typing import Any

from processes import serve
from rows import THREADS

SIDE = 1024  # of the matrices
BATCH, PIXELS, CHANNELS = 16, 64, 64  # of the convolution, 3x3
KINDS = ("matmul", "convolution", "gradient of its images", "gradient of its weights")


def of_tensorflow(kind: str) -> Callable[[], Any]:
    import tensorflow as tf

    tf.config.threading.set_intra_op_parallelism_threads(THREADS)
    if kind == "matmul":
        a = tf.random.normal((SIDE, SIDE))
        return lambda: tf.matmul(a, a).numpy()
    x = tf.random.normal((BATCH, PIXELS, PIXELS, CHANNELS))
    kernel = tf.random.normal((3, 3, CHANNELS, CHANNELS))
    if kind == "convolution":
        return lambda: tf.nn.conv2d(x, kernel, 1, "SAME").numpy()
    if kind == "gradient of its images":
        return lambda: tf.nn.conv2d_transpose(x, kernel, x.shape, 1, "SAME").numpy()
    return lambda: tf.raw_ops.Conv2DBackpropFilter(
        input=x, filter_sizes=kernel.shape, out_backprop=x, strides=[1, 1, 1, 1], padding="SAME"
    ).numpy()


def of_torch(kind: str) -> Callable[[], Any]:
    import torch

    torch.set_num_threads(THREADS)
    if kind == "matmul":
        a = torch.randn(SIDE, SIDE)
        return lambda: a @ a
    x = torch.randn(BATCH, CHANNELS, PIXELS, PIXELS).to(memory_format=torch.channels_last)
    kernel = torch.randn(CHANNELS, CHANNELS, 3, 3).to(memory_format=torch.channels_last)
    if kind == "convolution":
        return lambda: torch.nn.functional.conv2d(x, kernel, padding=1)
    if kind == "gradient of its images":
        return lambda: torch.nn.grad.conv2d_input(x.shape, kernel, x, padding=1)
    return lambda: torch.nn.grad.conv2d_weight(x, kernel.shape, x, padding=1)


def billions(kind: str) -> float:
    """The billions of operations of one call, a multiplication and an addition counted as two."""
    count = SIDE**3 if kind == "matmul" else BATCH * PIXELS**2 * 9 * CHANNELS**2
    return 2e-9 * count


if __name__ == "__main__":
    library, kind = sys.argv[1:]
    call = {"tensorflow": of_tensorflow, "torch": of_torch}[library](kind)

    def steps(number: int) -> None:
        for _ in range(number):
            call()

    serve(0, steps)
