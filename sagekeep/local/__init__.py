"""The embedded AWS: one process on loopback that answers AWS's real host names, with IAM enforced for everyone."""
