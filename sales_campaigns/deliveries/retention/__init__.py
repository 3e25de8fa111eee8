"""How long the logs of deliveries are kept, their removal in small batches, and the figures that stay."""
