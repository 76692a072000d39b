"""Transcode templates of a provider."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """One rendition of a group; width and height are 0 if they follow the source."""

    name: str
    kind: str  # the provider's term: Normal, NarrowBandV2 …
    definition: str
    format: str
    width: int
    height: int
    encrypted: bool
    watermark_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateGroup:
    """Templates used together, the unit of choice."""

    group_id: str
    name: str
    is_default: bool
    templates: tuple[Template, ...]

    @property
    def is_narrow(self) -> bool:
        """Whether it makes narrow-band renditions."""
        return any(one.kind.startswith("NarrowBand") for one in self.templates)

    @property
    def watermark_ids(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one for template in self.templates for one in template.watermark_ids))


@dataclass(frozen=True, slots=True)
class Watermark:
    """An image or text added by templates; `content` is its URL or text."""

    watermark_id: str
    name: str
    is_text: bool
    content: str
    is_default: bool
