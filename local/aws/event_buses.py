"""Event buses of several accounts and Regions. MiniStack drops what a rule sends to another account or Region, has no policies
for buses in CloudFormation, and asks neither those that it has nor those of a rule's targets."""

import json
import logging
import time

from ministack.core import iam_evaluator
from ministack.core.arn import ArnParseError, parse_arn
from ministack.core.iam_evaluator import EvalContext
from ministack.core.responses import (
    error_response_json,
    get_account_id,
    get_region,
    json_response,
    new_uuid,
    request_scope,
)
from ministack.services import eventbridge, iam, sqs
from ministack.services.cloudformation import provisioners

logger = logging.getLogger("events")

SERVICE = "events.amazonaws.com"
SENDING = {
    "events": "events:PutEvents",
    "lambda": "lambda:InvokeFunction",
    "sns": "sns:Publish",
    "sqs": "sqs:SendMessage",
}
# Marks an event that came to its bus from another one. MiniStack shows nobody an event's fields of this kind.
FORWARDED = "_Forwarded"


def speak_for_aws(data):
    """Whether all events are of RDS and AWS Backup. AWS refuses PutEvents with a source of its own; here somebody has to speak
    for the two."""
    sources = {str(entry.get("Source", "")) for entry in data.get("Entries", [])}
    aws_sources = {source for source in sources if source.startswith("aws.")}
    return aws_sources != set() and aws_sources <= {"aws.rds", "aws.backup"}


def let_events_cross(write_trail):
    """Rules reach targets whose policies let EventBridge, in other accounts too, and buses in other Regions, on AWS's terms. PutEvents
    takes events of RDS and AWS Backup, and the ARN of another account's bus whose policy allows it. `write_trail` takes a decision
    about a role: principal, action, resource, and the refusal or None.
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-region.html
    """
    invoke_here = eventbridge._invoke_target
    put_here = eventbridge._put_events

    def invoke_target(target, event, rule, view=None):
        spec = spec_of(target)
        if spec is None or spec.service not in SENDING:
            return invoke_here(target, event, rule, view)
        is_here = (spec.account_id, spec.region) == (get_account_id(), get_region())
        is_bus = bus_name(spec) is not None
        if is_bus and FORWARDED in event:
            refusal = "it came from another bus, and goes to no third"
        elif not is_here:
            refusal = refusal_of_crossing(target, spec, event, rule, write_trail)
        else:
            refusal = None if is_bus or target.get("RoleArn") else refusal_of_target(spec, rule)
        if refusal:
            logger.warning("EventBridge -> %s refused: %s", spec, refusal)
            return keep_dead_letter(target, event, rule)
        if is_here:
            return invoke_here(target, {**event, FORWARDED: True} if is_bus else event, rule, view)
        with request_scope(spec.account_id, spec.region):
            if is_bus:
                put_on_bus(bus_name(spec), event)
            else:
                invoke_here(target, event, rule, view)

    def put_events(data, allow_aws_source=False):
        allow_aws_source = allow_aws_source or speak_for_aws(data)
        entries = data.get("Entries", [])
        buses = {entry.get("EventBusName", "default") for entry in entries}
        spec = spec_of({"Arn": buses.pop()}) if len(buses) == 1 else None
        if spec is None or spec.account_id == get_account_id() or spec.region != get_region():
            return put_here(data, allow_aws_source)
        refusal = next(filter(None, (refusal_of_bus(spec, entry) for entry in entries)), None)
        if refusal:
            return error_response_json("AccessDeniedException", refusal, 400)
        answers = []
        for entry in entries:
            if str(entry.get("Source", "")).startswith("aws.") and not allow_aws_source:
                answers.append(
                    {"ErrorCode": "NotAuthorizedForSourceException", "ErrorMessage": "Not authorized for the source."}
                )
                continue
            event = event_of(entry)
            with request_scope(spec.account_id, spec.region):
                put_on_bus(bus_name(spec), event)
            answers.append({"EventId": event["EventId"]})
        failed = sum("ErrorCode" in answer for answer in answers)
        return json_response({"FailedEntryCount": failed, "Entries": answers})

    eventbridge._invoke_target = invoke_target
    eventbridge._put_events = put_events


def spec_of(target):
    try:
        return parse_arn(target.get("Arn", ""))
    except ArnParseError:
        return None


def bus_name(spec):
    """The name of the bus that an ARN is of, or None."""
    kind, _, name = spec.resource.partition("/")
    return name if spec.service == "events" and kind == "event-bus" else None


def event_of(entry):
    """An event from an entry of PutEvents: its account and Region are the sender's, wherever it goes."""
    return {
        "EventId": new_uuid(),
        "Source": entry.get("Source", ""),
        "DetailType": entry.get("DetailType", ""),
        "Detail": entry.get("Detail", "{}"),
        "Time": int(time.time()),
        "Resources": entry.get("Resources", []),
        "Account": get_account_id(),
        "Region": get_region(),
    }


def put_on_bus(name, event):
    """Gives an event from elsewhere to a bus of this account and Region; it keeps its own account and Region."""
    arrived = {**event, "EventBusName": name, "_DispatchPath": [], FORWARDED: True}
    eventbridge._dispatch_event(arrived)
    eventbridge._archive_event({key: value for key, value in arrived.items() if not key.startswith("_")})


# --- Refusals ---


def from_rule(rule):
    return {"aws:sourcearn": rule.get("Arn", ""), "aws:sourceaccount": get_account_id()}


def refusal_of_target(spec, rule):
    """Why the own policy of a queue, function or topic does not let EventBridge deliver; None if it does."""
    action = SENDING[spec.service]
    context = EvalContext(
        SERVICE, "Service", get_account_id(), action, str(spec), spec.region, service_context=from_rule(rule)
    )
    if iam_evaluator.evaluate_resource_policy(policy_of(spec)[0], context, SERVICE).decision == "Allow":
        return None
    return f"its policy does not let EventBridge {action}"


def refusal_of_crossing(target, spec, event, rule, write_trail):
    """Why a rule's target in another account or Region does not get an event; None if it does."""
    role, account = target.get("RoleArn", ""), get_account_id()
    if not role:
        return "the target has no role"
    if role.split(":")[4] != account:
        return "the target's role is of another account"
    if spec.region != get_region() and bus_name(spec) is None:
        return "in another Region only event buses can be reached"
    name = role.rsplit("/", 1)[-1]
    record = iam._roles.get_scoped(account, None, name)
    if record is None:
        return f"the role {role} does not exist"
    assuming = EvalContext(SERVICE, "Service", account, "sts:AssumeRole", role, get_region(), service_context=from_rule(rule))
    trust = iam_evaluator.evaluate_resource_policy(record["AssumeRolePolicyDocument"], assuming, SERVICE)
    if trust.decision != "Allow":
        return f"EventBridge may not assume {role}"
    principal = f"arn:aws:sts::{account}:assumed-role/{name}/{rule.get('Name', 'rule')}"
    context = sending(principal, "AssumedRole", spec, event.get("Source"), event.get("DetailType"))
    limits = iam_evaluator._permissions_boundary(iam._roles, name, account)
    decided = iam_evaluator.evaluate(context, iam_evaluator._gather_role_policies(name, account), *limits)
    decided = iam_evaluator.combine_resource_policy(decided, context, *policy_of(spec), limits=limits)
    refused = None if decided.decision == "Allow" else decided.decision
    write_trail(principal, context.action, str(spec), refused)
    if refused:
        return f"{role} may not {context.action}: {refused}"
    if bus_name(spec) is not None and not bus_exists(spec):
        return "the bus does not exist"
    return None


def refusal_of_bus(spec, entry):
    """Why another account's bus does not take an event of the caller, as AWS words it; None if it does."""
    caller = iam_evaluator.caller_arn()
    kind = "AssumedRole" if ":assumed-role/" in caller else "Root" if caller.endswith(":root") else "User"
    context = sending(caller, kind, spec, entry.get("Source"), entry.get("DetailType"))
    if bus_exists(spec) and iam_evaluator.evaluate_resource_policy(policy_of(spec)[0], context).decision == "Allow":
        return None
    return (
        f"User: {caller} is not authorized to perform: events:PutEvents on resource: {spec} "
        "because no resource-based policy allows the events:PutEvents action"
    )


def sending(principal, kind, spec, source, detail_type):
    """What policies are asked about an event on its way."""
    keys = {"events:source": source, "events:detail-type": detail_type}
    account = get_account_id()
    return EvalContext(principal, kind, account, SENDING[spec.service], str(spec), spec.region, service_context=keys)


def policy_of(spec):
    """The policy of a rule's target, and the account that owns it."""
    if bus_name(spec) is not None:
        policy = eventbridge._event_bus_policies.get_scoped(spec.account_id, spec.region, bus_name(spec))
        return policy, spec.account_id
    with request_scope(spec.account_id, spec.region):
        return iam_evaluator._resource_policy(spec.service, str(spec)) or (None, spec.account_id)


def bus_exists(spec):
    name = bus_name(spec)
    return name == "default" or eventbridge._event_buses.contains_scoped(spec.account_id, spec.region, name)


def keep_dead_letter(target, event, rule):
    """What could not be delivered goes to the target's dead-letter queue, if that queue's policy lets EventBridge."""
    spec = spec_of({"Arn": target.get("DeadLetterConfig", {}).get("Arn", "")})
    if spec is None or not sqs.queue_policy_allows(str(spec), SERVICE, rule.get("Arn", ""), get_account_id()):
        return
    letter = eventbridge._pattern_event_view(event).event_with_detail()
    eventbridge._dispatch_to_sqs(spec, json.dumps(letter))


# --- Policies of buses ---


def keep_bus_policies():
    """PutPermission with a whole policy, and AWS::Events::EventBusPolicy.
    https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutPermission.html
    """

    def put_permission(data):
        name = data.get("EventBusName", "default")
        if name not in eventbridge._event_buses:
            return error_response_json("ResourceNotFoundException", f"Event bus {name} does not exist.", 400)
        if data.get("Policy"):
            eventbridge._event_bus_policies[name] = json.loads(data["Policy"])
        else:
            put_statement(name, data)
        return json_response({})

    def create(logical_id, props, stack_name):
        name = props.get("EventBusName", "default").rsplit("/", 1)[-1]
        eventbridge._ensure_default_bus()
        if name not in eventbridge._event_buses:
            raise ValueError(f"Event bus {name} does not exist.")
        put_statement(name, props)
        return f"{name}|{props['StatementId']}", {}

    def delete(physical_id, props):
        name, statement_id = physical_id.split("|", 1)
        eventbridge._remove_permission({"EventBusName": name, "StatementId": statement_id})

    def update(physical_id, old, new, stack_name):
        delete(physical_id, old)
        return create(physical_id, new, stack_name)

    eventbridge._put_permission = put_permission
    provisioners._RESOURCE_HANDLERS["AWS::Events::EventBusPolicy"] = {
        "create": create,
        "update": update,
        "delete": delete,
    }


def put_statement(name, given):
    """Puts a statement into a bus's policy, in place of one with its id: a whole one, or one from an account and a condition."""
    statement = given.get("Statement") or statement_of(name, given)
    if isinstance(statement, str):
        statement = json.loads(statement)
    statement = {**statement, "Sid": given.get("StatementId") or new_uuid()}
    policy = eventbridge._event_bus_policies.get(name) or {"Version": "2012-10-17", "Statement": []}
    others = [other for other in policy["Statement"] if other.get("Sid") != statement["Sid"]]
    eventbridge._event_bus_policies[name] = {**policy, "Statement": [*others, statement]}


def statement_of(name, given):
    principal, condition = given["Principal"], given.get("Condition")
    statement = {
        "Effect": "Allow",
        "Principal": principal if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
        "Action": given.get("Action", "events:PutEvents"),
        "Resource": f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{name}",
    }
    if condition:
        statement["Condition"] = {condition["Type"]: {condition["Key"]: condition["Value"]}}
    return statement
