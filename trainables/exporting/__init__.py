"""A finished trial's net as a file that other programs run: one graph from pixels to answers."""
