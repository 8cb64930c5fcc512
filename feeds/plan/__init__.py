"""How a feed should run, as values: plans, schedules, price bands and effects.

Pure. Must not know database rows, or how a plan is carried out.
"""
