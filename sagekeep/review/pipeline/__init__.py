"""The pipeline's definition before and after, built by the project's own code and compared step by step."""
