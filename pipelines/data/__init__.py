"""From images to prepared examples: sources, preparations, statistics and validation."""
