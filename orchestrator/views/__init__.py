"""What people look at in a terminal: values in, text out; no view ever calls the engine."""
