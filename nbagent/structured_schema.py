"""Pydantic models from JSON schemas."""

from typing import Any

from pydantic import BaseModel


def schema_to_pydantic_model(
    schema: dict[str, Any], model_name: str = "GeneratedModel"
) -> type[BaseModel]:
    raise NotImplementedError
