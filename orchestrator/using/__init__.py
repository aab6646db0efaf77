"""Using a model: loading it without running code from its file, and asking it about images."""
