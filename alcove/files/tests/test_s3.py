"""Blobs in a bucket keep the contract of blobs on two servers that have nothing in common: moto, and rclone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from alcove.base.config import WrongSetting, read_settings
from alcove.files.blobs.chosen import chosen_blobs
from alcove.files.blobs.s3 import Bucket, BucketAway, S3Blobs
from alcove.files.blobs.testing import BucketServer, Moto, Rclone
from alcove.files.testing import LATER, BlobsContract, parts_of, whole

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytestmark = [
    pytest.mark.slow(reason="a server that speaks S3 is started"),
    pytest.mark.xdist_group("s3"),
]


@pytest.fixture(scope="module")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Moto]:
    with Moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture(scope="module")
def rclone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rclone]:
    with Rclone(tmp_path_factory.mktemp("rclone")) as server:
        yield server


class _Bucket(BlobsContract):
    @pytest.fixture
    async def blobs(self, server: BucketServer) -> AsyncIterator[S3Blobs]:
        blobs = S3Blobs(server.bucket())
        yield blobs
        await blobs.close()


class TestMoto(_Bucket):
    @pytest.fixture
    def server(self, moto: Moto) -> Moto:
        return moto

    async def test_no_part_of_an_upload_that_failed_stays(self, blobs: S3Blobs, server: Moto) -> None:
        await self.test_a_long_blob_that_does_not_end(blobs, "cancelled")
        await self.test_a_long_blob_that_does_not_end(blobs, "sender")
        await blobs.close()
        assert server.unfinished() == 0


class TestRclone(_Bucket):
    @pytest.fixture
    def server(self, rclone: Rclone) -> Rclone:
        return rclone

    async def test_objects_lie_as_files_of_the_data_folder_do(self, blobs: S3Blobs, server: Rclone) -> None:
        written = await blobs.write("cozy1", parts_of(b"abc"))
        (found,) = list(server.folder.rglob(written.id))
        assert found.parts[-5:] == ("instances", "cozy1", "blobs", written.id[:2], written.id)

    async def test_a_wrong_key_is_told_without_the_key(self, server: Rclone, caplog: pytest.LogCaptureFixture) -> None:
        secret = "not-the-secret-of-this-bucket"
        bucket = server.bucket()
        blobs = S3Blobs(Bucket(bucket.name, bucket.region, bucket.key_id, secret, bucket.endpoint))
        with pytest.raises(BucketAway):
            await blobs.write("cozy1", parts_of(b"abc"))
        with pytest.raises(BucketAway):
            await blobs.list("cozy1", LATER)
        assert "bucket" in caplog.text
        assert secret not in caplog.text
        assert bucket.secret not in caplog.text


async def test_a_bucket_that_is_away_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "made").mkdir()
    with Rclone(tmp_path / "made") as server:
        blobs = S3Blobs(server.bucket())
        written = await blobs.write("cozy1", parts_of(b"abc"))
    for attempt in (whole(blobs, written.id), blobs.write("cozy1", parts_of(b"abc")), blobs.list("cozy1", LATER)):
        with pytest.raises(BucketAway):
            await attempt


def test_what_speaks_s3_is_loaded_only_where_it_is_set() -> None:
    code = "import sys; import alcove.server.run; sys.exit('obstore' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


async def test_the_settings_choose_a_bucket(rclone: Rclone, tmp_path: Path) -> None:
    bucket, keys = rclone.bucket(), tmp_path / "keys"
    keys.write_text(f"[default]\naws_access_key_id = {bucket.key_id}\naws_secret_access_key = {bucket.secret}\n")
    environ = {
        "ALCOVE_HOME": str(tmp_path),
        "ALCOVE_BLOBS": "s3",
        "ALCOVE_S3_BUCKET": bucket.name,
        "ALCOVE_S3_ENDPOINT": bucket.endpoint,
        "ALCOVE_S3_PREFIX": "alcove/",
        "ALCOVE_S3_CREDENTIALS": str(keys),
    }
    blobs = chosen_blobs(read_settings(environ))
    written = await blobs.write("cozy1", parts_of(b"abc"))
    place = rclone.folder / bucket.name / "alcove/instances/cozy1/blobs" / written.id[:2] / written.id
    assert place.read_bytes() == b"abc"
    keys.write_text(f"aws_secret_access_key = {bucket.secret}\n")
    with pytest.raises(WrongSetting, match="aws_access_key_id") as caught:
        chosen_blobs(read_settings(environ))
    assert bucket.secret not in str(caught.value)
