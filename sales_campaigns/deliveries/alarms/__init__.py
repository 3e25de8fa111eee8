"""What is wrong with a delivery, told once a day: the criteria, the looking, and what was told."""
