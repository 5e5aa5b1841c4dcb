"""The tool beside the template: settings, names, terraform runner, embedded AWS. It imports nothing of the template."""
