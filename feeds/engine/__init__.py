"""The engine steps through time and numbers events; the runner is its only loop."""
