"""Creates, updates and removes the pipeline; `definition` builds its document and is pure."""
