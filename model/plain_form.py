"""model.pkl: the version in use in a form that needs nothing of this repository, for scripts and notebooks."""

import io

import msgspec

from model.bundle import Bundle


def plain_form_of(bundle: Bundle) -> bytes:
    """Return the bytes of model.pkl: one dict that joblib loads."""
    import joblib

    buffer = io.BytesIO()
    plain = {
        "pipeline": bundle.pipeline,
        "features": list(bundle.manifest.feature_names),
        "threshold": bundle.threshold,
        "trained_on": msgspec.to_builtins(bundle.manifest.trained_on),
        "version": bundle.version,
    }
    joblib.dump(plain, buffer)
    return buffer.getvalue()
