"""Displays outside of a notebook."""

from nbagent.ui.console import Console
from nbagent.ui.user_input_manager import UserInputManager

__all__ = ["Console", "UserInputManager"]
