"""What all views share: seeds, replicas, graphs, XLA, dtypes, configurations; and the papers' pipelines."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_genssl import engine, views
from tests import processes

EACH = {
    "crop": lambda seed: views.RandomResizedCrop(12, (0.3, 0.9), (0.5, 2.0), "bilinear", seed=seed, name="crop"),
    "flip": lambda seed: views.RandomFlip(0.4, seed=seed),
    "jitter": lambda seed: views.ColorJitter(0.1, 0.2, 0.3, 0.4, 0.9, seed=seed),
    "grey": lambda seed: views.RandomGrayscale(0.3, seed=seed),
    "blur": lambda seed: views.GaussianBlur((0.5, 1.0), 0.7, 5, seed=seed),
    "solarize": lambda seed: views.Solarize(0.3, 0.6, seed=seed),
    "simclr": lambda seed: views.simclr(12, seed=seed),
    "moco_v1": lambda seed: views.moco_v1(12, seed=seed),
    "moco_v2": lambda seed: views.moco_v2((12, 14), seed=seed),
    "byol": lambda seed: views.byol(12, seed=seed)[1],
}


def pictures(count=6, size=16, channels=3):
    return np.random.default_rng(5).uniform(-1, 1, (count, size, size, channels)).astype("float32")


@pytest.mark.parametrize("make", EACH.values(), ids=EACH)
def test_a_seed_and_a_configuration_give_the_views(make):
    images, view = pictures(40), make(3)
    first, second = np.array(view(images)), np.array(view(images))
    assert (first != second).any()
    assert -1 <= first.min() <= first.max() <= 1
    config = keras.saving.serialize_keras_object(view)
    again = keras.saving.deserialize_keras_object(config)
    assert keras.saving.serialize_keras_object(again) == config
    for expected in (first, second):
        np.testing.assert_array_equal(again(images), expected)
    assert (np.array(make(4)(images)) != first).any()
    assert type(view.seed) is engine.replicas.SharedSeedGenerator
    assert view.compute_output_shape(images.shape) == first.shape
    grey = view(images[..., :1])
    assert grey.shape == (*first.shape[:3], 1)


def test_equal_images_get_different_views():
    same = np.repeat(pictures(1), 8, axis=0)
    made = np.array(views.simclr(12, seed=0)(same))
    assert len(np.unique(made.reshape(8, -1), axis=0)) == 8


def test_a_pipeline_is_its_parts_one_after_the_other():
    parts = [make(None) for name, make in EACH.items() if name in ("crop", "jitter", "blur")]
    view, images = views.Compose(parts, seed=2), pictures()
    numbers = np.random.default_rng(0).random((6, 22 + 9 + 2), dtype="float32")
    expected, start = images, 0
    for part in parts:
        own = keras.ops.convert_to_tensor(numbers[:, start : start + part.num_chances])
        expected, start = part.apply(expected, part.draw(own, expected.shape[1:])), start + part.num_chances
    found = view.apply(images, view.draw(keras.ops.convert_to_tensor(numbers), images.shape[1:]))
    np.testing.assert_allclose(found, expected, atol=1e-5)
    nested = views.Compose([views.Compose(parts[:2]), parts[2]], seed=2)
    np.testing.assert_allclose(nested(images), view(images), atol=1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_views_are_the_eager_ones(jit_compile):
    """XLA draws other numbers from a seed, so what is done with given numbers is compared; the draw compiles too."""
    view, images = views.byol(12, seed=1)[1], pictures()
    numbers = np.random.default_rng(0).random((6, view.num_chances), dtype="float32")

    def given(images, numbers):
        return view.apply(images, view.draw(numbers, tuple(images.shape[1:])))

    compiled = tf.function(given, jit_compile=jit_compile)
    expected = given(tf.constant(images), tf.constant(numbers))
    np.testing.assert_allclose(compiled(tf.constant(images), tf.constant(numbers)), expected, atol=2e-5)
    drawn = tf.function(view, jit_compile=jit_compile)(tf.constant(images))
    assert -1 <= np.min(drawn) < np.max(drawn) <= 1


def test_any_batch_size_in_one_graph():
    view = views.simclr(12, seed=1)
    graph = tf.function(view, input_signature=[tf.TensorSpec((None, 16, 16, 3))])
    made = [np.array(graph(pictures(count))) for count in (3, 7)]
    assert [len(each) for each in made] == [3, 7]
    again = views.simclr(12, seed=1)
    np.testing.assert_allclose(made[0], again(pictures(3)), atol=1e-5)


def test_mixed_precision_leaves_colours_alone():
    images = pictures()
    expected = views.simclr(12, seed=1)(images)
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        found = views.simclr(12, seed=1)(images)
    finally:
        keras.config.set_dtype_policy(policy)
    assert found.dtype == tf.float32
    np.testing.assert_array_equal(found, expected)


def test_inside_a_keras_model():
    inputs = keras.Input((16, 16, 3))
    model = keras.Model(inputs, views.simclr(12, seed=1)(inputs))
    assert model.output_shape == (None, 12, 12, 3)
    np.testing.assert_allclose(model(pictures()), views.simclr(12, seed=1)(pictures()), atol=1e-5)


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: views.Compose([]), ValueError, "`views` must hold at least one view"),
        (lambda: views.Compose([keras.layers.ReLU()]), TypeError, "`views` must hold .*View layers"),
        (lambda: views.simclr(12, strength=3), ValueError, r"`strength` must lie in \[0, 2.5\]. Received: strength=3"),
        (lambda: views.RandomFlip()(np.zeros((2, 4, 4, 3), "int32")), ValueError, "must be uint8, or float.*of int32"),
        (lambda: views.RandomFlip()(np.zeros((4, 4, 3), "float32")), ValueError, r"Received: shape=\(4, 4, 3\)"),
        (lambda: views.RandomFlip()(keras.Input((None, None, 3))), ValueError, "all but the batch known"),
    ],
)
def test_bad_input_is_named(build, error, message):
    with pytest.raises(error, match=message):
        build()


def test_the_papers_settings():
    """Chen et al. 2020, Appendix A; facebookresearch/moco; Grill et al. 2020, Table 6."""
    simclr = views.simclr(28, strength=0.5, blur=False).views
    assert [type(view).__name__ for view in simclr] == [
        "RandomResizedCrop",
        "RandomFlip",
        "ColorJitter",
        "RandomGrayscale",
    ]
    jitter = simclr[2]
    assert (jitter.brightness, jitter.contrast, jitter.saturation, jitter.hue) == (0.4, 0.4, 0.4, 0.1)
    assert (jitter.probability, simclr[3].probability) == (0.8, 0.2)
    assert views.simclr(28).views[-1].sigma == (0.1, 2.0)
    assert views.moco_v1(28).views[0].scale == views.moco_v2(28).views[0].scale == (0.2, 1.0)
    first, second = views.byol(28)
    assert [view.views[4].probability for view in (first, second)] == [1.0, 0.1]
    assert [view.views[5].probability for view in (first, second)] == [0.0, 0.2]


PROGRAM = """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
import keras, numpy as np
from keras_genssl import views
from keras_genssl.engine import replicas, strategy

images = np.random.default_rng(0).uniform(-1, 1, (4, 16, 16, 3)).astype("float32")
chosen = strategy("mirrored")
with chosen.scope():
    view = views.simclr(12, seed=2)
    replicas.separate_noise(view)

@tf.function
def step(images):
    rows = replicas.index() * 2
    return view(images[rows : rows + 2])

one = views.simclr(12, seed=2)
for _ in range(2):
    both = np.concatenate(chosen.experimental_local_results(chosen.run(step, args=(images,))))
    assert np.allclose(both, one(images), atol=1e-5), "the views are not one device's"
states = chosen.experimental_local_results(view.seed.state.value)
assert np.array_equal(*[np.array(state) for state in states]), "seed states diverged"
print("replica views are right")
"""


def test_two_replicas_make_the_views_of_one_device():
    done = processes.run(["-c", PROGRAM])
    assert "replica views are right" in done.output, done.errors[-4000:]


def test_a_graph_compiles_views_with_xla():
    graph = tf.function(views.simclr(8)).get_concrete_function(tf.TensorSpec((None, 8, 8, 3))).graph
    functions = [function for function in graph.as_graph_def().library.function if "_XlaMustCompile" in function.attr]
    assert any("made" in function.signature.name for function in functions)
