"""`orchestrator serve`: a promoted model behind HTTP, on this machine only unless told otherwise.

| what | files |
| --- | --- |
| load, listen, serve, end | `serve.py`, `settings.py`, `listening.py`, `http_server.py` |
| the paths | `app.py`, `routes.py`, `images_in.py`, `page.py`, `health.py` |
| MLflow's protocol | `invocations.py`, `pixel_lists.py` |
| their description | `asked.py`, `answers.py` |
| what is refused, before it costs anything | `guard.py`, `bodies.py`, `budget.py`, `refusing.py` |
| the one thread that predicts, and with which model | `batcher.py`, `jobs.py`, `served_model.py` |
| the alias: where it points, and what follows when it moves | `following.py`, `reloading.py` |
| what Prometheus reads | `metrics.py`, `counting.py` |
"""
