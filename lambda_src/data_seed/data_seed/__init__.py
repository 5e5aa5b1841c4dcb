"""Puts a first data set under raw/, and never touches what anybody else put there."""
