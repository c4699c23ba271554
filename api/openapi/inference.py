"""The Open Inference Protocol, version 2, as OpenAPI describes it for one bundle."""

from api.inference.requests import BINARY_ONLY, HEADER_LENGTH
from api.inference.tensors import DATATYPES, MATRIX
from api.openapi.paths import JSON, NO_MODEL, OF_A_BODY, Operation, Paths, in_path, json_of, operation, tagged
from api.openapi.schemas import (
    BYTES,
    NUMBER,
    TEXT,
    WHOLE,
    Schema,
    example_row,
    list_of,
    nullable,
    record,
    ref,
)
from model.bundle import Bundle

TAG = "Open Inference Protocol"
BINARY = "application/octet-stream"

_SCALAR: Schema = {"type": ["string", "number", "boolean"]}


def paths(bundle: Bundle) -> Paths:
    """Return the routes of the protocol; those of the model once without its version, and once with it."""
    about_server = {
        "/v2": {"get": operation("v2_server", "What this server is", json_of("Server"))},
        "/v2/health/live": {"get": operation("v2_live", "Whether the server is alive", json_of("ServerLive"))},
        "/v2/health/ready": {
            "get": operation("v2_ready", "Whether predictions can be made", json_of("ServerReady"), problems=NO_MODEL)
        },
    }
    name = in_path("name", {"type": "string", "enum": [bundle.manifest.name]}, "The name of the model.")
    version = in_path("version", {"type": "string", "enum": [bundle.version]}, "The version that is served.")
    of_the_model = _of_the_model(bundle, "/v2/models/{name}", "v2_model", [name])
    of_the_version = _of_the_model(bundle, "/v2/models/{name}/versions/{version}", "v2_version", [name, version])
    return tagged(TAG, about_server | of_the_model | of_the_version)


def components(bundle: Bundle) -> dict[str, Schema]:
    """Return the schemas that the routes of the protocol refer to, by name."""
    described = record({"name": TEXT, "datatype": TEXT, "shape": list_of(WHOLE, "-1 stands for any number of rows.")})
    ready = {"ready": {"type": "boolean", "const": True}}
    return {
        "Server": record({"name": TEXT, "version": TEXT, "extensions": list_of(TEXT)}),
        "ServerLive": record({"live": {"type": "boolean", "const": True}}),
        "ServerReady": record(ready),
        "ModelReady": record({"name": TEXT} | ready),
        "ModelMetadata": record(
            {
                "name": TEXT,
                "versions": list_of(TEXT),
                "platform": TEXT,
                "inputs": list_of(described),
                "outputs": list_of(described),
            }
        ),
        **_inference(bundle),
    }


def _of_the_model(bundle: Bundle, path: str, name: str, parameters: list[Schema]) -> Paths:
    problems = (404, *NO_MODEL)
    metadata = operation(
        name,
        "The tensors that the model takes and gives",
        json_of("ModelMetadata"),
        problems=problems,
        parameters=parameters,
    )
    ready = operation(
        f"{name}_ready",
        "Whether the model can make predictions",
        json_of("ModelReady"),
        problems=problems,
        parameters=parameters,
    )
    return {
        path: {"get": metadata},
        f"{path}/ready": {"get": ready},
        f"{path}/infer": {"post": _infer(bundle, f"{name}_infer", parameters)},
    }


def _infer(bundle: Bundle, name: str, parameters: list[Schema]) -> Operation:
    row = example_row(bundle)
    one_each = [{"name": key, "shape": [1], "datatype": "FP64", "data": [value]} for key, value in row.items()]
    matrix = {"name": MATRIX, "shape": [1, len(row)], "datatype": "FP64", "data": list(row.values())}
    examples = {
        "tensors": {"summary": "One tensor a feature", "value": {"inputs": one_each}},
        "matrix": {"summary": "One matrix", "value": {"inputs": [matrix]}},
    }
    length = {
        "name": HEADER_LENGTH,
        "in": "header",
        "required": False,
        "description": "Where binary data follow the JSON: how many bytes of the body are JSON.",
        "schema": {"type": "integer", "minimum": 0},
    }
    given = {"description": "As in the request, where binary data follow.", "schema": {"type": "integer", "minimum": 0}}
    return operation(
        name,
        "The probabilities of the rows in tensors",
        {**json_of("InferReply"), BINARY: {"schema": BYTES}},
        told=(
            "One tensor for each feature, or one matrix of all. A tensor has as many values as its shape says, and"
            " all have as many rows. Binary tensors follow the JSON, as the protocol's extension says."
        ),
        problems=(404, *OF_A_BODY, *NO_MODEL),
        parameters=[*parameters, length],
        body={JSON: {"schema": ref("InferRequest"), "examples": examples}, BINARY: {"schema": BYTES}},
        headers={HEADER_LENGTH: given},
    )


def _inference(bundle: Bundle) -> dict[str, Schema]:
    names = list(bundle.manifest.feature_names)
    parameters: Schema = {"type": "object", "additionalProperties": _SCALAR}
    binary: Schema = parameters | {"properties": {"binary_data": {"type": "boolean"}}}
    # Ways of the protocol to ask for an output that this server does not go.
    asked = binary | {"properties": binary["properties"] | {"classification": False, "shared_memory_region": False}}
    outputs: Schema = {"type": "string", "enum": ["prediction", bundle.probability_key]}
    produced = record(
        {
            "name": outputs,
            "datatype": {"type": "string", "enum": ["INT64", "FP64"]},
            "shape": list_of(WHOLE),
            "data": list_of(NUMBER),
            "parameters": record({"binary_data_size": WHOLE}),
        },
        optional=("data", "parameters"),
    )
    members = {"threshold": NUMBER, "version": TEXT, "warnings": TEXT}
    value = NUMBER
    if bundle.filling is not None:
        members["imputed"] = TEXT | {"description": "The features that rows lacked, by name."}
        value = nullable(NUMBER)
    told = record(members, optional=("warnings", "imputed"))
    each, matrix = ref("FeatureTensor"), ref("MatrixTensor")
    return {
        "FeatureTensor": _tensor({"type": "string", "enum": names}, "One feature: [n] or [n, 1].", parameters, value),
        "MatrixTensor": _tensor(
            {"type": "string", "const": MATRIX},
            f"All features, in the order of the metadata: [n, {len(names)}].",
            parameters,
            value,
        ),
        "InferRequest": record(
            {
                "id": TEXT | {"description": "Comes back in the answer."},
                "inputs": {
                    "anyOf": [
                        list_of(each) | {"minItems": len(names), "maxItems": len(names)},
                        list_of(matrix) | {"minItems": 1, "maxItems": 1},
                    ]
                },
                "outputs": list_of(record({"name": outputs, "parameters": asked}, optional=("parameters",))),
                "parameters": parameters | {"properties": {"binary_data_output": {"type": "boolean"}}},
            },
            optional=("id", "outputs", "parameters"),
        ),
        "InferReply": record(
            {"model_name": TEXT, "model_version": TEXT, "id": TEXT, "parameters": told, "outputs": list_of(produced)},
            optional=("id",),
        ),
    }


def _tensor(name: Schema, told: str, parameters: Schema, value: Schema) -> Schema:
    datatypes = [datatype for datatype in DATATYPES if datatype != BINARY_ONLY]
    shape = list_of({"type": "integer", "minimum": 0}) | {"minItems": 1, "maxItems": 2}
    members = {
        "name": name,
        "shape": shape,
        "datatype": {"type": "string", "enum": datatypes},
        "data": {"anyOf": [list_of(value), list_of(list_of(value))]},
        "parameters": parameters,
    }
    return record(members, told, optional=("parameters",))
