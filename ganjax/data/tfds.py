"""TensorFlow Datasets without TensorFlow: prepared once (with it), read from array_record ever after."""

from __future__ import annotations

import importlib.util
from typing import Any

import numpy as np

from ganjax.data.source import Examples, Source, fit_all
from ganjax.errors import UserError, nearest

STORED = {"file_format": "array_record"}  # without it the reader takes, and refuses, TFRecords


def tfds(
    dataset: str | None = None,
    split: str = "train",
    data_dir: str | None = None,
    image_size: int | None = None,
    channels: int | None = None,
) -> Source:
    """A prepared data set of TensorFlow Datasets with an ``image`` feature, such as mnist or cifar10.

    Raises:
        UserError: no such data set, it is not prepared, or it has no such split or no images.
    """
    if dataset is None:
        raise UserError("config.data.name=tfds: which one? For example --config.data.dataset=cifar10")
    builder = _builder(dataset, data_dir)
    if not builder.is_prepared():
        where = f" --data_dir={data_dir}" if data_dir else ""
        raise UserError(
            f"{dataset} is not prepared in {builder.data_dir}. Once, with TensorFlow: "
            f'pip install "ganjax[tf]" && python -m ganjax data tfds --dataset={dataset}{where} --prepare'
        )
    if "image" not in builder.info.features:
        raise UserError(f"{dataset} has no feature `image`; it has: {', '.join(builder.info.features)}")
    try:
        records = builder.as_data_source(split)
        records[0]  # files are opened when they are read: be it now
    except (ValueError, KeyError) as error:
        raise UserError(f"{dataset}: no split {split!r}; there are: {', '.join(builder.info.splits)}") from error
    except (OSError, RuntimeError) as error:
        why = str(error).splitlines()[0]
        raise UserError(f"{dataset}: its files cannot be read, prepare it again; {why}") from error
    sizes = builder.info.features["image"].shape[:2]
    if image_size is None and None in sizes:
        raise UserError(f"the images of {dataset} differ in size: say which one, --config.data.image_size=64")
    return Source(f"tfds/{dataset}", len(records), _fetch(records, image_size, channels), _info(builder))


def prepare(dataset: str, data_dir: str | None = None) -> str:
    """Downloads and writes a data set as array_record, and returns where; needs TensorFlow, this once.

    Raises:
        UserError: TensorFlow is not installed, or there is no such data set.
    """
    if importlib.util.find_spec("tensorflow") is None:
        raise UserError('preparing needs TensorFlow, this once: pip install "ganjax[tf]"')
    builder = _builder(dataset, data_dir)
    builder.download_and_prepare()
    return str(builder.data_dir)


def _builder(dataset: str, data_dir: str | None) -> Any:
    import tensorflow_datasets
    from absl import logging

    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)  # what it warns of is said below, in one line
    try:
        return tensorflow_datasets.builder(dataset, data_dir=data_dir, **STORED)
    except tensorflow_datasets.core.DatasetNotFoundError:
        known = tensorflow_datasets.list_builders(with_community_datasets=False)
        raise UserError(f"TensorFlow Datasets has no {dataset!r}{nearest(dataset, known)}") from None
    except (ValueError, AssertionError) as error:
        if "File format is already set" in str(error):
            raise UserError(
                f"{dataset} is there, but as TFRecords, which need TensorFlow to read: prepare it once more in another "
                f"--data_dir, python -m ganjax data tfds --dataset={dataset} --data_dir=DIR --prepare"
            ) from None
        why = str(error).rpartition('}": ')[2].splitlines()[0].split(". ")[0]  # its first sentence: a list follows
        raise UserError(f"config.data.dataset={dataset}: {why}") from None
    finally:
        logging.set_verbosity(verbosity)


def _fetch(records: Any, image_size: int | None, channels: int | None) -> Any:
    def fetch(indices: np.ndarray) -> Examples:
        rows = records.__getitems__([int(i) for i in indices])
        fitted = [fit_all(np.asarray(row["image"], np.uint8)[None], image_size, channels)[0] for row in rows]
        out: Examples = {"image": np.stack(fitted)}
        if np.ndim(rows[0].get("label")) == 0 and "label" in rows[0]:
            out["label"] = np.asarray([row["label"] for row in rows], np.int32)
        return out

    return fetch


def _info(builder: Any) -> dict[str, Any]:
    features = builder.info.features
    label = features["label"] if "label" in features else None
    return {"classes": list(getattr(label, "names", None) or []), "version": str(builder.info.version)}
