"""No loss takes a number that is NaN, infinite or, where it counts something, no integer."""

import inspect
import math

import keras
import pytest

import keras_genssl as kg
from keras_genssl import losses

NEEDED = {
    "ArcFaceLoss": {"num_classes": 2, "embedding_dim": 3},
    "BinCrossEntropy": {"bins": [[0.0], [1.0]], "neighbours": 1},
    "ProxyAnchorLoss": {"num_classes": 2, "embedding_dim": 3},
    "SoftmaxLoss": {"num_classes": 2, "embedding_dim": 3},
}
ANY_SIGN = ("a", "b", "base", "c")
COUNTS = ("embedding_dim", "neighbours", "num_classes")


def numbers():
    """Every argument of every loss whose default is a number, and every count."""
    for name in losses.__all__:
        if inspect.isclass(getattr(losses, name)) and name != "PerceptualLoss":  # which takes a network first
            for parameter in inspect.signature(getattr(losses, name)).parameters.values():
                number = isinstance(parameter.default, int | float) and not isinstance(parameter.default, bool)
                if parameter.name in COUNTS or number:
                    yield name, parameter.name


NUMBERS = sorted(numbers())


def assert_refused(name, argument, value):
    with pytest.raises(ValueError, match=rf"`{argument}` (must|may) .*Received: {argument}={value}"):
        getattr(losses, name)(**{**NEEDED.get(name, {}), argument: value})


def test_all_are_found():
    assert {
        ("ArcFaceLoss", "margin"),
        ("ArcFaceLoss", "num_classes"),
        ("BarlowTwinsLoss", "redundancy_weight"),
        ("DistanceLoss", "margin"),
        ("InfoNCELoss", "temperature"),
        ("KLSparsity", "weight"),
        ("LeastSquaresGANLoss", "generator_scale"),
        ("NTXentLoss", "temperature"),
        ("SupConLoss", "temperature"),
        ("VICRegLoss", "covariance_weight"),
    } < set(NUMBERS)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize(("name", "argument"), NUMBERS)
def test_what_is_not_finite_is_refused(name, argument, value):
    assert_refused(name, argument, value)


@pytest.mark.parametrize(("name", "argument"), [each for each in NUMBERS if each[1] not in ANY_SIGN])
def test_what_is_negative_is_refused(name, argument):
    assert_refused(name, argument, -1)


@pytest.mark.parametrize("value", [0, 0.5, 2.5, 3.0, True])
@pytest.mark.parametrize(("name", "argument"), [each for each in NUMBERS if each[1] in COUNTS])
def test_what_is_no_count_is_refused(name, argument, value):
    assert_refused(name, argument, value)


@pytest.mark.parametrize("name", ["InfoNCELoss", "NTXentLoss", "SupConLoss"])
@pytest.mark.parametrize("value", [0, "0.1", None, True])
def test_a_temperature_is_a_number_above_zero(name, value):
    with pytest.raises(ValueError, match=f"`temperature` must be positive and finite. Received: temperature={value!r}"):
        getattr(losses, name)(temperature=value)


def test_methods_refuse_what_their_losses_do():
    encoder = keras.Sequential([keras.Input((2, 2, 1)), keras.layers.Flatten()])
    for method, argument in (
        (kg.models.SimCLR, "temperature"),
        (kg.models.BarlowTwins, "redundancy_weight"),
        (kg.models.TripletEmbeddingModel, "margin"),
    ):
        with pytest.raises(ValueError, match=f"`{argument}` must be .* finite. Received: {argument}=inf"):
            method(encoder, **{argument: math.inf})
    assert kg.models.TripletEmbeddingModel(encoder, margin=0).margin == losses.TripletHardLoss(margin=0).margin == 0
