import keras
import numpy as np
import pytest

from keras_genssl.optimizers import LARS

RNG = np.random.default_rng(0)


def loop(weight, gradients, rates, momentum, decay, trust, nesterov, excluded):
    """`apply_gradients` of the authors' classic momentum, for one parameter."""
    velocity = np.zeros_like(weight)
    for gradient, rate in zip(gradients, rates, strict=True):
        ratio = 1.0
        if not excluded:
            gradient = gradient + decay * weight
            w, g = np.sqrt((weight**2).sum()), np.sqrt((gradient**2).sum())
            if w > 0 and g > 0:
                ratio = trust * w / g
        scaled = rate * ratio
        velocity = momentum * velocity + scaled * gradient
        weight = weight - (momentum * velocity + scaled * gradient if nesterov else velocity)
    return weight, velocity


@pytest.mark.parametrize("nesterov", [False, True])
def test_several_steps_of_the_loop(nesterov: bool) -> None:
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.Conv2D(3, 3), keras.layers.Flatten()])
    model.add(keras.layers.Dense(4))
    model.add(keras.layers.BatchNormalization(name="norm"))
    model.add(keras.layers.Dense(2, name="head_supervised"))
    weights = model.trainable_variables
    for weight in weights:
        weight.assign(RNG.normal(size=weight.shape))
    before = [weight.numpy().astype("float64") for weight in weights]
    steps = [[RNG.normal(size=weight.shape).astype("float32") for weight in weights] for _ in range(5)]
    schedule = keras.optimizers.schedules.PolynomialDecay(2.0, 5, 0.5)
    exclude = ("bias$", "gamma$", "beta$", "head_supervised")
    optimizer = LARS(schedule, 0.8, weight_decay=0.1, trust=0.05, nesterov=nesterov, exclude=exclude)
    for gradients in steps:
        optimizer.apply([keras.ops.convert_to_tensor(gradient) for gradient in gradients], weights)
    rates = [2.0 - 0.3 * step for step in range(5)]
    adapted = []
    for number, weight in enumerate(weights):
        excluded = weight.path.split("/")[-1] != "kernel" or "head_supervised" in weight.path
        adapted += [] if excluded else [weight.path]
        mine = [gradients[number] for gradients in steps]
        expected, velocity = loop(before[number], mine, rates, 0.8, 0.1, 0.05, nesterov, excluded)
        np.testing.assert_allclose(weight, expected, atol=1e-5, err_msg=weight.path)
        np.testing.assert_allclose(optimizer.momentums[number], velocity, atol=1e-5)
    assert len(adapted) == 2  # both kernels: no bias, no batch norm, not the head


def test_zero_lengths_take_the_plain_step() -> None:
    zero, still = keras.Variable(np.zeros(3, "float32")), keras.Variable(np.ones(3, "float32"))
    optimizer = LARS(0.5, momentum=0.0, weight_decay=0.0)
    optimizer.apply([keras.ops.ones(3), keras.ops.zeros(3)], [zero, still])
    np.testing.assert_array_equal(zero, np.full(3, -0.5))
    np.testing.assert_array_equal(still, np.ones(3))


def test_a_saved_model_goes_on_with_its_momenta(tmp_path) -> None:
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    warm = keras.optimizers.schedules.CosineDecay(0.0, 9, warmup_target=3.0, warmup_steps=2)
    model.compile(LARS(warm, 0.7, 0.01, 0.02, nesterov=True, exclude=["bias"]), "mse")
    x, y = RNG.normal(size=(2, 8, 3)).astype("float32")
    for _ in range(3):
        model.train_on_batch(x, y[:, :2])
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    config = again.optimizer.get_config()
    assert config == model.optimizer.get_config()
    given = {"momentum": 0.7, "weight_decay": 0.01, "trust": 0.02, "nesterov": True, "exclude": ("bias",)}
    assert given.items() <= config.items()
    for each in (model, again):
        each.train_on_batch(x, y[:, :2])
    for a, b in zip(again.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(a, b)
    np.testing.assert_array_equal(again.get_weights()[0], model.get_weights()[0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"momentum": 1.0}, r"`momentum` must lie in \[0, 1\)\. Received: momentum=1\.0"),
        ({"weight_decay": -1.0}, r"`weight_decay` must be at least 0\. Received: weight_decay=-1\.0"),
        ({"trust": 0}, r"`trust` must be positive\. Received: trust=0"),
        ({"exclude": "bias"}, r"`exclude` must be a sequence of regular expressions\. Received: exclude='bias'"),
    ],
)
def test_errors_name_argument_rule_and_value(arguments, message) -> None:
    with pytest.raises(ValueError, match=message):
        LARS(0.1, **arguments)
