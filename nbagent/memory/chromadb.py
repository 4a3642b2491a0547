"""ChromaDBVectorMemory: reminds of what is near in meaning or words, kept by Chroma."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import BaseModel, Field
from typing_extensions import Self

from nbagent.cancellation import CancellationToken
from nbagent.component import Component
from nbagent.exceptions import ComponentError, ConfigurationError, missing_extra
from nbagent.memory.base import (
    Memory,
    MemoryContent,
    MemoryMimeType,
    MemoryQueryResult,
    UpdateContextResult,
)
from nbagent.memory.lexical_embedding import lexical_embedding
from nbagent.model_context import ChatCompletionContext
from nbagent.models.types import FunctionExecutionResultMessage, SystemMessage

try:
    import chromadb
    from chromadb.config import Settings
except ImportError as error:
    raise missing_extra("chromadb", "nbagent.memory.chromadb") from error

Embed: TypeAlias = Callable[[list[str]], Sequence[Sequence[float]]]
"""Gives a vector for each text."""

DEFAULT_FOLDER = "./chroma_db"
"""Where memories are kept that name no folder."""

_HEADING = "\nRelevant memory content:\n"
_EMBEDDING = "nbagent_embedding"
_MIME_TYPE = "nbagent_mime_type"


class DefaultEmbeddingFunctionConfig(BaseModel):
    """Finds what has words in common (see `nbagent.memory.lexical_embedding`).

    It understands no meaning. For that, hand over an embedding model with
    `CustomEmbeddingFunctionConfig`.
    """

    function_type: Literal["default"] = "default"


class CustomEmbeddingFunctionConfig(BaseModel):
    """Finds what an embedding model of yours puts near.

    Attributes:
        function: Called once, with `params`; returns what gives a vector for each text of a
            list. It is no data: a memory with one cannot be dumped.
        params: Its arguments.
    """

    function_type: Literal["custom"] = "custom"
    function: Callable[..., Any]
    params: dict[str, Any] = Field(default_factory=dict[str, Any])


EmbeddingFunctionConfig: TypeAlias = Annotated[
    DefaultEmbeddingFunctionConfig | CustomEmbeddingFunctionConfig,
    Field(discriminator="function_type"),
]


class ChromaDBVectorMemoryConfig(BaseModel):
    """What all configs of a `ChromaDBVectorMemory` have; by itself, one kept in ./chroma_db.

    Attributes:
        client_type: Where the memories are kept.
        collection_name: The name of the collection.
        distance_metric: How near is measured: "cosine", "l2" or "ip".
        k: How many memories are found at most.
        score_threshold: How near they must be, from 0 to 1; None for no matter how far.
        allow_reset: Whether `reset()` may delete everything in the database.
        tenant: Chroma's tenant.
        database: Chroma's database.
        embedding_function_config: What makes vectors of texts.
    """

    client_type: Literal["persistent", "http"] = "persistent"
    collection_name: str = "memory_store"
    distance_metric: Literal["cosine", "l2", "ip"] = "cosine"
    k: int = Field(default=3, ge=1)
    score_threshold: float | None = None
    allow_reset: bool = False
    tenant: str = "default_tenant"
    database: str = "default_database"
    embedding_function_config: EmbeddingFunctionConfig = Field(
        default_factory=DefaultEmbeddingFunctionConfig
    )


class PersistentChromaDBVectorMemoryConfig(ChromaDBVectorMemoryConfig):
    """Kept in a folder.

    Attributes:
        persistence_path: The folder.
    """

    client_type: Literal["persistent", "http"] = "persistent"
    persistence_path: str = DEFAULT_FOLDER


class HttpChromaDBVectorMemoryConfig(ChromaDBVectorMemoryConfig):
    """Kept by a Chroma server.

    Attributes:
        host: Its host.
        port: Its port.
        ssl: Whether it speaks HTTPS.
        headers: Sent with every request; never part of a dumped config, as they may hold keys.
    """

    client_type: Literal["persistent", "http"] = "http"
    host: str = "localhost"
    port: int = 8000
    ssl: bool = False
    headers: dict[str, str] | None = Field(default=None, exclude=True, repr=False)


class _StoredConfig(BaseModel, defer_build=True):
    """A config as it is dumped: one of the two, told apart by `client_type`."""

    client_type: Literal["persistent", "http"]
    settings: dict[str, Any]


class ChromaDBVectorMemory(Memory, Component[_StoredConfig]):
    """Reminds an agent of the memories that are nearest to the last message.

    Needs the extra `chromadb`. By default it finds common words and needs no network; nothing
    is sent to Chroma's makers.

    Args:
        config: Where memories are kept and how they are found.
    """

    component_provider_override = "nbagent.memory.chromadb.ChromaDBVectorMemory"
    component_config_schema = _StoredConfig

    def __init__(self, config: ChromaDBVectorMemoryConfig | None = None) -> None:
        self._config = config or ChromaDBVectorMemoryConfig()
        self._client: Any = None
        self._collection: Any = None
        self._embed: Embed | None = None
        # Calls run in threads, as they wait for a disk or a server; one opens the database.
        self._opening = threading.Lock()

    @property
    def collection_name(self) -> str:
        """The name of the collection."""
        return self._config.collection_name

    async def update_context(self, model_context: ChatCompletionContext) -> UpdateContextResult:
        """Add the memories nearest to the last message, unless the context holds them already."""
        messages = await model_context.get_messages()
        said = [message for message in messages if not isinstance(message, SystemMessage)]
        if not said or isinstance(said[-1], FunctionExecutionResultMessage):
            return UpdateContextResult(memories=MemoryQueryResult(results=[]))
        content = said[-1].content
        if not isinstance(content, str):
            content = "\n".join(part for part in content if isinstance(part, str))
        found = await self.query(content)
        blocks = [
            message.content
            for message in messages
            if isinstance(message, SystemMessage) and message.content.startswith(_HEADING)
        ]
        lines = [f"- {_text(memory)}\n" for memory in found.results]
        missing = [line for line in lines if not any(f"\n{line}" in block for block in blocks)]
        if missing:
            await model_context.add_message(SystemMessage(content=_HEADING + "".join(missing)))
        return UpdateContextResult(memories=found)

    async def query(
        self,
        query: str | MemoryContent,
        cancellation_token: CancellationToken | None = None,
        **kwargs: Any,
    ) -> MemoryQueryResult:
        """The memories nearest to `query`, nearest first.

        Each has its `score` in its metadata, from 0 to 1, and its `id`.

        Raises:
            ValueError: `query` is no text.
        """
        text = query if isinstance(query, str) else _text(query)
        if not text.strip():
            return MemoryQueryResult(results=[])
        waiting = asyncio.to_thread(self._query, text)
        return await (cancellation_token or CancellationToken()).wait(waiting)

    async def add(
        self, content: MemoryContent, cancellation_token: CancellationToken | None = None
    ) -> None:
        """Remember `content`.

        Raises:
            ValueError: It is neither text nor JSON.
        """
        waiting = asyncio.to_thread(self._add, content)
        await (cancellation_token or CancellationToken()).wait(waiting)

    async def clear(self) -> None:
        """Forget everything in the collection."""
        await asyncio.to_thread(self._clear)

    async def reset(self) -> None:
        """Delete everything in the database, other collections too.

        Raises:
            ConfigurationError: `allow_reset` is not set.
        """
        if not self._config.allow_reset:
            raise ConfigurationError("reset() deletes the whole database: set allow_reset=True.")
        await asyncio.to_thread(self._reset)

    async def close(self) -> None:
        """Close the database. It is opened again when it is used again."""
        await asyncio.to_thread(self._close)

    def _query(self, text: str) -> MemoryQueryResult:
        collection, embed = self._open()
        found = collection.query(
            query_embeddings=_vectors(embed, text),
            n_results=self._config.k,
            include=["documents", "metadatas", "distances"],
        )
        results: list[MemoryContent] = []
        rows = zip(
            found["ids"][0],
            found["documents"][0],
            found["metadatas"][0],
            found["distances"][0],
            strict=True,
        )
        for identifier, document, metadata, distance in rows:
            score = self._score(distance)
            if self._config.score_threshold is None or score >= self._config.score_threshold:
                results.append(_remembered(identifier, document, metadata or {}, score))
        return MemoryQueryResult(results=results)

    def _score(self, distance: float) -> float:
        """How near, from 0 to 1."""
        if self._config.distance_metric == "l2":
            return 1.0 / (1.0 + distance)
        return min(1.0, max(0.0, 1.0 - distance))

    def _add(self, content: MemoryContent) -> None:
        text = _text(content)
        collection, embed = self._open()
        metadata = {
            name: value if isinstance(value, str | int | float | bool) else json.dumps(value)
            for name, value in (content.metadata or {}).items()
            if value is not None
        }
        metadata[_MIME_TYPE] = _mime_type(content)
        collection.add(
            ids=[str(uuid.uuid4())],
            documents=[text],
            embeddings=_vectors(embed, text),
            metadatas=[metadata],
        )

    def _clear(self) -> None:
        collection, _ = self._open()
        identifiers = collection.get(include=[])["ids"]
        if identifiers:
            collection.delete(ids=identifiers)

    def _reset(self) -> None:
        self._open()
        self._client.reset()
        self._collection = None

    def _close(self) -> None:
        with self._opening:
            client, self._client, self._collection = self._client, None, None
        if client is not None:
            client.close()

    def _open(self) -> tuple[Any, Embed]:
        with self._opening:
            if self._embed is None:
                self._embed = _embedding(self._config.embedding_function_config)
            if self._client is None:
                self._client = _client(self._config)
            if self._collection is None:
                kind = self._config.embedding_function_config.function_type
                self._collection = self._client.get_or_create_collection(
                    name=self._config.collection_name,
                    metadata={_EMBEDDING: kind},
                    configuration={"hnsw": {"space": self._config.distance_metric}},
                    embedding_function=None,
                )
                metadata: dict[str, Any] = self._collection.metadata or {}
                made_with: str = metadata.get(_EMBEDDING, kind)
                if made_with != kind:
                    self._collection = None
                    raise ConfigurationError(
                        f"the collection {self._config.collection_name!r} was filled with "
                        f"{made_with!r} embeddings, and this memory makes {kind!r} ones. They "
                        "cannot be compared: take another collection_name."
                    )
            return self._collection, self._embed

    def _to_config(self) -> _StoredConfig:
        if isinstance(self._config.embedding_function_config, CustomEmbeddingFunctionConfig):
            raise ComponentError(
                "a memory with an embedding function of your own cannot be dumped: a function is "
                "no data."
            )
        return _StoredConfig(
            client_type=self._config.client_type,
            settings=self._config.model_dump(mode="json", exclude={"client_type"}),
        )

    @classmethod
    def _from_config(cls, config: _StoredConfig) -> Self:
        kind = {
            "persistent": PersistentChromaDBVectorMemoryConfig,
            "http": HttpChromaDBVectorMemoryConfig,
        }[config.client_type]
        return cls(kind.model_validate(config.settings))


def _client(config: ChromaDBVectorMemoryConfig) -> Any:
    settings = Settings(anonymized_telemetry=False, allow_reset=config.allow_reset)
    place: dict[str, Any] = {
        "settings": settings,
        "tenant": config.tenant,
        "database": config.database,
    }
    if isinstance(config, HttpChromaDBVectorMemoryConfig):
        return chromadb.HttpClient(
            host=config.host, port=config.port, ssl=config.ssl, headers=config.headers, **place
        )
    folder = (
        config.persistence_path
        if isinstance(config, PersistentChromaDBVectorMemoryConfig)
        else DEFAULT_FOLDER
    )
    return chromadb.PersistentClient(path=folder, **place)


def _embedding(config: DefaultEmbeddingFunctionConfig | CustomEmbeddingFunctionConfig) -> Embed:
    if isinstance(config, CustomEmbeddingFunctionConfig):
        return cast(Embed, config.function(**config.params))
    return lambda texts: [lexical_embedding(text) for text in texts]


def _vectors(embed: Embed, text: str) -> list[list[float]]:
    return [[float(number) for number in vector] for vector in embed([text])]


def _mime_type(content: MemoryContent) -> str:
    kind = content.mime_type
    return kind.value if isinstance(kind, MemoryMimeType) else kind


def _text(content: MemoryContent) -> str:
    """A memory as the text that is searched.

    Raises:
        ValueError: It is a picture or bytes.
    """
    if isinstance(content.content, str):
        return content.content
    if isinstance(content.content, dict):
        return json.dumps(content.content, ensure_ascii=False)
    raise ValueError(
        f"a memory of {_mime_type(content)} cannot be searched by text: describe it in words."
    )


def _remembered(
    identifier: str, document: str, metadata: Mapping[str, Any], score: float
) -> MemoryContent:
    known = {name: value for name, value in metadata.items() if name != _MIME_TYPE}
    kind = str(metadata.get(_MIME_TYPE, MemoryMimeType.TEXT.value))
    content: str | dict[str, Any] = document
    if kind == MemoryMimeType.JSON.value:
        try:
            value: object = json.loads(document)
        except ValueError:
            value = None
        if isinstance(value, dict):
            content = cast("dict[str, Any]", value)
    mime_type = next((member for member in MemoryMimeType if member.value == kind), kind)
    return MemoryContent(
        content=content, mime_type=mime_type, metadata={**known, "score": score, "id": identifier}
    )
