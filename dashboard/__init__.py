"""People and delivery, and the Django project. Imports feeds, never the reverse."""
