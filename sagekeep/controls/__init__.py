"""The control matrix: what the environment promises, and a check of each promise on the synthesized Terraform."""
