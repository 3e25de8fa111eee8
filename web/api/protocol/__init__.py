"""What every operation of the API has in common: who asks, what is read, what is answered, and how it is described."""
