"""Images made by gradient ascent on a classifier."""

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from keras_genssl.analysis.batches import Function
from keras_genssl.checks import arrays
from keras_genssl.checks.numbers import finite, whole

if TYPE_CHECKING:
    from keras_genssl.regularizers import Regularizer

Objective = Callable[[Any, Any], Any]


@dataclasses.dataclass(frozen=True)
class Ascent:
    """What gradient ascent ended at.

    Attributes:
        images: float32 `(num, height, width, channels)` in [-1, 1]; or the points, of any shape, if `start` had them.
        codes: float32 `(num, ...)`, what the images were decoded from; without `decode` the images themselves.
        probabilities: float32 `(num, steps + 1)`, what the classifier gave the wanted class before each step, and at
            the end. Regularizers that change what the classifier sees do so before each step, but not at the end.
    """

    images: np.ndarray
    codes: np.ndarray
    probabilities: np.ndarray


def class_log_probability(logits: Any, classes: Any) -> Any:
    """Returns the logarithm of the softmax at each row's class: `(batch, num_classes)`, `(batch,)` to `(batch,)`.

    Example:
        >>> import keras
        >>> round(float(class_log_probability(keras.ops.zeros((1, 4)), keras.ops.array([2]))[0]), 4)  # -log 4
        -1.3863
    """
    from keras import ops

    return class_logit(logits, classes) - ops.logsumexp(logits, axis=1)


def class_logit(logits: Any, classes: Any) -> Any:
    """Returns the logit of each row's class: `(batch, num_classes)`, `(batch,)` to `(batch,)`.

    Unlike the probability it does not saturate, and it does not ask that the other classes become less likely.

    Example:
        >>> import keras
        >>> class_logit(keras.ops.array([[5.0, 7.0]]), keras.ops.array([1])).numpy().tolist()
        [7.0]
    """
    from keras import ops

    return ops.take_along_axis(logits, classes[:, None], axis=1)[:, 0]


def ascend(
    classifier: Function,
    start: npt.ArrayLike,
    classes: npt.ArrayLike,
    *,
    steps: int = 100,
    learning_rate: float = 1.0,
    objective: Objective = class_log_probability,
    regularizers: "Sequence[Regularizer]" = (),
    decode: Function | None = None,
    batch_size: int = 256,
    seed: int = 0,
) -> Ascent:
    """Makes images of given classes by gradient ascent on a classifier: `x <- x + learning_rate * ∇ log p(y | x)`.

    A classifier says how classes share the probability of an image, not whether the image is likely. Ascent on pixels
    therefore ends at patterns that look like noise, and that another classifier does not recognise (Nguyen et al.,
    2014). Regularizers make them smoother. With `decode`, the steps are taken in the codes of a trained decoder or
    generator, whose images are likely (Nguyen et al., 2016). docs/gradient_ascent.md shows all of them.

    Reference:
        - Simonyan et al. 2013, [Deep Inside Convolutional Networks](https://arxiv.org/abs/1312.6034)
        - Nguyen et al. 2014, [Deep Neural Networks are Easily Fooled](https://arxiv.org/abs/1412.1897)
        - Nguyen et al. 2016, [Synthesizing the Preferred Inputs for Neurons in Neural Networks via Deep Generator
          Networks](https://arxiv.org/abs/1605.09304)

    Args:
        classifier: maps float32 images `(batch, height, width, channels)` in [-1, 1], or points, to logits
            `(batch, num_classes)`, before any softmax; made of Keras or TensorFlow operations. A `keras.Model` is
            called with `training=False`.
        start: what the ascent starts from. Images `(num, height, width, channels)`, uint8 or float in [-1, 1], such as
            noise or the mean image; they stay in [-1, 1]. Or points `(num, ...)` of another rank, or codes if there
            is `decode`: finite floats without limits.
        classes: `(num,)` of integers in [0, num_classes), the class that each image is to have.
        steps: positive.
        learning_rate: size of the steps, positive.
        objective: maps logits `(batch, num_classes)` and classes `(batch,)` to the values `(batch,)` that are climbed:
            `class_log_probability`, `class_logit`, or a function made of `keras.ops`.
        regularizers: list of those of `keras_genssl.regularizers`, or of your own.
        decode: maps codes `(batch, ...)` to what the classifier takes, like `gan.generate` or `vae.decode`.
        batch_size: images that climb at once. The images do not depend on it, but for rounding.
        seed: seed of the regularizers' random numbers, at least 0.

    Returns:
        An `Ascent`.

    Raises:
        ValueError: before the first step, if an argument is invalid, shapes do not fit, the classifier gives
            probabilities instead of logits, or the objective or a regularizer is not made of Keras operations;
            afterwards, if the ascent leaves the range of floats.

    Example:

        noise = np.random.default_rng(0).uniform(-1, 1, (10, 28, 28, 1))
        noisy = kg.analysis.ascend(classifier, noise, classes=np.arange(10))
        smooth = kg.analysis.ascend(classifier, noise, np.arange(10), regularizers=[kg.regularizers.Blur()])
        codes = gan.sample_latents(10, seed=0)
        garments = kg.analysis.ascend(classifier, codes, np.arange(10), decode=gan.generate)
    """
    from keras import ops

    from keras_genssl.engine.ascent import compiled_ascent

    steps, batch_size, seed = whole("steps", steps), whole("batch_size", batch_size), whole("seed", seed, 0)
    learning_rate = finite("learning_rate", learning_rate, 0, above=True)
    regularizers = _regularizers(regularizers)
    start = _start(start, decode is not None)
    _require_fit(start.shape, classifier, decode)
    classify = _in_inference(classifier)
    make = (lambda points: points) if decode is None else _in_inference(decode)
    image, num_classes = _looked_at(classify, make, objective, start[:16])
    classes = arrays.checked_labels(classes, "classes", start, num_classes=num_classes).astype(np.int32)
    for regularizer in regularizers:
        regularizer.require(start.shape[1:], image, decode is not None)
        _look_at(regularizer, make, start[:16])
    bounded = decode is None and len(image) == 3
    ends = np.cumsum([0, *(regularizer.num_chances for regularizer in regularizers)])
    chances = np.random.default_rng(seed).random((steps, ends[-1]), dtype=np.float32)

    def climbed(points: Any, step: Any, wanted: Any) -> tuple[Any, Any]:
        images = seen = make(points)
        drawn = ops.take(chances, step, axis=0)
        for regularizer, first, last in zip(regularizers, ends, ends[1:], strict=False):
            seen = regularizer.seen(seen, drawn[first:last])
        logits = ops.cast(classify(seen), "float32")
        penalty = sum(regularizer.penalty(points, images) for regularizer in regularizers)
        return objective(logits, wanted) - penalty, ops.exp(class_log_probability(logits, wanted))

    def move(points: Any, gradient: Any, step: Any) -> Any:
        points = points + learning_rate * gradient
        for regularizer in regularizers:
            points = regularizer.changed(points, step)
        return ops.clip(points, -1.0, 1.0) if bounded else points

    climb = compiled_ascent(climbed, move, steps)
    parts = []
    for first in range(0, len(start), batch_size):
        wanted = classes[first : first + batch_size]
        points, trace = climb(*map(ops.convert_to_tensor, (start[first : first + batch_size], wanted)))
        images = make(points)
        images = ops.clip(images, -1.0, 1.0) if len(image) == 3 else images
        final = ops.exp(class_log_probability(ops.cast(classify(images), "float32"), wanted))
        traced = ops.concatenate([trace, final[:, None]], axis=1)
        parts.append([ops.convert_to_numpy(each) for each in (images, points, traced)])
    found = Ascent(*(np.concatenate(each).astype(np.float32) for each in zip(*parts, strict=True)))
    if not (np.isfinite(found.codes).all() and np.isfinite(found.probabilities).all()):
        raise ValueError(
            f"`learning_rate` must be smaller: the ascent left the range of floats. Received: {learning_rate=}"
        )
    return found


def _start(start: npt.ArrayLike, coded: bool) -> np.ndarray:
    """Returns the start as float32: images checked as images, codes and points as finite floats."""
    points = np.asarray(start)
    if points.ndim < 2 or not len(points):
        raise ValueError(f"`start` must be (num, ...), one at least. Received: shape {points.shape}")
    if points.ndim == 4 and not coded:
        return arrays.signed(points, "start")
    if not arrays.is_float(points.dtype) or not np.isfinite(points).all():
        received = "NaN or infinity" if arrays.is_float(points.dtype) else points.dtype
        raise ValueError(f"`start` must hold finite floats, unless it holds images. Received: {received}")
    return points.astype(np.float32)


def _require_fit(shape: tuple[int, ...], classifier: Function, decode: Function | None) -> None:
    """Requires that a model takes what the ascent starts from; functions do not tell what they take."""
    name, taker = ("classifier", classifier) if decode is None else ("decode", decode)
    taken = getattr(taker, "input_shape", shape)
    if len(shape) != len(taken) or any(size not in (None, own) for own, size in zip(shape, taken, strict=True)):
        raise ValueError(
            f"`start` must have the shape (num, {', '.join(map(str, taken[1:]))}) that `{name}` takes. "
            f"Received: shape {shape}"
        )


def _in_inference(function: Function) -> Function:
    import keras

    return functools.partial(function, training=False) if isinstance(function, keras.Model) else function


def _looked_at(
    classify: Function, make: Function, objective: Objective, start: np.ndarray
) -> tuple[tuple[int, ...], int]:
    """Returns the shape of an image, and the number of classes; requires logits, and a value for each image."""
    from keras import ops

    images = make(ops.convert_to_tensor(start))
    logits = classify(images)
    for name, answer in (("decode", images), ("classifier", logits)):
        if not ops.is_tensor(answer):
            raise ValueError(
                f"`{name}` must be made of Keras or TensorFlow operations, whose gradients are known. "
                f"Received: a function that gives {type(answer).__name__}"
            )
    values = ops.convert_to_numpy(logits).astype(np.float32)
    if values.ndim != 2 or len(values) != len(start) or values.shape[1] < 2:
        raise ValueError(
            "`classifier` must give logits (batch, num_classes), of two classes at least. "
            f"Received: shape {values.shape} for a batch of {len(start)}"
        )
    if not np.isfinite(values).all():
        raise ValueError("`classifier` must give finite logits. Received: NaN or infinity for `start`")
    if (values >= 0).all() and np.allclose(values.sum(axis=1), 1.0, atol=1e-3):
        raise ValueError(
            "`classifier` must give logits: leave out its last softmax. Received: probabilities, which sum to 1"
        )
    wanted = ops.convert_to_tensor(np.zeros(len(start), np.int32))
    climbed = _answer("objective", objective, ops.convert_to_tensor(values), wanted)
    if climbed != (len(start),):
        raise ValueError(
            "`objective` must give a value for each image, (batch,). "
            f"Received: shape {climbed} for a batch of {len(start)}"
        )
    return tuple(images.shape[1:]), values.shape[1]


def _answer(name: str, function: Callable[..., Any], *tensors: Any) -> tuple[int, ...]:
    """Returns the shape of what a function gives; requires Keras operations, which a compiled loop can hold."""
    from keras import ops

    from keras_genssl.engine.ascent import traced

    answer = function(*tensors)
    fault: str | None = f"gives {type(answer).__name__}"
    if ops.is_tensor(answer) or isinstance(answer, int | float):
        fault = traced(function, *tensors)
    if fault is not None:
        raise ValueError(
            f"`{name}` must be made of keras.ops, whose gradients are known. Received: a function that {fault}"
        )
    return tuple(np.shape(answer))


def _regularizers(given: Any) -> "tuple[Regularizer, ...]":
    """Returns the regularizers as a tuple; requires a list of them."""
    from keras_genssl.regularizers import Regularizer

    if isinstance(given, Regularizer) or not isinstance(given, Iterable):
        raise ValueError(f"`regularizers` must be a list of regularizers. Received: {given!r}, which is no list")
    regularizers = tuple(given)
    for regularizer in regularizers:
        if not isinstance(regularizer, Regularizer):
            raise ValueError(
                f"`regularizers` must hold objects of keras_genssl.regularizers. Received: {regularizer!r} among them"
            )
    return regularizers


def _look_at(regularizer: "Regularizer", make: Function, start: np.ndarray) -> None:
    """Runs each place of a regularizer once; requires shapes that the ascent can use."""
    from keras import ops

    points = ops.convert_to_tensor(start)
    images = ops.convert_to_tensor(make(points))
    chances = ops.convert_to_tensor(np.full(regularizer.num_chances, 0.5, np.float32))
    step = ops.convert_to_tensor(np.int32(0))
    same, of_each = "the shape that it is given", "(batch,) or a scalar"
    for place, arguments, shapes, rule in (
        ("seen", (images, chances), [tuple(images.shape)], same),
        ("penalty", (points, images), [(), (len(start),)], of_each),
        ("changed", (points, step), [tuple(points.shape)], same),
    ):
        name = f"{type(regularizer).__name__}.{place}"
        shape = _answer(name, getattr(regularizer, place), *arguments)
        if shape not in shapes:
            raise ValueError(f"`{name}` must return {rule}. Received: shape {shape} for a batch of {len(start)}")
