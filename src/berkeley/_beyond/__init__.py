"""What no standard module has: a file for what a user can name."""
