"""What a run is: the recipe that is read, the order of the steps, and what is told of them. It alone looks tasks up."""
