"""Snapshots against a real HTTP server and an S3 API."""

import hashlib

import pytest
import snapshots

BUCKET = "assay-test-backups"


@pytest.fixture
def s3(aws, key_parameter, monkeypatch):
    client = aws("s3")
    client.create_bucket(Bucket=BUCKET)
    monkeypatch.setenv("BUCKET", BUCKET)
    return client


def stored(s3) -> dict[str, bytes]:
    found = s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])
    return {
        each["Key"]: s3.get_object(Bucket=BUCKET, Key=each["Key"])["Body"].read() for each in found
    }


def back_up(monkeypatch, *nodes):
    monkeypatch.setenv("QDRANT_URLS", ",".join(node.url for node in nodes))
    return snapshots.handler({}, None)


def test_every_collection_lies_in_s3_and_the_nodes_disk_is_clear(s3, start_node, monkeypatch):
    node = start_node(collections={"passages": b"a" * 5000, "two words/ü": b"b"})
    told = back_up(monkeypatch, node)
    assert sorted(stored(s3).values()) == [b"a" * 5000, b"b"]
    assert sorted(stored(s3)) == sorted(told["stored"])
    assert all(key.startswith("qdrant/127.0.0.1/") for key in stored(s3))
    assert node.disk == {}


def test_a_snapshot_of_many_parts_is_whole(s3, start_node, monkeypatch):
    monkeypatch.setattr(snapshots, "PART", 5 * 1024 * 1024)
    data = bytes(range(256)) * 65536  # 16 MB: four parts
    node = start_node(collections={"passages": data})
    (key,) = back_up(monkeypatch, node)["stored"]
    assert hashlib.sha256(stored(s3)[key]).digest() == hashlib.sha256(data).digest()
    assert "-4" in s3.head_object(Bucket=BUCKET, Key=key)["ETag"]


def test_two_nodes_are_both_copied(s3, start_node, monkeypatch):
    first, second = start_node(), start_node(collections={"passages": b"other"})
    second.url = second.url.replace("127.0.0.1", "localhost")
    back_up(monkeypatch, first, second)
    assert sorted(map(len, stored(s3).values())) == [5, 1000]


def test_a_download_that_breaks_off_counts_as_failed_and_leaves_nothing(
    s3, start_node, monkeypatch
):
    node = start_node(cut=10)
    with pytest.raises(snapshots.BackupFailed, match="passages"):
        back_up(monkeypatch, node)
    assert stored(s3) == {}
    assert node.disk == {}


def test_one_collection_that_fails_does_not_hold_the_others_up(s3, start_node, monkeypatch):
    node = start_node(collections={"bad": b"x", "good": b"y"}, refuses={"bad"})
    with pytest.raises(snapshots.BackupFailed, match="bad: HTTPError: HTTP Error 500"):
        back_up(monkeypatch, node)
    assert list(stored(s3).values()) == [b"y"]


def test_a_node_that_is_away_does_not_hold_the_other_up(s3, start_node, monkeypatch):
    away, here = start_node(), start_node()
    away.url = "http://127.0.0.1:9"
    with pytest.raises(snapshots.BackupFailed, match="refused"):
        back_up(monkeypatch, away, here)
    assert len(stored(s3)) == 1


def test_a_bucket_that_is_away_fails_and_clears_the_nodes_disk(s3, start_node, monkeypatch):
    monkeypatch.setenv("BUCKET", "nobodys-bucket")
    node = start_node()
    monkeypatch.setenv("QDRANT_URLS", node.url)
    with pytest.raises(snapshots.BackupFailed, match="NoSuchBucket"):
        snapshots.handler({}, None)
    assert node.disk == {}


def test_what_a_dead_run_left_is_deleted_and_what_is_new_is_kept(s3, start_node, monkeypatch):
    node = start_node()
    node.disk = {
        ("passages", "old.snapshot"): (b"old", "2020-01-01T00:00:00"),
        ("passages", "somebodys.snapshot"): (b"new", "2999-01-01T00:00:00"),
    }
    back_up(monkeypatch, node)
    assert list(node.disk) == [("passages", "somebodys.snapshot")]


def test_a_rotated_key_is_read_anew_by_the_next_run(
    s3, aws, key_parameter, start_node, monkeypatch
):
    node = start_node(key="the new key")
    with pytest.raises(snapshots.BackupFailed, match="401"):
        back_up(monkeypatch, node)
    aws("ssm").put_parameter(Name=key_parameter, Value="the new key", Overwrite=True)
    assert back_up(monkeypatch, node)["stored"]


def test_a_second_run_does_not_overwrite_the_first(s3, start_node, monkeypatch):
    node = start_node()
    back_up(monkeypatch, node)
    node.collections["passages"] = b"changed"
    back_up(monkeypatch, node)
    assert sorted(stored(s3).values()) == [b"changed", b"p" * 1000]
