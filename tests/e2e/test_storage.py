"""S3, CloudWatch Logs and EventBridge through the door, as boto3 and the AWS CLI use them."""
import concurrent.futures
import datetime
import hashlib
import io
import json
import os
import pathlib
import random
import tempfile
import time
import unittest
import urllib.request

import boto3.s3.transfer
import botocore.config

from harness import ACCOUNT, REGION, Daemon, WithDaemon, wait_for
from raw import plain, send, sign

MEBIBYTE = 1 << 20


class Storage(WithDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.s3 = cls.daemon.client("s3")
        cls.s3.create_bucket(Bucket="shelf")

    def error(self, call):
        """(code, status) of the error that the call ends with."""
        with self.assertRaises(self.s3.exceptions.ClientError) as caught:
            call()
        response = caught.exception.response
        return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]

    def test_what_is_put_comes_back(self):
        body = random.Random(1).randbytes(3 * MEBIBYTE)
        put = self.s3.put_object(Bucket="shelf", Key="a/ü ?&+%.bin", Body=body,
                                 ContentType="text/x-odd", Metadata={"Colour": "blue"},
                                 ContentDisposition='attachment; filename="a.bin"')
        self.assertEqual(put["ETag"], f'"{hashlib.md5(body).hexdigest()}"')
        got = self.s3.get_object(Bucket="shelf", Key="a/ü ?&+%.bin")
        self.assertEqual(got["Body"].read(), body)
        self.assertEqual(got["ContentType"], "text/x-odd")
        self.assertEqual(got["Metadata"], {"colour": "blue"})
        self.assertEqual(got["ContentDisposition"], 'attachment; filename="a.bin"')
        head = self.s3.head_object(Bucket="shelf", Key="a/ü ?&+%.bin")
        self.assertEqual(head["ContentLength"], len(body))
        self.assertAlmostEqual(head["LastModified"].timestamp(), time.time(), delta=60)
        self.assertEqual(self.error(lambda: self.s3.head_object(Bucket="shelf", Key="none")),
                         ("404", 404))
        self.assertEqual(self.error(lambda: self.s3.head_bucket(Bucket="none-such")), ("404", 404))

    def test_ranges_and_conditions(self):
        etag = self.s3.put_object(Bucket="shelf", Key="digits", Body=b"0123456789")["ETag"]
        part = self.s3.get_object(Bucket="shelf", Key="digits", Range="bytes=2-4")
        self.assertEqual(part["ResponseMetadata"]["HTTPStatusCode"], 206)
        self.assertEqual((part["Body"].read(), part["ContentRange"]), (b"234", "bytes 2-4/10"))

        def get(**conditions):
            return lambda: self.s3.get_object(Bucket="shelf", Key="digits", **conditions)
        self.assertEqual(self.error(get(Range="bytes=10-")), ("InvalidRange", 416))
        self.assertEqual(self.error(get(IfNoneMatch=etag)), ("304", 304))
        self.assertEqual(self.error(get(IfMatch='"no"')), ("PreconditionFailed", 412))
        later = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
        self.assertEqual(self.error(get(IfModifiedSince=later)), ("304", 304))
        self.assertEqual(get(IfUnmodifiedSince=later)()["Body"].read(), b"0123456789")
        self.assertEqual(self.error(lambda: self.s3.put_object(
            Bucket="shelf", Key="digits", Body=b"", IfNoneMatch="*")), ("PreconditionFailed", 412))
        # The connection is fit for the next request after each of these.
        self.assertEqual(get()()["Body"].read(), b"0123456789")

    def test_requests_as_they_stand_on_the_wire(self):
        def ask(service, method, path, body=b"", **headers):
            request = plain(self.daemon.url, method, path, body, headers)
            return send(sign(service, request, self.daemon.key, self.daemon.secret))
        self.assertEqual(ask("s3", "PUT", "/_SUCCESS", b"all",
                             Host=f"shelf.s3.{REGION}.amazonaws.com")[0], 200)
        self.assertEqual(self.s3.get_object(Bucket="shelf", Key="_SUCCESS")["Body"].read(), b"all")
        for key in ("spaced", "spaced ", " spaced"):
            self.s3.put_object(Bucket="shelf", Key=key, Body=key.encode())
        for key in ("spaced", "spaced ", " spaced"):
            got = self.s3.get_object(Bucket="shelf", Key=key)
            self.assertEqual(got["Body"].read().decode(), key)
        ask("s3", "PUT", "/shelf/stale", Expires="0")
        stale = self.s3.head_object(Bucket="shelf", Key="stale")["ResponseMetadata"]
        self.assertEqual(stale["HTTPHeaders"]["expires"], "0")
        for query in ("partNumber=1", "uploadId=x"):
            status, code, _ = ask("s3", "PUT", "/shelf/spaced?" + query, b"lost")
            self.assertEqual((code, status), ("InvalidArgument", 400))
        self.assertEqual(self.s3.get_object(Bucket="shelf", Key="spaced")["Body"].read(), b"spaced")
        with self.assertRaises(self.s3.exceptions.ClientError) as caught:
            self.s3.get_object(Bucket="shelf", Key="spaced", IfNoneMatch=got["ETag"] + ", *")
        same = caught.exception.response["ResponseMetadata"]
        self.assertEqual(same["HTTPStatusCode"], 304)
        self.assertIn("etag", same["HTTPHeaders"])
        self.assertIn("last-modified", same["HTTPHeaders"])
        listing = ask("s3", "GET", "/shelf?list-type=2")[2]
        self.assertIn('<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">', listing)
        self.daemon.client("iam").create_user(UserName="gwen")
        status, _, body = ask("iam", "GET", "/?Action=GetUser&UserName=gwen&Version=2010-05-08")
        self.assertEqual(status, 200)
        self.assertIn("<UserName>gwen</UserName>", body)

    def test_checksums(self):
        for algorithm in ("CRC32", "SHA1", "SHA256"):
            name = f"Checksum{algorithm}"
            put = self.s3.put_object(Bucket="shelf", Key=algorithm, Body=b"abc",
                                     ChecksumAlgorithm=algorithm)
            got = self.s3.get_object(Bucket="shelf", Key=algorithm, ChecksumMode="ENABLED")
            self.assertEqual(got[name], put[name])
            self.assertEqual(got["Body"].read(), b"abc")
        self.assertEqual(self.error(lambda: self.s3.put_object(
            Bucket="shelf", Key="wrong", Body=b"abc", ChecksumSHA1="qvTGHdzF6KLavt4PO0gs2a6pQ00=")),
            ("BadDigest", 400))
        self.assertEqual(self.error(lambda: self.s3.put_object(
            Bucket="shelf", Key="wrong", Body=b"abc", ContentMD5="qvTGHdzF6KLavt4PO0gs2Q==")),
            ("BadDigest", 400))
        self.assertEqual(self.error(lambda: self.s3.head_object(Bucket="shelf", Key="wrong")),
                         ("404", 404))

    def test_parts_in_parallel(self):
        body = random.Random(2).randbytes(21 * MEBIBYTE + 5)
        config = boto3.s3.transfer.TransferConfig(
            multipart_threshold=5 * MEBIBYTE, multipart_chunksize=5 * MEBIBYTE)
        for algorithm, kind in (("CRC32", "COMPOSITE"), ("SHA256", "COMPOSITE"),
                                ("CRC32", "FULL_OBJECT")):
            self.s3.upload_fileobj(io.BytesIO(body), "shelf", "parts", Config=config, ExtraArgs={
                "ChecksumAlgorithm": algorithm, "ChecksumType": kind,
                "ContentType": "application/x-parts"})
            head = self.s3.head_object(Bucket="shelf", Key="parts", ChecksumMode="ENABLED")
            self.assertTrue(head["ETag"].endswith('-5"'))
            self.assertEqual(head["ContentType"], "application/x-parts")
            self.assertEqual(head["ChecksumType"], kind)
            self.assertEqual(head[f"Checksum{algorithm}"].endswith("-5"), kind == "COMPOSITE")
            self.assertEqual(
                self.s3.get_object(Bucket="shelf", Key="parts", ChecksumMode="ENABLED")
                ["Body"].read(), body)
        back = io.BytesIO()
        self.s3.download_fileobj("shelf", "parts", back, Config=config)
        self.assertEqual(back.getvalue(), body)
        self.s3.copy({"Bucket": "shelf", "Key": "parts"}, "shelf", "copied", Config=config)
        self.s3.delete_object(Bucket="shelf", Key="parts")
        self.assertEqual(self.s3.get_object(Bucket="shelf", Key="copied")["Body"].read(), body)
        part = self.s3.get_object(Bucket="shelf", Key="copied", PartNumber=2)
        self.assertEqual(part["PartsCount"], 5)
        self.assertEqual(part["Body"].read(), body[5 * MEBIBYTE:10 * MEBIBYTE])

    def test_uploads_that_are_given_up(self):
        upload = self.s3.create_multipart_upload(Bucket="shelf", Key="given-up")["UploadId"]
        self.s3.upload_part(Bucket="shelf", Key="given-up", UploadId=upload, PartNumber=1,
                            Body=bytes(6 * MEBIBYTE))
        listed = self.s3.list_multipart_uploads(Bucket="shelf", Prefix="given")["Uploads"]
        self.assertEqual([item["UploadId"] for item in listed], [upload])
        parts = self.s3.list_parts(Bucket="shelf", Key="given-up", UploadId=upload)["Parts"]
        self.assertEqual([(part["PartNumber"], part["Size"]) for part in parts],
                         [(1, 6 * MEBIBYTE)])
        self.assertEqual(self.error(lambda: self.s3.complete_multipart_upload(
            Bucket="shelf", Key="given-up", UploadId=upload,
            MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": '"0"'}]})), ("InvalidPart", 400))
        self.s3.abort_multipart_upload(Bucket="shelf", Key="given-up", UploadId=upload)
        self.assertEqual(self.error(lambda: self.s3.list_parts(
            Bucket="shelf", Key="given-up", UploadId=upload)), ("NoSuchUpload", 404))

    def test_listings_and_batch_deletes(self):
        self.s3.create_bucket(Bucket="many")
        keys = [f"d{n % 7}/ {n}&<ü>" for n in range(60)]
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda key: self.s3.put_object(Bucket="many", Key=key, Body=b"x"), keys))
        for name in ("list_objects", "list_objects_v2"):
            pages = self.s3.get_paginator(name).paginate(
                Bucket="many", PaginationConfig={"PageSize": 7})
            self.assertEqual([item["Key"] for page in pages for item in page["Contents"]],
                             sorted(keys))
            pages = list(self.s3.get_paginator(name).paginate(
                Bucket="many", Delimiter="/", PaginationConfig={"PageSize": 2}))
            self.assertEqual([item["Prefix"] for page in pages for item in page["CommonPrefixes"]],
                             [f"d{n}/" for n in range(7)])
        self.assertEqual(self.error(lambda: self.s3.delete_bucket(Bucket="many")),
                         ("BucketNotEmpty", 409))
        deleted = self.s3.delete_objects(Bucket="many", Delete={
            "Objects": [{"Key": key} for key in keys]})["Deleted"]
        self.assertEqual(sorted(item["Key"] for item in deleted), sorted(keys))
        self.s3.delete_bucket(Bucket="many")

    def test_presigned_links(self):
        signer = boto3.client(
            "s3", endpoint_url=self.daemon.url, region_name=REGION,
            aws_access_key_id=self.daemon.key, aws_secret_access_key=self.daemon.secret,
            config=botocore.config.Config(signature_version="s3v4"))
        put = signer.generate_presigned_url("put_object", {"Bucket": "shelf", "Key": "linked"})
        urllib.request.urlopen(urllib.request.Request(put, b"by link", method="PUT")).read()
        get = signer.generate_presigned_url("get_object", {
            "Bucket": "shelf", "Key": "linked", "ResponseContentType": "text/plain"})
        with urllib.request.urlopen(get) as answer:
            self.assertEqual(answer.read(), b"by link")
            self.assertEqual(answer.headers["Content-Type"], "text/plain")

    def test_the_cli_synchronises_folders(self):
        with tempfile.TemporaryDirectory() as folder:
            there, back = pathlib.Path(folder, "there"), pathlib.Path(folder, "back")
            for name in ("a.txt", "b/c.txt", "b/d e.txt", "empty"):
                path = there / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(name if name != "empty" else "")
                os.utime(path, (1_700_000_000, 1_700_000_000))
            self.daemon.cli("s3", "sync", there, "s3://shelf/sync/")
            self.assertEqual(self.daemon.cli("s3", "sync", there, "s3://shelf/sync/"), "")
            self.daemon.cli("s3", "sync", "s3://shelf/sync/", back)
            self.assertEqual({path.relative_to(back): path.read_text()
                              for path in back.rglob("*") if path.is_file()},
                             {path.relative_to(there): path.read_text()
                              for path in there.rglob("*") if path.is_file()})
            self.daemon.cli("s3", "mv", "s3://shelf/sync/a.txt", "s3://shelf/sync/moved.txt")
            self.daemon.cli("s3", "rm", "--recursive", "s3://shelf/sync/")
            self.assertEqual(self.daemon.cli("s3", "ls", "s3://shelf/sync/", check=False).stdout,
                             "")

    def test_nothing_stays_on_disk(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        s3 = daemon.client("s3")
        s3.create_bucket(Bucket="short-lived")

        def files():
            return [path for path in (daemon.data / "blobs").rglob("*") if path.is_file()]
        for _ in range(3):
            s3.put_object(Bucket="short-lived", Key="a", Body=bytes(MEBIBYTE))
        wait_for(lambda: len(files()) == 1, 20, "one blob")
        daemon.kill()
        (daemon.data / "blobs" / "ab").mkdir(exist_ok=True)
        (daemon.data / "blobs" / "ab" / ("ab" * 16)).write_bytes(b"an orphan of a crash")
        daemon.start()
        self.assertEqual(len(files()), 1)
        s3 = daemon.client("s3")
        self.assertEqual(s3.get_object(Bucket="short-lived", Key="a")["Body"].read(),
                         bytes(MEBIBYTE))
        s3.delete_object(Bucket="short-lived", Key="a")
        wait_for(lambda: not files(), 20, "no blob")


class Logs(WithDaemon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.logs = cls.daemon.client("logs")

    def test_events_come_back_in_pages(self):
        now = int(time.time() * 1000)
        self.logs.create_log_group(logGroupName="/app")
        for stream in ("one", "two"):
            self.logs.create_log_stream(logGroupName="/app", logStreamName=stream)
        lines = [f"line {n} ü" for n in range(500)]
        for begin in range(0, 500, 100):
            answer = self.logs.put_log_events(
                logGroupName="/app", logStreamName="one", sequenceToken="anything", logEvents=[
                    {"timestamp": now + n, "message": lines[n]} for n in range(begin, begin + 100)])
            self.assertIn("nextSequenceToken", answer)
        self.logs.put_log_events(logGroupName="/app", logStreamName="two", logEvents=[
            {"timestamp": now + 10, "message": '{"level":"error","code":500}'}])
        seen, token = [], None
        for _ in range(20):
            more = {"nextToken": token} if token else {}
            page = self.logs.get_log_events(logGroupName="/app", logStreamName="one", limit=70,
                                            startFromHead=True, **more)
            seen += [event["message"] for event in page["events"]]
            if page["nextForwardToken"] == token:
                break
            token = page["nextForwardToken"]
        self.assertEqual(seen, lines)
        pages = self.logs.get_paginator("filter_log_events").paginate(
            logGroupName="/app", filterPattern='"line 49"', PaginationConfig={"PageSize": 4})
        self.assertEqual([event["message"] for page in pages for event in page["events"]],
                         [line for line in lines if "line 49" in line])
        found = self.logs.filter_log_events(logGroupName="/app",
                                            filterPattern="{ $.code >= 500 }")["events"]
        self.assertEqual([event["logStreamName"] for event in found], ["two"])
        told = json.loads(self.daemon.cli("logs", "filter-log-events", "--log-group-name", "/app",
                                          "--log-stream-names", "two"))["events"]
        self.assertEqual([event["timestamp"] for event in told], [now + 10])

    def test_errors(self):
        with self.assertRaises(self.logs.exceptions.ResourceNotFoundException):
            self.logs.describe_log_streams(logGroupName="/none")
        with self.assertRaises(self.logs.exceptions.ResourceNotFoundException):
            self.logs.get_log_events(logGroupName="/none", logStreamName="x")


class Events(unittest.TestCase):
    def test_rules(self):
        daemon = Daemon().start()
        self.addCleanup(daemon.close)
        events = daemon.client("events")
        arn = events.put_rule(Name="mine", EventPattern='{"source":["my.app"]}')["RuleArn"]
        self.assertEqual(arn, f"arn:aws:events:us-east-1:{ACCOUNT}:rule/mine")
        self.assertEqual(events.list_rules()["Rules"][0]["State"], "ENABLED")
        with self.assertRaises(events.exceptions.ClientError) as caught:
            events.put_targets(Rule="mine", Targets=[
                {"Id": "q", "Arn": f"arn:aws:sqs:us-east-1:{ACCOUNT}:queue"}])
        self.assertEqual(caught.exception.response["Error"]["Code"], "ValidationException")
        answer = events.put_events(Entries=[
            {"Source": "my.app", "DetailType": "t", "Detail": json.dumps({"a": 1})},
            {"Source": "aws.sagemaker", "DetailType": "t", "Detail": "{}"}])
        self.assertEqual(answer["FailedEntryCount"], 1)
        self.assertIn("EventId", answer["Entries"][0])
        events.delete_rule(Name="mine")


if __name__ == "__main__":
    unittest.main(verbosity=2)
