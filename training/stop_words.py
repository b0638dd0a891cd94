"""The stems of English stop words: words that tell nothing by themselves. Imports no other module of training."""

from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

from dateline.text import stem

STOP_STEMS = frozenset(stem(word) for word in ENGLISH_STOP_WORDS)
