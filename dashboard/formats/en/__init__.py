"""How dates and times are written, as Django looks it up for English."""
