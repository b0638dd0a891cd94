"""Themes across versions: reads what earlier versions have left, for training and for `diff`."""

from dateline import bundle
from dateline.analyser import load
from dateline.errors import DatelineError, InvalidModel
from dateline.registry import Registry
from dateline.signature import UNSIGNED, Signing
from dateline.taxonomy import Taxonomy
from training.corpus import Article
from training.theme_diff import VersionThemes
from training.theme_entries import ArticleFacts
from training.theme_history import ATTACHMENT, ThemeHistory
from training.themes import Previous


def article_facts(article: Article, taxonomy: Taxonomy) -> ArticleFacts:
    """Return what themes want to know of an article besides its words."""
    region_of = taxonomy.region_of
    regions = None
    if article.countries is not None and region_of:
        regions = tuple(dict.fromkeys(region_of[country] for country in article.countries if country in region_of))
    return ArticleFacts(article.id, article.title, article.topics, regions, article.date)


def history_of(registry: Registry, version: str) -> ThemeHistory | None:
    """Return what a version remembers of its themes, None if it was made before there was anything to remember.

    Raises UnknownVersion or InvalidModel.
    """
    content = bundle.attachment(registry.folder(version), ATTACHMENT)
    return None if content is None else ThemeHistory.from_bytes(content)


def version_themes(registry: Registry, version: str, *, signing: Signing = UNSIGNED) -> VersionThemes:
    """Return the themes of a version, to compare with those of another.

    Raises UnknownVersion, or InvalidModel if the version cannot be read.
    """
    history = history_of(registry, version)
    if history is None:
        raise InvalidModel(f"{version}: made before themes were remembered; its themes cannot be compared")
    return VersionThemes(load(registry.folder(version), signing=signing).themes.entries, history)


def previous_themes(registry: Registry, *, signing: Signing = UNSIGNED) -> Previous | None:
    """Return the themes of the serving version, None if there is none or they cannot be read.

    A version whose model cannot be loaded, such as one made with other libraries, still hands on its themes' ids.
    """
    try:
        version = registry.current()
        bundle.read_manifest(registry.folder(version), signing=signing)
        history = history_of(registry, version)
    except DatelineError:
        return None
    if history is None:
        return None
    next_number = max([history.next_number, *(_next_number(registry, other) for other in registry.versions())])
    manifest = bundle.read_manifest(registry.folder(version))
    try:
        model = load(registry.folder(version), signing=signing).themes
    except DatelineError:
        model = None
    return Previous(history, model, manifest["themes"], next_number)


def _next_number(registry: Registry, version: str) -> int:
    try:
        return int(bundle.read_manifest(registry.folder(version)).get("themes", {}).get("next_number", 1))
    except DatelineError:
        return 1
