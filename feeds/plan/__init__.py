"""What the rows want of a feed, as values: plans, schedules, price bands and effects. Pure."""
