"""Generation: new images like those of a data set, from noise."""
