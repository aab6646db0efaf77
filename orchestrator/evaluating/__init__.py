"""A finished trial or a model held against a split: figures, pictures, how often it was done."""
