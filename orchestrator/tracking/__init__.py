"""MLflow as a projection of a study: sent by a process of its own, rebuilt at any time.

`process.Tracker` is what a driver uses and imports no MLflow; `sync.sync` is one pass in this
process; `ui.serve` opens the pages.
"""
