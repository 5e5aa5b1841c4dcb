"""The stacks of an environment, one TerraformStack a file."""
