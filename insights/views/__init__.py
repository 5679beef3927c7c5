"""Pages of the console, one module a part of the navigation."""
