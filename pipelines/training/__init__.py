"""The training of a recipe: phases, optimizers, and the trainer that runs them."""
