"""What people answer, and what it does to their way."""
