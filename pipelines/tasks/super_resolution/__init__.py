"""Super-resolution: photographs enlarged, compared with bicubic."""
