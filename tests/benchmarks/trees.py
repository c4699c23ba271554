"""Requests a second of bundles whose pipeline is not linear, against the same pipeline asked the usual way."""

import sys
import tempfile
from pathlib import Path

from flask import Flask, request
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from api import server, worker
from api.settings import ApiSettings
from model.registry import Registry
from tests import builders
from tests.benchmarks import serving

PIPELINES = {
    "HistGradientBoosting, 100 iterations": lambda: make_pipeline(StandardScaler(), HistGradientBoostingClassifier()),
    "RandomForest, 200 trees": lambda: make_pipeline(
        StandardScaler(), RandomForestClassifier(200, min_samples_leaf=20, random_state=0)
    ),
}


def measure(options):
    """Print requests a second at 8 connections, and the ratio."""
    serving.row("pipeline", "req/s at 8", "÷ predict_proba on an ndarray in a Flask view")
    serving.row("---", "---", "---")
    shipped = Registry().load()
    known = shipped.reference.y == shipped.reference.y
    for name, make in PIPELINES.items():
        pipeline = make().fit(shipped.reference.X[known], shipped.reference.y[known])
        with tempfile.TemporaryDirectory() as folder:
            bundle = builders.bundle_of(pipeline, Path(folder))
            where = str(bundle.directory.parent)
            servers = {
                "ours": serving.api(**serving.QUIET, MODEL_REGISTRY=where),
                "usual": serving.server("tests.benchmarks.trees", "{port}", MODEL_REGISTRY=where),
            }
            found = serving.race(servers, options, (8,))
        rate, ratio = serving.median_rate(found, "ours", 8), serving.median_ratio(found, "ours", "usual", 8)
        serving.row(name, f"{rate:,.0f}", f"{ratio:.1f}")


def load_usual():
    """Return a Flask view that asks the pipeline itself."""
    settings = ApiSettings.from_environment()
    bundle = Registry(settings.registry).load()
    app = Flask(__name__)

    @app.post("/predict")
    def predict():
        features = request.get_json()["features"]
        row = [[features[name] for name in bundle.manifest.feature_names]]
        return {"p": float(bundle.pipeline.predict_proba(row)[0, 1])}

    return worker.application(app.wsgi_app, settings)


if __name__ == "__main__":
    import multiprocessing

    multiprocessing.set_start_method("spawn", force=True)
    server.run(load_usual, address="127.0.0.1", port=int(sys.argv[1]), workers=1, threads=64)
