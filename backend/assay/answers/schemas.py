"""Bodies of the ask and conversation calls."""

from datetime import datetime
from typing import Literal
from uuid import UUID

from pydantic import Field

from assay.adapters.http import Name, Schema
from assay.search.schemas import Ids, Query


class AskRequest(Schema):
    """A question, and where to look."""

    question: Query = Field(examples=["How many shares did Apple repurchase in the quarter?"])
    collection_ids: Ids = None
    document_ids: Ids = None
    conversation_id: UUID | None = Field(
        None, description="Go on with this conversation; absent: begin one."
    )
    stream: bool = Field(
        default=False, description="Answer as server-sent events while the answer is made."
    )


class Citation(Schema):
    """Where a statement of the answer stands; the quote is verbatim on the page."""

    number: int = Field(description="The mark in the answer: `[1]`.", examples=[1])
    document_id: UUID
    document_name: str = Field(examples=["2022 Q3 AAPL.pdf"])
    page: int = Field(examples=[14])
    quote: str = Field(examples=["The Company repurchased 143 million shares"])
    start: int = Field(description="First character on the page.", examples=[120])
    end: int = Field(description="One after the last character on the page.", examples=[162])


class Usage(Schema):
    """What the model was given, gave, and cost."""

    input_tokens: int = Field(examples=[2810])
    output_tokens: int = Field(examples=[96])
    cost_usd: float = Field(examples=[0.0013])


class AskResponse(Schema):
    """An answer whose citations can be checked."""

    answer: str = Field(examples=["Apple repurchased 143 million shares [1]."])
    answered: bool = Field(description="False when the documents do not say.", examples=[True])
    citations: list[Citation]
    conversation_id: UUID
    message_id: UUID
    model: str = Field(
        description="`extractive`: quoted sentences, no model was asked.", examples=["extractive"]
    )
    usage: Usage
    cached: bool = Field(examples=[False])
    degraded: bool = Field(
        description="The vector search was away; passages come from full-text search.",
        examples=[False],
    )


class Conversation(Schema):
    """A conversation of the caller."""

    id: UUID
    title: str = Field(examples=["How many shares did Apple repurchase?"])
    created_at: datetime
    updated_at: datetime


class Message(Schema):
    """A question or an answer."""

    id: UUID
    role: Literal["user", "assistant"]
    content: str = Field(examples=["How many shares did Apple repurchase?"])
    answered: bool | None = Field(description="Of an answer: false when the documents do not say.")
    citations: list[Citation]
    model: str | None = Field(examples=["extractive"])
    usage: Usage
    degraded: bool
    created_at: datetime


class ConversationWithMessages(Conversation):
    """A conversation with all that was said."""

    messages: list[Message]


class ConversationUpdate(Schema):
    """A new title."""

    title: Name = Field(examples=["Apple's buy-backs"])
