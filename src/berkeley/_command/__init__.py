"""The command `berkeley`: what a shell, a terminal and an unmodified program see of the package."""
