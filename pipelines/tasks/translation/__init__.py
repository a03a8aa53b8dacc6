"""Translation: from one domain of images to another, against a known truth."""
