"""What a method asks of the networks that it is given, before it looks at their shapes."""

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
