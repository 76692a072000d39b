"""What a provider's transcode templates are, where it has any."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Template:
    """What one rendition of a group is made by; width and height are 0 where they follow the source."""

    name: str
    kind: str  # the provider's own word: Normal, NarrowBandV2 …
    definition: str
    format: str
    width: int
    height: int
    encrypted: bool
    watermark_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class TemplateGroup:
    """Templates that are always used together: the only thing that can be chosen."""

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
    """A picture or a text that templates put on the video; `content` is its address or its words."""

    watermark_id: str
    name: str
    is_text: bool
    content: str
    is_default: bool
