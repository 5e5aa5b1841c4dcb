"""The same findings for a terminal, a machine, a pull request and a browser. `outline` is what all of them show."""
