"""Files that a person hands over, before a model sees them: checked, prepared, named, saved."""

from nbagent.attachments.attachment import Attachment, read_attachment
from nbagent.attachments.compose import compose
from nbagent.attachments.limits import ANY_FILE, FOR_MODELS, Limits, refuse_early
from nbagent.attachments.names import safe_name

__all__ = [
    "ANY_FILE",
    "FOR_MODELS",
    "Attachment",
    "Limits",
    "compose",
    "read_attachment",
    "refuse_early",
    "safe_name",
]
