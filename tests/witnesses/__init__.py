"""Software that nobody here wrote, which judges what we wrote to judge ourselves."""
