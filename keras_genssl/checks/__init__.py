"""Checks of images and labels: each array or tensor that a user gives is checked here before it is cast.

`arrays` uses only NumPy; `tensors` uses `keras.ops`, for code that also runs in a graph. Nothing here is public:
functions that take images or labels call it, and raise its errors.
"""
