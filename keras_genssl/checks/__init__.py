"""What images and labels may be, said once: each array or tensor that a user gives is looked at here before it is cast.

`image_arrays` and `label_arrays` are NumPy alone; `image_tensors` and `label_tensors` are `keras.ops`, for what also
runs in a graph. Nothing here is public: functions that take images or labels call it, and raise its sentences.
"""
