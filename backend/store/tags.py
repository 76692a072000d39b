"""Adds tags to the comma-separated ones of a video and removes some; tags that look the same are the same."""

from __future__ import annotations

from backend.store.folding import fold, split_tags


def add_tags(tags: str, wanted: str) -> str:
    """Return tags with others behind them, but for those that are there already."""
    known, new = set(split_tags(tags)), list[str]()
    for tag in _parts(wanted):
        if _key(tag) not in known:
            known.add(_key(tag))
            new.append(tag)
    return ",".join([*_parts(tags), *new]) if new else tags


def remove_tags(tags: str, wanted: str) -> str:
    """Return tags without others, however these are written."""
    gone, parts = split_tags(wanted), _parts(tags)
    kept = [tag for tag in parts if _key(tag) not in gone]
    return ",".join(kept) if kept != parts else tags


def _key(tag: str) -> str:
    return fold(tag).strip()


def _parts(tags: str) -> list[str]:
    return [tag for part in tags.split(",") if (tag := part.strip())]
