"""What a method asks of the networks that it is given."""

import keras


def require_built(**networks: keras.Model) -> None:
    """Refuses networks that have no weights yet, or do not tell what they take and give.

    Args:
        networks: By the name of the argument that each came as.

    Raises:
        ValueError: If one is no model, is not built, or is a subclass of `keras.Model` with a `call` of its own.
    """
    for argument, network in networks.items():
        if not isinstance(network, keras.Model):
            raise ValueError(f"`{argument}` must be a keras.Model. Received: {argument}={network!r}")
        if not network.built:
            raise ValueError(
                f"`{argument}` must be built (give it an input shape). Received: {network.name!r}, which has no "
                "weights yet"
            )
        if not (hasattr(network, "input_shape") and hasattr(network, "output_shape")):
            raise ValueError(
                f"`{argument}` must be a functional or sequential model, which tells what it takes and gives "
                f"(`keras.Model(inputs, outputs)`). Received: {network.name!r}, a {type(network).__name__}"
            )


def require_match(name: str, shape: tuple[int | None, ...], other: str, expected: tuple[int | None, ...]) -> None:
    """Refuses two networks of which one, `name`, does not give what another one, `other`, takes.

    Args:
        name: The argument that the first came as.
        shape: What it gives; None where any size will do.
        other: The argument that the second came as.
        expected: What it takes.

    Raises:
        ValueError: If the two shapes cannot be one.
    """
    fits = len(shape) == len(expected) and all(
        given == taken or None in (given, taken) for given, taken in zip(shape, expected, strict=True)
    )
    if not fits:
        raise ValueError(f"`{name}` must give what `{other}` takes, {tuple(expected)}. Received: {tuple(shape)}")
