"""A run: reading the recipe, the order of the steps, and reporting. Only this package looks tasks up by name."""
