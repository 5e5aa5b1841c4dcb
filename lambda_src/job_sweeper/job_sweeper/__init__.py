"""Lets the role and the network of jobs and endpoints go only after SageMaker has left the network."""
