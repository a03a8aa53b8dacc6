"""The recipe classes of the methods of representation, one file per family."""
