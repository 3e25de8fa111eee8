"""Real servers that answer as the services outside do, and that can be told to fail at any call."""
