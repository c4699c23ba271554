"""The fast path answers what the view answers, to the byte, and only what is valid."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api import create_app, payloads
from api.row_decoder import RowDecoder, decoder_of
from api.row_features import ImputedFeature
from model.bundle import Bundle
from model.errors import ModelError


def body_of(names, row) -> bytes:
    return json.dumps({"features": dict(zip(names, row, strict=True))}).encode()


@pytest.fixture(scope="module")
def decode(shipped: Bundle) -> RowDecoder:
    """The decoder of the committed bundle."""
    return RowDecoder(shipped.manifest.features)


@pytest.fixture(scope="module")
def clients(shipped: Bundle):
    """The same bundle with the fast path and without."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("API_FAST_PATH", "off")
        slow = create_app(shipped).test_client()
    return create_app(shipped).test_client(), slow


def test_every_training_row_takes_the_fast_path_and_keeps_its_values(shipped, decode):
    names = shipped.manifest.feature_names

    for row in shipped.reference.X[::25].tolist():
        assert decode(body_of(names, row)) == tuple(row)


def test_what_it_answers_is_the_pipelines_probability(shipped, clients):
    fast, _ = clients
    X = shipped.reference.X[::200]
    expected = shipped.pipeline.predict_proba(X)[:, 1]

    found = [
        fast.post("/predict", json={"features": dict(zip(shipped.manifest.feature_names, row, strict=True))}).json[
            "p_up"
        ]
        for row in X.tolist()
    ]

    np.testing.assert_allclose(found, expected, rtol=0, atol=1e-12)


def spoiled(shipped: Bundle) -> dict[str, bytes]:
    """Bodies that are nearly right."""
    names, row = shipped.manifest.feature_names, shipped.median_row
    good = body_of(names, row).decode()
    first = f'"{names[0]}": {row[0]}'
    return {
        "a name twice": good.replace(first, f"{first}, {first}").encode(),
        "features twice": f'{{"features": {{}}, {good[1:]}'.encode(),
        "an escaped name": good.replace('"g', '"\\u0067', 1).encode(),
        "an unknown name": good.replace(first, f'{first}, "x": 1').encode(),
        "a missing name": good.replace(f"{first}, ", "").encode(),
        "text": good.replace(first, f'"{names[0]}": "1"').encode(),
        "true": good.replace(first, f'"{names[0]}": true').encode(),
        "null": good.replace(first, f'"{names[0]}": null').encode(),
        "NaN": good.replace(first, f'"{names[0]}": NaN').encode(),
        "1e999": good.replace(first, f'"{names[0]}": 1e999').encode(),
        "below its hard bound": good.replace(first, f'"{names[0]}": -1.5').encode(),
        "not JSON": good[:-1].encode(),
        "not an object": b"[1]",
        "empty": b"",
        "not UTF-8": b"\xff" + good.encode(),
        "a name that is not UTF-8": good.encode().replace(names[0].encode(), b"g\xffp"),
    }


def test_nothing_that_is_wrong_takes_the_fast_path(shipped, decode):
    assert {kind: decode(body) for kind, body in spoiled(shipped).items()} == dict.fromkeys(spoiled(shipped))


def test_both_ways_answer_nearly_right_bodies_with_the_same_bytes(shipped, clients):
    for kind, body in spoiled(shipped).items():
        fast, slow = (client.post("/predict", data=body, content_type="application/json") for client in clients)
        assert (fast.status_code, fast.data, fast.mimetype) == (slow.status_code, slow.data, slow.mimetype), kind
        assert fast.status_code in {400, 422} or kind == "an escaped name"


NUMBERS = st.one_of(
    st.floats(-5, 5),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(-(10**30), 10**30),
    st.sampled_from([0, -0.0, 1e-320, 1e308, 100, 101, -1]),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, min_size=8, max_size=8))
def test_both_ways_answer_any_numbers_with_the_same_bytes(shipped, clients, row):
    body = body_of(shipped.manifest.feature_names, row)

    fast, slow = (client.post("/predict", data=body, content_type="application/json") for client in clients)

    assert (fast.status_code, fast.data, fast.mimetype) == (slow.status_code, slow.data, slow.mimetype)


@settings(max_examples=300, deadline=None)
@given(st.lists(NUMBERS, min_size=8, max_size=8))
def test_the_fast_decoder_reads_the_very_numbers_that_the_strict_one_reads(shipped, decode, row):
    body = body_of(shipped.manifest.feature_names, row)
    try:
        strict = tuple(payloads.decode_row(body, shipped.manifest.features))
    except ModelError:
        strict = None

    assert decode(body) == strict


def test_features_with_any_name_can_be_read_fast(shipped):
    import msgspec

    odd = [
        msgspec.structs.replace(feature, name=f"{i} odd-näme", hard_minimum=None, hard_maximum=None)
        for i, feature in enumerate(shipped.manifest.features[:2])
    ]

    assert RowDecoder(odd)(
        json.dumps({"features": {"0 odd-näme": 1, "1 odd-näme": 2}}, ensure_ascii=False).encode()
    ) == (1.0, 2.0)


def test_a_fast_decoder_that_takes_gaps_leaves_what_is_out_of_bounds_to_the_strict_one(shipped):
    import msgspec

    rsi = next(feature for feature in shipped.manifest.features if feature.name == "rsi_14")
    decode = decoder_of([ImputedFeature(**msgspec.structs.asdict(rsi), filling=50.0)])

    read = [decode(b'{"features": {"rsi_14": %b}}' % value) for value in (b"null", b"100", b"101", b"-1", b'"x"')]

    assert str(read) == "[(nan,), (100.0,), None, None, None]"
