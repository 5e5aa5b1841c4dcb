"""Executions of the pipeline, on a real account or the embedded AWS: start, follow, read logs, ask the endpoint."""
