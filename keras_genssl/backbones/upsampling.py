"""What super-resolution networks share: which scales there are, and in how many stages each is reached."""

_STAGES: dict[int, tuple[int, ...]] = {2: (2,), 3: (3,), 4: (2, 2)}


def check_scale(scale: int) -> None:
    """Raise ValueError unless ``scale`` is 2, 3 or 4."""
    if scale not in _STAGES:
        raise ValueError(f"`scale` must be 2, 3 or 4. Received: scale={scale}")


def stages(scale: int) -> tuple[int, ...]:
    """Factors of the sub-pixel stages that reach ``scale``: 2 and 3 take one, 4 takes two of 2."""
    check_scale(scale)
    return _STAGES[scale]
