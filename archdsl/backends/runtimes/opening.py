"""Opens a session by the name of its runtime."""

from __future__ import annotations

from archdsl.backends.runtimes.session import Foreign, Session, Threads, UnfitError, require


def open_session(runtime: Foreign, model: bytes, batch_size: int, threads: Threads, dtype: str = "float32") -> Session:
    """A session of the named runtime.

    Args:
        runtime: which one.
        model: a serialized ONNX model whose batch dimension is free.
        batch_size: the number of samples that `run` will mostly get.
        threads: how many threads compute, and how they share the work.
        dtype: what is computed in: float32, or bfloat16 where the runtime can (inputs and outputs stay float32).

    Raises:
        MissingRuntimeError: if it is not installed.
        UnfitError: if it does not take the model.
    """
    require(runtime)
    try:
        if runtime == "onnxruntime":
            from archdsl.backends.runtimes.onnxruntime_session import OnnxRuntimeSession

            return OnnxRuntimeSession(model, threads)
        from archdsl.backends.runtimes.openvino_session import OpenVinoSession

        return OpenVinoSession(model, batch_size, threads, dtype)
    except Exception as error:  # both have error classes of their own, of every kind
        raise UnfitError(f"{runtime} does not take this network: {' '.join(str(error).split())[:300]}") from error
