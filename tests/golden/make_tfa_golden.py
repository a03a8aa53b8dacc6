"""Write what TensorFlow Addons 0.23.0 computes, values and gradients, to `tfa_losses.npz` beside this file.

    python3.11 tests/golden/make_tfa_golden.py

Run by hand, with any Python 3.9 to 3.11: Addons no longer imports beside this package, so the script builds an
environment of its own in a temporary folder (or in `--venv`, which is kept) and goes on inside it. The inputs are
written too, so the test needs neither Addons nor this script: `tests/losses/metric_learning/test_tfa_golden.py`.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile
import venv

REQUIREMENTS = ["tensorflow-cpu==2.15.1", "tensorflow-addons==0.23.0"]
TARGET = pathlib.Path(__file__).with_name("tfa_losses.npz")
METRICS = ["L2", "squared-L2", "angular", "inner"]  # the last is a function: minus the inner product
DTYPES = ["float32", "float32", "float16", "bfloat16"]


def in_environment_of_its_own(folder):
    """Install Addons into `folder` and run this script's second half there."""
    python = pathlib.Path(folder) / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    subprocess.run([python, __file__, "--here"], check=True)


def labels_of(generator, kind, batch):
    """Labels with every class several times, with lone ones, in two classes, or of any size."""
    if kind == "balanced":
        labels = generator.permutation(batch) % (batch // 4)
    elif kind == "lone":  # some labels are seen once, the others more often
        labels = generator.integers(0, batch, batch)
        labels[:2] = labels[-1]
    elif kind == "two":
        labels = generator.permutation(batch) % 2
    else:  # any integers, negative and large ones too
        labels = generator.choice(generator.integers(-(2**30), 2**30, batch // 3), batch)
        labels[0] = labels[1]
    return labels.astype("int32")


def embedding_cases(generator):
    """Settings and inputs of the losses that take labels and embeddings."""
    for number in range(96):
        loss = ["TripletSemiHardLoss", "TripletHardLoss", "LiftedStructLoss"][number % 3]
        batch, dim = int(generator.integers(8, 25)), int(generator.integers(2, 9))
        embeddings = generator.normal(size=(batch, dim)) * generator.uniform(0.3, 1.5)
        if generator.random() < 0.5:
            embeddings /= ((embeddings**2).sum(1, keepdims=True)) ** 0.5
        case = {
            "loss": loss,
            "dtype": DTYPES[int(generator.integers(4))],
            "margin": float(generator.choice([0.0, 0.2, 1.0, 2.5])),
        }
        if loss != "LiftedStructLoss":
            case["distance_metric"] = METRICS[number // 3 % 4]
        if loss == "TripletHardLoss":
            case["soft"] = bool(generator.integers(2))
        labels = labels_of(generator, ["balanced", "lone", "two", "any"][int(generator.integers(4))], batch)
        yield case, labels, embeddings


def pair_cases(generator):
    """Settings and inputs of the losses of pairs and of similarities."""
    for number in range(16):
        batch = int(generator.integers(4, 20))
        case = {
            "loss": "ContrastiveLoss",
            "dtype": DTYPES[number % 4],
            "margin": float(generator.choice([0.5, 1.0, 2.0])),
        }
        yield case, generator.integers(0, 2, batch).astype("int32"), generator.uniform(0, 2.5, batch)
    for number in range(24):
        batch = int(generator.integers(4, 20))
        similarities = generator.normal(size=(batch, batch)) * 3
        case = {"loss": "NpairsLoss", "dtype": DTYPES[number % 4]}
        yield case, generator.integers(0, batch // 2, batch).astype("int32"), similarities
        indicators = (generator.random((batch, 5)) < 0.4).astype("int32")
        indicators[:, 0] |= indicators.sum(1) == 0
        yield {**case, "loss": "NpairsMultilabelLoss"}, indicators, similarities


def write():
    """Compute all cases with Addons; all of a kind go into one flat array, in order, halves as float32."""
    import numpy as np
    import tensorflow as tf
    import tensorflow_addons as tfa

    arrays = {"y_true": [], "y_pred": [], "value": [], "gradient": []}
    settings = []
    generator = np.random.default_rng(20)
    for case, y_true, y_pred in [*embedding_cases(generator), *pair_cases(generator)]:
        arguments = {key: value for key, value in case.items() if key not in ("loss", "dtype")}
        if arguments.get("distance_metric") == "inner":
            arguments["distance_metric"] = lambda x: -tf.matmul(x, x, transpose_b=True)
        loss = getattr(tfa.losses, case["loss"])(**arguments)
        inputs = tf.cast(tf.constant(y_pred, tf.float32), case["dtype"])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            value = tf.reduce_mean(loss(y_true, inputs))
        outputs = {"y_pred": inputs, "value": value, "gradient": tape.gradient(value, inputs)}
        outputs = {name: tf.cast(tensor, tf.float32).numpy() for name, tensor in outputs.items()}
        for name, values in {"y_true": y_true, **outputs}.items():
            assert np.isfinite(values).all(), (case, name)
            arrays[name].append(np.ravel(values))
        settings.append({**case, "y_true": y_true.shape, "y_pred": y_pred.shape})
    versions = {"tensorflow": tf.__version__, "tensorflow-addons": tfa.__version__}
    flat = {name: np.concatenate(parts) for name, parts in arrays.items()}
    np.savez_compressed(TARGET, cases=json.dumps({"versions": versions, "cases": settings}), **flat)
    print(f"{len(settings)} cases, {TARGET.stat().st_size / 1e3:.0f} kB: {TARGET}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--venv", help="where the environment is built and kept; used if it is there")
    parser.add_argument("--here", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.here:
        write()
    elif arguments.venv:
        in_environment_of_its_own(arguments.venv)
    else:
        with tempfile.TemporaryDirectory() as folder:
            in_environment_of_its_own(folder)


if __name__ == "__main__":
    sys.exit(main())
