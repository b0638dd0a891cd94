"""What a version would say of its own corpus if it had not learned from it: what drift is measured against.

Topics and confidence are cross-validated; a word counts as unknown if the corpus would not know it without the article;
regions are the model's own, which rest on place names rather than on the corpus.
"""

from collections.abc import Sequence

import numpy as np

from dateline import language
from dateline.analyser import Analyser
from dateline.drift import Tally
from dateline.terms import UNKNOWN, document_word_ids, unknown_share
from dateline.text import Document
from training.features import Features, seed_terms
from training.heldout import HeldOut


def baseline(analyser: Analyser, held_out: HeldOut, documents: Sequence[Document], features: Features) -> Tally:
    """Return the tally of the labelled articles, whose documents are in the order of `held_out`."""
    index = features.index
    frequency = np.asarray((features.counts[:, : len(index.stems)] > 0).sum(axis=0)).ravel()
    seeds = {word for topic in analyser.taxonomy.topics for word in seed_terms(topic.all_words())}
    lasting = (frequency > features.min_documents) | np.array([stem in seeds for stem in index.stems])
    if features.lent is not None:
        lasting |= features.lent.vectors[: len(index.stems)].any(axis=1)
    function_words = index.word_list(analyser.prose.function_words)
    tally = Tally()
    for row, document in enumerate(documents):
        best = int(held_out.best[row])
        given = bool(held_out.assigned[row, best])
        terms, counts = index.counts(document_word_ids(index, document))
        regions = analyser.regions.classify(document, term_ids=terms, term_counts=counts).regions
        words = index.look_up(document.body or document.title)
        lasting_ids = np.where((words.ids >= 0) & lasting[words.ids], words.ids, UNKNOWN)
        tally.count(
            topic=held_out.codes[best] if given else None,
            confidence=float(held_out.confidence[row]) if given else None,
            region=regions[0].code if regions else None,
            unknown_words=unknown_share(lasting_ids, function_words.among(words))[0],
            spoken=language.detect(document.joined).code,
        )
    return tally
