"""Synthesized stacks as Terraform modules: one for each stack, and a root that joins them."""
