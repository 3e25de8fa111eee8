"""The whole workspace in one file, and back into an empty installation."""
