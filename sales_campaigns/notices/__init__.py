"""What a user is told without looking for it: in the title, on the desktop, by mail, and in a digest of the morning."""
