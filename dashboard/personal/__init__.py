"""What belongs to one person and reaches their browsers live: watchlists and notifications.

- watchlists, watchlist_lines, sections, notifications: the only writers of these rows
- columns: which columns a person wants, writes and reads
- preferences: the theme and more that a person wants of every page, writes and reads
- list_text: a list as text
- selectors: reads of them; forms: what users send to change them
- poke: tells the hub whose rows have changed
"""
