"""The several contents of one delivery: its test as a value and as rows, who tries which, what became of each."""
