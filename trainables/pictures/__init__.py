"""Numbers in, pictures out: one file a picture, Matplotlib's object API, no global state."""
