"""Many rows in one request: JSON, CSV, Parquet or an Arrow stream, there and back."""
