"""Super-resolution: small images in, large images out."""
