"""Method name -> its parameters in a recipe and how it is built, one file per family.

This is the only place that maps names to classes of the library. A method is one class here, a `Method`: the fields
are what `model:` may hold, `build` makes the Keras model. Methods of one task are joined in a union: `AnyMethod` of
the file that its recipes name. The library is imported inside functions, so that reading recipes stays quick.
"""
