"""Write what TensorFlow Addons 0.23.0 computes and how its parts are called, to two files beside this one.

`tfa_losses.npz` holds values and gradients of its metric-learning losses, `tfa_names.txt` its public names.

    python3.11 tests/golden/make_tfa_golden.py

Run by hand, with any Python 3.9 to 3.11: Addons no longer imports beside this package, so the script builds an
environment of its own in a temporary folder (or in `--venv`, which is kept) and goes on inside it. The inputs are
written too, so the tests need neither Addons nor this script: `tests/losses/metric_learning/test_tfa_golden.py` and
`tests/test_migrating.py`.
"""

import argparse
import inspect
import itertools
import json
import pathlib
import subprocess
import sys
import tempfile
import venv

REQUIREMENTS = ["tensorflow-cpu==2.15.1", "tensorflow-addons==0.23.0"]
TARGET = pathlib.Path(__file__).with_name("tfa_losses.npz")
NAMES = pathlib.Path(__file__).with_name("tfa_names.txt")
METRICS = ["L2", "squared-L2", "angular", "inner"]  # the last is a function: minus the inner product
DTYPES = ["float32", "float64", "float16", "bfloat16"]
MODULES = ["activations", "callbacks", "image", "layers", "losses", "metrics", "optimizers"]
MODULES += ["options", "register", "rnn", "seq2seq", "text"]
MARGINS = [0.0, 0.2, 1.0, 2.5]
REDUCTIONS = ["none", "sum", "sum_over_batch_size"]


def in_environment_of_its_own(folder):
    """Install Addons into `folder` and run this script's second half there."""
    python = pathlib.Path(folder) / "bin" / "python"
    if not python.exists():
        venv.create(folder, with_pip=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *REQUIREMENTS], check=True)
    subprocess.run([python, __file__, "--here"], check=True)


def labels_of(generator, batch, dtype):
    """Labels with every class several times, with lone ones, in two classes, or of any size."""
    kind = generator.choice(["balanced", "lone", "two", "any"])
    if kind == "balanced":
        labels = generator.permutation(batch) % (batch // 4)
    elif kind == "lone":  # some labels are seen once, the others more often
        labels = generator.integers(0, batch, batch)
        labels[:2] = labels[-1]
    elif kind == "two":
        labels = generator.permutation(batch) % 2
    else:  # any integers, negative and large ones too
        most = 2**30 if dtype == "int32" else 2**60
        labels = generator.choice(generator.integers(-most, most, batch // 3), batch)
        labels[0] = labels[1]
    return labels.astype(dtype)


def embedding_settings():
    """Every setting of the losses that take labels and embeddings: metric x dtype x soft x margin."""
    for metric, dtype, margin in itertools.product(METRICS, DTYPES, MARGINS):
        setting = {"dtype": dtype, "margin": margin, "distance_metric": metric}
        yield {"loss": "TripletSemiHardLoss", **setting}
        for soft in (False, True):
            yield {"loss": "TripletHardLoss", **setting, "soft": soft}
    for dtype, margin in itertools.product(DTYPES, MARGINS):
        yield {"loss": "LiftedStructLoss", "dtype": dtype, "margin": margin}


def embedding_inputs(generator, number, batch=None):
    """Labels, int32 and int64 in turn, and embeddings, every second time of length 1."""
    batch, dim = batch or int(generator.integers(8, 15)), int(generator.integers(3, 7))
    embeddings = generator.normal(size=(batch, dim)) * generator.uniform(0.3, 1.5)
    if generator.random() < 0.5:
        embeddings /= ((embeddings**2).sum(1, keepdims=True)) ** 0.5
    return labels_of(generator, batch, ["int32", "int64"][number % 2]), embeddings


def pair_inputs(generator, batch):
    """Whether pairs are similar, and distances."""
    return generator.integers(0, 2, batch).astype("int64"), generator.uniform(0, 2.5, batch)


def similarity_inputs(generator, batch, multilabel):
    """Labels, multi-hot or not, and similarities."""
    similarities = generator.normal(size=(batch, batch)) * 3
    if not multilabel:
        return generator.integers(0, batch // 2, batch).astype("int64"), similarities
    indicators = (generator.random((batch, 5)) < 0.4).astype("int32")
    indicators[:, 0] |= indicators.sum(1) == 0
    return indicators, similarities


def inputs_of(generator, name, number, batch=None):
    """Labels and predictions that a loss takes."""
    if name == "ContrastiveLoss":
        return pair_inputs(generator, batch or int(generator.integers(4, 20)))
    if name.startswith("Npairs"):
        return similarity_inputs(generator, batch or int(generator.integers(4, 12)), name == "NpairsMultilabelLoss")
    return embedding_inputs(generator, number, batch)


def cases(generator):
    """All settings with inputs of their own; a large batch and sample weights once for each loss, and reductions."""
    settings = list(embedding_settings())
    for dtype, margin in itertools.product(DTYPES, MARGINS):
        settings.append({"loss": "ContrastiveLoss", "dtype": dtype, "margin": margin})
        settings.append({"loss": "NpairsLoss", "dtype": dtype})
        settings.append({"loss": "NpairsMultilabelLoss", "dtype": dtype})
    names = sorted({setting["loss"] for setting in settings})
    settings += [{"loss": name, "dtype": "float32", "batch": 100} for name in names]
    settings += [{"loss": name, "dtype": "float32", "weighted": True} for name in names]
    settings += [  # the other losses take no reduction, or take it and pass it by
        {"loss": "ContrastiveLoss", "dtype": "float32", "reduction": reduction, "weighted": weighted}
        for reduction, weighted in itertools.product(REDUCTIONS, [False, True])
    ]
    for number, setting in enumerate(settings):
        batch = setting.pop("batch", None)
        yield setting, *inputs_of(generator, setting["loss"], number, batch)


def judged(case, y_true, y_pred, sample_weight):
    """Value and gradient by Addons, and the dtype that they were computed from."""
    import tensorflow as tf
    import tensorflow_addons as tfa

    keys = ("margin", "soft", "distance_metric", "reduction")
    arguments = {key: case[key] for key in keys if key in case}
    if arguments.get("distance_metric") == "inner":
        arguments["distance_metric"] = lambda x: -tf.matmul(x, x, transpose_b=True)
    loss = getattr(tfa.losses, case["loss"])(**arguments)
    with tf.GradientTape() as tape:
        tape.watch(y_pred)
        value = loss(y_true, y_pred, sample_weight)
        total = tf.reduce_sum(value)
    return value, tape.gradient(total, y_pred)


def write():
    """Compute all cases with Addons; all of a kind go into one flat array, in order."""
    import numpy as np
    import tensorflow as tf
    import tensorflow_addons as tfa

    tf.config.run_functions_eagerly(True)  # a graph for every margin would take minutes
    arrays = {"y_true": [], "y_pred": [], "sample_weight": [], "value": [], "gradient": []}
    settings = []
    generator = np.random.default_rng(20)
    for case, y_true, y_pred in cases(generator):
        sample_weight = None
        if case.pop("weighted", False):  # a batch's loss is one number there: a weight for each example is an error
            sample_weight = np.float32(0.5)
            if case["loss"] == "ContrastiveLoss":
                sample_weight = generator.uniform(0, 2, len(y_true)).astype("float32")
        inputs = tf.cast(tf.constant(y_pred, tf.float32), case["dtype"])
        try:
            value, gradient = judged(case, y_true, inputs, sample_weight)
        except tf.errors.InvalidArgumentError:
            assert case["dtype"] == "float64", case  # which most of the losses do not take
            case["computed_in"] = "float32"
            value, gradient = judged(case, y_true, tf.cast(inputs, tf.float32), sample_weight)
        outputs = {"y_pred": inputs, "value": value, "gradient": gradient}
        outputs = {name: tf.cast(tensor, tf.float64).numpy() for name, tensor in outputs.items()}
        outputs["sample_weight"] = np.array([] if sample_weight is None else sample_weight)
        for name, values in {"y_true": y_true, **outputs}.items():
            assert np.isfinite(values).all(), (case, name)
            arrays[name].append(np.ravel(values))
        shapes = {name: values.shape for name, values in outputs.items()}
        settings.append({**case, "labels": str(y_true.dtype), "shapes": {"y_true": y_true.shape, **shapes}})
    versions = {"tensorflow": tf.__version__, "tensorflow-addons": tfa.__version__}
    flat = {name: np.concatenate(parts) for name, parts in arrays.items()}
    np.savez_compressed(TARGET, cases=json.dumps({"versions": versions, "cases": settings}), **flat)
    print(f"{len(settings)} cases, {TARGET.stat().st_size / 1e3:.0f} kB: {TARGET}")
    names = public_names(tfa)
    NAMES.write_text("".join(f"{name}\n" for name in names))
    print(f"{len(names)} names: {NAMES}")


def public_names(tfa):
    """What Addons' public modules export, and the two functions of `losses.metric_learning`, dotted."""
    names = set()
    for module in MODULES:
        public = getattr(tfa, module)
        for name, member in inspect.getmembers(public):
            exported = hasattr(public, "__path__") or getattr(member, "__module__", None) == public.__name__
            if exported and not inspect.ismodule(member) and not name.startswith("_"):
                names.add(f"{module}.{name}")
    distances = tfa.losses.metric_learning
    return sorted(names | {f"losses.metric_learning.{name}" for name in dir(distances) if name.endswith("_distance")})


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
