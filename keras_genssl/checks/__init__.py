"""Checks of images, labels, numbers and seeds: what a user gives is checked here before it is cast or used.

`arrays`, `numbers` and `seeds` use no Keras; `tensors` uses `keras.ops`, for code that also runs in a graph. Nothing
here is public: functions that take such arguments call it, and raise its errors.
"""
