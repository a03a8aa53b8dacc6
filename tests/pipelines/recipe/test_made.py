"""What a constructor takes, a recipe can say, or a recipe's class makes; the rest is named here with its reason."""

import inspect
import types
from typing import Annotated, get_args, get_origin
from unittest import mock

import pytest

import keras_genssl
from keras_genssl import losses, models, penalties
from pipelines import tasks
from pipelines.recipe.adversarial import AnyAdversarialLoss, AnyPenalty
from pipelines.recipe.augmentation import AnyAugmentation
from pipelines.recipe.losses import Loss
from pipelines.recipe.schedules import Constant
from pipelines.recipe.training import Train
from pipelines.section import Section
from pipelines.tasks.generation.gans import GAN
from pipelines.tasks.representation.methods.embedding_losses import AnyEmbeddingLoss

TEST_PREPARE = types.SimpleNamespace(
    shape=(28, 28, 1), size=28, channels=1, scale=2, interpolation="bicubic", patch_size=64,
    num_permutations=64, grid=3, rows=6, columns=6,
)  # fmt: skip
SECTIONS = types.SimpleNamespace(
    prepare=TEST_PREPARE,
    train=Train(steps=1, learning_rate=Constant(schedule="constant", initial=1e-3)),
    loss=Loss(),
)

NOT_REACHED = {
    "name": "Keras' own, of no meaning in a recipe",
    "kwargs": "those of Keras' layers, of no meaning in a recipe",
    "reduction": "a method takes the losses of examples",
    "dtype": "the recipe's is `train.precision`",
    "seed": "the recipe's is `train.seed`",
    "head": "made for the encoder, whatever it is",
    "conditioners": "made for the maps of codes, if there are two",
}
OTHER_DEFAULTS = {
    ("TripletSemiHardLoss", "margin"): "embeddings of recipes have length 1; TensorFlow Addons had 1.0",
    ("TripletHardLoss", "margin"): "the same",
    ("TripletBatchAllLoss", "margin"): "the same",
}


def members(union):
    """The classes of a union, however deep."""
    if isinstance(union, type):
        return [union]
    arguments = get_args(union)[:1] if get_origin(union) is Annotated else get_args(union)
    return [kind for argument in arguments for kind in members(argument)]


METHODS = {
    kind.__name__: kind
    for task in tasks.names()
    for kind in members(tasks.recipes_of(task).model_fields["model"].annotation)
}


@pytest.fixture
def made(monkeypatch):
    """Every call of `Section.made`, without anything being made: (section, class, names of its parts)."""
    calls = []

    def record(section, kind, called=None, /, **parts):
        if not isinstance(kind, mock.NonCallableMock):  # of `backbones`
            calls.append((section, kind, set(parts)))
        return mock.MagicMock(code_shapes=((4, 4), (8, 8)))

    for name in models.__all__:
        getattr(models, name)  # a model that is imported now, on first use, would keep the mock of `backbones`
    monkeypatch.setattr(Section, "made", record)
    network = types.SimpleNamespace(output_shape=(None, 8))
    monkeypatch.setattr(keras_genssl, "backbones", mock.MagicMock(**{
        f"{name}.return_value": network for name in ("small_encoder", "small_feature_map")
    }))  # fmt: skip
    return calls


def section_of(kind):
    """A section of a class, with what it must be given."""
    given = {"num_classes": 3, "num_examples": 9, "conditional": True}
    if "loss" in kind.model_fields and kind.model_fields["loss"].is_required():
        given["loss"] = {"kind": "softmax"}
    given |= {name: {"kind": "vector"} for name in ("quantizer", "top_quantizer", "bottom_quantizer")}
    given["prior"] = {"steps": 1, "learning_rate": {"schedule": "constant", "initial": 1e-3}}
    if "prior" in kind.model_fields and not kind.model_fields["prior"].is_required():
        del given["prior"]
    given["base"] = {"method": "Autoencoder"}
    if "gan" in kind.model_fields:  # and an encoder that is trained after it
        given |= {"gan": {"method": "WGANGP"}, "encoder": given["prior"]}
    tag = {"method": kind.__name__} if "method" in kind.model_fields else {}
    return kind(**tag, **{name: value for name, value in given.items() if name in kind.model_fields})


def check(section, kind, parts):
    for name, parameter in inspect.signature(kind).parameters.items():
        field = type(section).model_fields.get(name)
        if name in parts:
            continue
        if field is None:
            assert name in NOT_REACHED, f"{kind.__name__}: no recipe can say `{name}`"
        elif parameter.default is not parameter.empty and (kind.__name__, name) not in OTHER_DEFAULTS:
            default = tuple(field.default) if isinstance(field.default, list) else field.default
            assert default == parameter.default, f"{kind.__name__}: `{name}` has two defaults"


@pytest.mark.parametrize("name", METHODS)
def test_what_a_method_takes_can_be_said_in_a_recipe_and_has_one_default(made, name):
    section = section_of(METHODS[name])
    model = section.build(SECTIONS)
    if name not in {kind.__name__ for _, kind, _ in made}:  # what is trained, where that is not what is kept
        next(section.phases(model, mock.MagicMock(), mock.MagicMock()))
    assert name in {kind.__name__ for _, kind, _ in made}
    for call in made:
        check(*call)


def test_losses_and_penalties_take_the_fields_of_their_sections(made):
    losses, parts = members(AnyEmbeddingLoss), [*members(AnyPenalty), *members(AnyAdversarialLoss)]
    parts += members(AnyAugmentation)
    for kind in losses:
        kind(kind=get_args(kind.model_fields["kind"].annotation)[0]).build(3, 4)
    for kind in parts:
        kind(kind=get_args(kind.model_fields["kind"].annotation)[0]).build()
    assert len({kind for _, kind, _ in made}) == len(losses) + len(parts)
    for call in made:
        check(*call)


def test_a_recipe_chooses_loss_and_penalty_of_a_gan():
    named = GAN(
        method="GAN",
        adversarial_loss={"kind": "minimax", "label_smoothing": 0.1},
        penalty={"kind": "r1", "gamma": 3.0, "every": 16},
    )
    loss, penalty = named.made(lambda adversarial_loss, penalty: (adversarial_loss, penalty))
    assert (type(loss), loss.get_config()) == (losses.MinimaxGANLoss, {"label_smoothing": 0.1, "fake_smoothing": 0.0})
    assert (type(penalty), penalty.get_config()) == (penalties.R1Penalty, {"gamma": 3.0, "every": 16})
    assert GAN(method="GAN").made(lambda adversarial_loss, penalty: (adversarial_loss, penalty)) == (None, None)
