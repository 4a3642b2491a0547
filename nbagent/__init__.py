"""nbagent: see agents work in the notebook."""

__version__ = "0.1.0.dev0"
