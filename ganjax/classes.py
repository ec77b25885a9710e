"""Classes by name, and each class by itself: how far its samples are from its own images, easy classes and difficult ones."""

from __future__ import annotations

from ganjax.run import Run


def names_of(run: Run) -> list[str]:
    """The classes that the system draws by, by the data's names for them, or by number."""
    count = int(run.config.gan.classes)
    names = [*map(str, run.source.info.get("classes", ()))][:count]
    return names + [str(i) for i in range(len(names), count)]
