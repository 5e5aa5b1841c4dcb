"""The plan role and the deploy role of a CI: their policies follow from the synthesized stacks."""
