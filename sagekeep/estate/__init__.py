"""What the environment has to do with estates that are there already: what is brought, and what others take from it."""
