"""Starts MiniStack with RDS and AWS Backup's jobs served by the simulator, whose events may be put on the bus, and authorization
written down.

Environment, besides MiniStack's own: RDS_SIMULATOR_URL (where RDS calls go), RUN_FOLDER (removed at the end),
IAM_TRAIL (the file that gets one JSON line for each authorization of a role), OUTBOX (one for each e-mail and SMS),
ORGANIZATION (if there is one: JSON with its `id` and its `accounts`).
It ends, with every function it started, when its standard input closes: whoever started it is gone then.
"""

import asyncio
import http.client
import json
import logging
import os
import shutil
import signal
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs, urlencode, urlsplit

from hypercorn.asyncio import serve
from hypercorn.config import Config
from ministack.app import app
from ministack.core import iam_actions, iam_evaluator
from ministack.core.responses import get_account_id, get_region
from ministack.core.router import extract_access_key_id
from ministack.services import backup, dynamodb, kms, rds, s3, sns
from ministack.services.cloudformation import provisioners

from event_buses import keep_bus_policies, let_events_cross
from principals import ask_bucket_policies_about_callers, show_callers_as_aws_does

FORWARDED_HEADERS = ("content-type", "authorization")


def forward_to(url):
    """Calls of RDS, and of AWS Backup's jobs, already authorized by MiniStack, go to the simulator with the account and Region that
    they are for; when it is away, RDS is unavailable."""
    simulator = urlsplit(url)
    threads = ThreadPoolExecutor(max_workers=32, thread_name_prefix="rds")

    def call(method, target, headers, body):
        connection = http.client.HTTPConnection(simulator.hostname, simulator.port, timeout=60)
        try:
            connection.request(method, target, body, headers)
            response = connection.getresponse()
            content = response.read()
            return response.status, {"Content-Type": response.getheader("Content-Type", "text/xml")}, content
        except OSError as error:
            logging.getLogger("rds").error("the RDS simulator at %s does not answer: %s", url, error)
            return 503, {"Content-Type": "text/xml"}, unavailable(url)
        finally:
            connection.close()

    async def handle_request(method, path, headers, body, query_params):
        query = urlencode(query_params, doseq=True)
        target = f"{path}?{query}" if query else path
        kept = {name: headers[name] for name in FORWARDED_HEADERS if name in headers}
        kept |= {"x-account": get_account_id(), "x-region": get_region()}
        return await asyncio.get_running_loop().run_in_executor(threads, call, method, target, kept, body)

    other_backup_calls = backup.handle_request

    async def handle_backup_request(method, path, headers, body, query_params):
        jobs = method == "GET" and path.rstrip("/") in ("/backup-jobs", "/restore-jobs")
        return await (handle_request if jobs else other_backup_calls)(method, path, headers, body, query_params)

    rds.handle_request = handle_request
    backup.handle_request = handle_backup_request


def unavailable(url):
    return (
        '<ErrorResponse xmlns="http://rds.amazonaws.com/doc/2014-10-31/"><Error><Type>Receiver</Type>'
        f"<Code>ServiceUnavailable</Code><Message>The RDS simulator at {url} does not answer</Message></Error>"
        "<RequestId>00000000-0000-0000-0000-000000000000</RequestId></ErrorResponse>"
    ).encode()


# What AWS authorizes RDS reads on when the call names nothing (Service Authorization Reference, Amazon RDS).
RDS_LISTS = {
    "DescribeDBInstances": "db",
    "DescribeDBClusters": "cluster",
    "DescribeDBSnapshots": "snapshot",
    "DescribeDBClusterSnapshots": "cluster-snapshot",
    "DescribeDBSnapshotTenantDatabases": "snapshot-tenant-database",
}

# The field that names the rule in a call of EventBridge.
RULE_FIELDS = {
    **dict.fromkeys(("DeleteRule", "DescribeRule", "DisableRule", "EnableRule", "PutRule"), "Name"),
    **dict.fromkeys(("ListTargetsByRule", "PutTargets", "RemoveTargets"), "Rule"),
}


def events_resource(action, body, region, account):
    """The rule or bus that a call of EventBridge is authorized on, or None (Service Authorization Reference, Amazon EventBridge)."""
    named = json.loads(body or b"{}")
    if action == "DescribeEventBus":
        resource = f"event-bus/{named.get('Name', 'default').rsplit('/', 1)[-1]}"
    elif action in RULE_FIELDS:
        bus = named.get("EventBusName", "default").rsplit("/", 1)[-1]
        rule = named.get(RULE_FIELDS[action], "")
        resource = f"rule/{rule}" if bus == "default" else f"rule/{bus}/{rule}"
    else:
        return None
    return f"arn:aws:events:{region}:{account}:{resource}"


def authorize_as_aws_does():
    """Adds what MiniStack leaves out: the resources of RDS lists and of rules, the key behind an alias, and the namespace of
    PutMetricData."""
    resource_of = iam_actions.extract_resource_arn
    context_of = iam_actions.request_tag_context

    def extract_resource_arn(service, method, path, headers, body, params, region, account):
        arn = resource_of(service, method, path, headers, body, params, region, account)
        if service == "rds" and arn == "*":
            action, source = (value[0] if isinstance(value, list) else value
                              for value in (params.get("Action", ""), params.get("SourceArn", "*")))
            if action == "StartExportTask":
                return source
            kind = RDS_LISTS.get(action)
            if kind:
                return f"arn:aws:rds:{region}:{account}:{kind}:*"
        if service == "events":
            return events_resource(headers.get("x-amz-target", "").rsplit(".", 1)[-1], body, region, account) or arn
        if service == "kms" and ":alias/" in arn:
            return (kms._resolve_key(arn) or {}).get("Arn", arn)
        return arn

    def request_tag_context(service, iam_action, body, params):
        context = context_of(service, iam_action, body, params)
        if iam_action == "cloudwatch:PutMetricData" and body[:1] == b"{":
            return {**context, "cloudwatch:namespace": json.loads(body).get("Namespace", "")}
        return context

    iam_actions.extract_resource_arn = extract_resource_arn
    iam_actions.request_tag_context = request_tag_context


def pass_roles_as_aws_does():
    """RDS takes an export's role only from whom `iam:PassRole` lets pass it. MiniStack asks nobody."""
    handle = rds.handle_request

    async def handle_request(method, path, headers, body, query_params):
        form = parse_qs(body.decode())
        if form.get("Action") == ["StartExportTask"] and "IamRoleArn" in form:
            role, to_exports = form["IamRoleArn"][0], {"iam:PassedToService": "export.rds.amazonaws.com"}
            key = extract_access_key_id(headers, query_params)
            denied = iam_evaluator.enforce(key, "iam:PassRole", "iam", get_region(), role, to_exports)
            if denied:
                request_id, caller = str(uuid.uuid4()), iam_evaluator.caller_arn()
                return iam_actions.access_denied_response("rds", "iam:PassRole", caller, request_id, resource_arn=role)
        return await handle(method, path, headers, body, query_params)

    rds.handle_request = handle_request


def create_and_delete_as_cloudformation_does():
    """Adds what MiniStack's CloudFormation leaves out: a global table's settings that stand with its replica, and its time to
    live; where a bucket's access logs go; alarms on metric math; the refusal to delete a protected table, and a bucket that is not empty."""
    handlers = provisioners._RESOURCE_HANDLERS
    create_table = handlers["AWS::DynamoDB::GlobalTable"]["create"]

    def create_global_table(logical_id, props, stack_name):
        created = create_table(logical_id, props, stack_name)
        name, replica = created[0], props["Replicas"][0]
        table = dynamodb._tables[name]
        table["DeletionProtectionEnabled"] = replica.get("DeletionProtectionEnabled", False)
        sse = {**props.get("SSESpecification", {}), **replica.get("SSESpecification", {})}
        table["SSEDescription"] = dynamodb._sse_description_from_spec(
            {"Enabled": sse.get("SSEEnabled"), "SSEType": sse.get("SSEType"), "KMSMasterKeyId": sse.get("KMSMasterKeyId")}
        )
        recovery = replica.get("PointInTimeRecoverySpecification", {})
        dynamodb._update_continuous_backups({"TableName": name, "PointInTimeRecoverySpecification": recovery})
        if "TimeToLiveSpecification" in props:
            dynamodb._update_ttl({"TableName": name, "TimeToLiveSpecification": props["TimeToLiveSpecification"]})
        return created

    create_bucket = handlers["AWS::S3::Bucket"]["create"]

    def create_logged_bucket(logical_id, props, stack_name):
        created = create_bucket(logical_id, props, stack_name)
        logging_to = props.get("LoggingConfiguration", {})
        if "DestinationBucketName" in logging_to:
            target = f"<TargetBucket>{logging_to['DestinationBucketName']}</TargetBucket>"
            prefix = f"<TargetPrefix>{logging_to.get('LogFilePrefix', '')}</TargetPrefix>"
            status = f'<BucketLoggingStatus xmlns="{s3.S3_NS}"><LoggingEnabled>{target}{prefix}</LoggingEnabled></BucketLoggingStatus>'
            s3._put_bucket_logging(created[0], status.encode())
        return created

    alarm_record = provisioners._cw_metric_alarm_record

    def alarm_of_first_metric(name, props):
        """MiniStack has no metric math: an alarm on it watches the first metric that it is computed from."""
        stats = [query["MetricStat"] for query in props.get("Metrics") or () if "MetricStat" in query]
        if not stats:
            return alarm_record(name, props)
        first = {**stats[0]["Metric"], "Period": stats[0]["Period"], "Statistic": stats[0]["Stat"]}
        return alarm_record(name, {**{key: value for key, value in props.items() if key != "Metrics"}, **first})

    provisioners._cw_metric_alarm_record = alarm_of_first_metric

    def refuse(refusal_of, delete):
        def delete_unless_refused(physical_id, props):
            refusal = refusal_of(physical_id)
            if refusal:
                raise ValueError(refusal)
            delete(physical_id, props)

        return delete_unless_refused

    def protected(name):
        if dynamodb._tables.get(name, {}).get("DeletionProtectionEnabled"):
            return "Table is protected against deletion. To delete the table, disable deletion protection."

    def filled(name):
        if s3._buckets.get(name, {}).get("objects") or s3._bucket_has_versions(name):
            return "The bucket you tried to delete is not empty"

    handlers["AWS::DynamoDB::GlobalTable"]["create"] = create_global_table
    handlers["AWS::S3::Bucket"]["create"] = create_logged_bucket
    for kind, refusal_of in (
        ("AWS::DynamoDB::GlobalTable", protected),
        ("AWS::DynamoDB::Table", protected),
        ("AWS::S3::Bucket", filled),
    ):
        handlers[kind]["delete"] = refuse(refusal_of, handlers[kind]["delete"])


def open_trail(path):
    """Returns what takes a decision about a role: principal, action, resource, and the refusal or None."""
    trail = open(path, "a", encoding="utf-8", buffering=1)

    def write(principal, action, resource, refused):
        line = {"time": time.time(), "principal": principal, "action": action, "resource": resource}
        trail.write(json.dumps({**line, "refused": refused} if refused else line) + "\n")

    return write


def write_iam_trail(write):
    """One line for each decision about a role's calls, refusals included (MiniStack's CloudTrail records no refused call)."""
    seen = threading.local()
    resolve = iam_evaluator.resolve_principal
    enforce = iam_evaluator.enforce

    def remember(*arguments):
        seen.principal = resolve(*arguments)
        return seen.principal

    def decide(access_key_id, iam_action, service, region, resource_arn="*", service_context=None):
        seen.principal = None
        refusal = enforce(access_key_id, iam_action, service, region, resource_arn, service_context)
        arn = getattr(seen.principal, "arn", "")
        if ":assumed-role/" in arn:
            refused = refusal and (getattr(refusal, "decision", None) or getattr(refusal, "code", "refused"))
            write(arn, iam_action, resource_arn, refused)
        return refusal

    iam_evaluator.resolve_principal = remember
    iam_evaluator.enforce = decide


def keep_outbox(path):
    """One line for each e-mail and SMS that SNS would send: MiniStack delivers neither. Confirmed or not: nobody can click."""
    outbox = open(path, "a", encoding="utf-8", buffering=1)
    fanout = sns._fanout

    def deliver(topic_arn, msg_id, message, subject, message_structure="", message_attributes=None, *rest, **named):
        topic = sns._topic_by_arn_any_scope(topic_arn)
        for subscription in topic["subscriptions"] if topic else ():
            protocol = subscription.get("protocol")
            if protocol not in ("email", "sms"):
                continue
            text = sns._resolve_message_for_protocol(message, message_structure, protocol)
            if sns._matches_filter_policy(subscription, message_attributes or {}, text):
                line = {"protocol": protocol, "to": subscription.get("endpoint"), "subject": subject, "text": text}
                outbox.write(json.dumps({**line, "time": time.time()}) + "\n")
        return fanout(topic_arn, msg_id, message, subject, message_structure, message_attributes, *rest, **named)

    sns._fanout = deliver


ending = threading.Lock()


def end(*_signal):
    """Takes the functions' processes along (they are of this process's group) and leaves no folder behind."""
    if not ending.acquire(blocking=False):
        return
    if os.getpgrp() == os.getpid():
        os.killpg(0, signal.SIGTERM)
    shutil.rmtree(os.environ["RUN_FOLDER"], ignore_errors=True)
    os._exit(0)


def end_with_parent():
    while os.read(0, 1024):
        pass
    end()


def main():
    signal.signal(signal.SIGTERM, end)
    threading.Thread(target=end_with_parent, daemon=True).start()
    forward_to(os.environ["RDS_SIMULATOR_URL"])
    authorize_as_aws_does()
    show_callers_as_aws_does(json.loads(os.environ.get("ORGANIZATION", "null")))
    ask_bucket_policies_about_callers()
    create_and_delete_as_cloudformation_does()
    keep_bus_policies()
    trail = open_trail(os.environ["IAM_TRAIL"])
    write_iam_trail(trail)
    pass_roles_as_aws_does()
    let_events_cross(trail)
    keep_outbox(os.environ["OUTBOX"])
    config = Config()
    config.bind = [f"{os.environ['BIND_HOST']}:{os.environ['GATEWAY_PORT']}"]
    config.keep_alive_timeout = 75
    config.loglevel = os.environ.get("LOG_LEVEL", "INFO")
    config.certfile = os.environ["MINISTACK_SSL_CERT"]
    config.keyfile = os.environ["MINISTACK_SSL_KEY"]
    # With a trigger of its own, hypercorn leaves the signals alone.
    asyncio.run(serve(app, config, shutdown_trigger=asyncio.Future))


if __name__ == "__main__":
    main()
