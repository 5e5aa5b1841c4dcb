"""What every function shares: entry point, request parsing, patience with AWS, logs and error text."""
