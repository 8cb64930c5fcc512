"""What a person wants of every page, on its way to the pages."""
