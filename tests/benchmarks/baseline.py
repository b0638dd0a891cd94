"""The pipeline that a developer would write in an afternoon, as what Dateline's speed is measured against.

Two scikit-learn `TfidfVectorizer` + `LogisticRegression` (the 17 main topics, regions; no sub-topics), a regular
expression of country names, and gensim `doc2bow` + `get_document_topics`; one article at a time, behind Flask. Trained
on the same seed corpus.
"""

import json
import os
import re
import sys
from pathlib import Path
from typing import Any

import joblib
from flask import Flask, jsonify, request
from gensim.corpora import Dictionary
from gensim.models import LdaModel
from gensim.utils import simple_preprocess
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.multiclass import OneVsRestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MultiLabelBinarizer

from dateline.settings import load_settings
from dateline.taxonomy import read_taxonomy
from service.app import create_app as create_dateline
from tests.benchmarks.texts import SEEDS
from training.corpus import read_corpus

N_THEMES = 40


class Baseline:
    """The afternoon's pipeline, fitted."""

    def __init__(self) -> None:
        taxonomy = read_taxonomy(SEEDS)
        articles = read_corpus(SEEDS, taxonomy).articles
        texts = [f"{article.title}\n{article.text}" for article in articles]
        self.countries = taxonomy.country_names
        self.code_of = {name: code for code, name in self.countries.items()}
        names = sorted(self.code_of, key=len, reverse=True)
        self.names = re.compile(r"\b(?:" + "|".join(map(re.escape, names)) + r")\b")
        self.labels = MultiLabelBinarizer()
        topics = self.labels.fit_transform([article.topics or () for article in articles])
        options: dict[str, Any] = {"stop_words": "english", "sublinear_tf": True, "ngram_range": (1, 2), "min_df": 2}
        self.topics = make_pipeline(
            TfidfVectorizer(**options), OneVsRestClassifier(LogisticRegression(solver="liblinear"))
        ).fit(texts, topics)
        placed = [(t, a.countries[0]) for t, a in zip(texts, articles, strict=True) if a.countries]
        regions = [taxonomy.region_of.get(country, "") for _, country in placed]
        self.regions = make_pipeline(TfidfVectorizer(**options), LogisticRegression()).fit(
            [t for t, _ in placed], regions
        )
        words = [simple_preprocess(text) for text in texts]
        self.dictionary = Dictionary(words)
        self.dictionary.filter_extremes(no_below=4, no_above=0.12)
        bags = [self.dictionary.doc2bow(text) for text in words]
        self.lda = LdaModel(bags, num_topics=N_THEMES, id2word=self.dictionary, random_state=1, passes=2)

    def analyse(self, text: str) -> dict[str, Any]:
        """Return what it says about a text."""
        by_topic = self.topics.predict_proba([text])[0]
        by_region = self.regions.predict_proba([text])[0]
        found = [self.code_of[name] for name in self.names.findall(text)]
        themes = self.lda.get_document_topics(self.dictionary.doc2bow(simple_preprocess(text)))
        return {
            "topics": [
                {"code": code, "score": float(p)}
                for code, p in zip(self.labels.classes_, by_topic, strict=True)
                if p >= 0.3
            ],
            "region": {"code": self.regions.classes_[by_region.argmax()], "score": float(by_region.max())},
            "countries": sorted(set(found), key=found.count, reverse=True),
            "themes": [{"id": int(theme), "weight": float(weight)} for theme, weight in themes],
        }


def create_app() -> Flask:
    """Return the baseline behind Flask; BASELINE is the file of a fitted one."""
    app = Flask(__name__)
    baseline: Baseline = joblib.load(os.environ["BASELINE"])

    @app.get("/health/ready")
    def ready() -> Any:
        return jsonify(status="ok")

    @app.post("/v1/classify")
    def classify() -> Any:
        return jsonify(baseline.analyse(request.get_json()["text"]))

    return app


def create_bare_app() -> Flask:
    """Return what Flask alone can do: a route that answers the same bytes to everything."""
    app = Flask(__name__)
    answer = json.dumps({"status": "ok"}).encode()

    @app.get("/health/ready")
    def ready() -> Any:
        return app.response_class(answer, content_type="application/json")

    @app.post("/v1/classify")
    def classify() -> Any:
        request.get_data()
        return app.response_class(answer, content_type="application/json")

    return app


def create_dateline_app() -> Flask:
    """Return Dateline's own app, for gunicorn's command line."""
    return create_dateline(load_settings())


if __name__ == "__main__":
    # By its full name, so that another process can unpickle it.
    from tests.benchmarks.baseline import Baseline as Named

    joblib.dump(Named(), Path(sys.argv[1]))
