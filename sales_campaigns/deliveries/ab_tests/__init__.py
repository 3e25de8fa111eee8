"""A/B tests of a delivery: set up, looked at while they run, decided, and the rest let go with the winner."""
