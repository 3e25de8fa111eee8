"""What is written into one mail: parties, words, signature, footer, marks."""
