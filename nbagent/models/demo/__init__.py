"""models/demo."""
