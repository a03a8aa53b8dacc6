"""What a recipe says of the learning rate, as Keras has it."""

from typing import Any

from pipelines.recipe.training import Constant, Cosine, Linear, Piecewise


def schedule(rate: Constant | Cosine | Linear | Piecewise, total: int) -> Any:
    """The Keras learning rate, a number or a schedule, for ``total`` steps."""
    from keras.optimizers import schedules

    if isinstance(rate, Constant):
        return rate.initial
    if isinstance(rate, Cosine):
        warmup = min(rate.warmup_steps, total - 1)
        return schedules.CosineDecay(
            initial_learning_rate=rate.initial / (warmup + 1) if warmup else rate.initial,
            decay_steps=total - warmup,
            alpha=rate.final / rate.initial,
            warmup_target=rate.initial if warmup else None,
            warmup_steps=warmup,
        )
    if isinstance(rate, Linear):
        from keras_genssl.schedules import ConstantThenLinear

        first = min(round(rate.constant * total), total - 1)
        return ConstantThenLinear(rate.initial, first, total - first, rate.final)
    values = [rate.initial * rate.factor**passed for passed in range(len(rate.boundaries) + 1)]
    return schedules.PiecewiseConstantDecay([round(at * total) for at in rate.boundaries], values)
