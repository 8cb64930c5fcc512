"""Who may see what, and the rows of people: lists and notifications."""
