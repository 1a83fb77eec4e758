"""Who a caller is to a policy. MiniStack knows one account: to conditions it shows sessions instead of roles, it leaves policy
variables as they are, and it asks the policy of another account's bucket about that account's root."""

import contextvars
import dataclasses
import re

from ministack.core import iam_evaluator
from ministack.services import iam, s3

VARIABLE = re.compile(r"\$\{\s*([^},]+?)\s*(?:,\s*'([^']*)'\s*)?\}")


def role_of(principal_arn):
    """The ARN of a session's role, with its path; any other principal as it is."""
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    account, name = principal_arn.split(":")[4], principal_arn.split("/")[1]
    role = iam._roles.get_scoped(account, None, name)
    return role["Arn"] if role else f"arn:aws:iam::{account}:role/{name}"


def show_callers_as_aws_does(organization):
    """`aws:PrincipalArn` is the role's ARN, `aws:PrincipalOrgID` that of the organization (its `id` and `accounts`, or None), the
    account of a bucket is its owner's, and policy variables have values.
    https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
    """
    resolve = iam_evaluator._resolve_condition_key
    first_match = iam_evaluator._first_match
    conditions_met = iam_evaluator._conditions_met

    def condition_key(key, ctx):
        name = key.lower()
        if name == "aws:principalarn":
            return role_of(ctx.principal_arn)
        if name == "aws:principalorgid" and organization:
            return organization["id"] if ctx.principal_account in organization["accounts"] else None
        if name in ("aws:resourceaccount", "s3:resourceaccount") and ctx.resource_arn.startswith("arn:aws:s3:::"):
            bucket = ctx.resource_arn.removeprefix("arn:aws:s3:::").split("/")[0]
            return s3._bucket_owner_account(bucket) or resolve(key, ctx)
        return resolve(key, ctx)

    def filled(node, ctx):
        """A part of a policy with its variables' values, or their defaults. A variable that has neither stays, and matches nothing."""
        if isinstance(node, dict):
            return {key: filled(value, ctx) for key, value in node.items()}
        if isinstance(node, list):
            return [filled(value, ctx) for value in node]
        if not isinstance(node, str) or "${" not in node:
            return node

        def value_of(variable):
            value = condition_key(variable[1], ctx)
            value = variable[2] if value is None else value
            return variable[0] if value is None else str(value)

        return VARIABLE.sub(value_of, node)

    def match(ctx, statements, effect):
        return first_match(
            ctx,
            [
                dataclasses.replace(
                    statement,
                    resources=filled(statement.resources, ctx),
                    not_resources=filled(statement.not_resources, ctx),
                )
                for statement in statements
            ],
            effect,
        )

    iam_evaluator._resolve_condition_key = condition_key
    iam_evaluator._first_match = match
    iam_evaluator._conditions_met = lambda conditions, ctx: conditions_met(filled(conditions, ctx), ctx)


def ask_bucket_policies_about_callers():
    """The policy of another account's bucket is asked about whoever calls: a role, by its ARN or its session's."""
    evaluate = iam_evaluator.evaluate_resource_policy
    foreign_bucket_allows = s3._foreign_bucket_allows
    is_asked = contextvars.ContextVar("is_asked", default=False)

    def evaluate_resource_policy(policy, ctx, *rest, **named):
        if is_asked.get():
            ctx = dataclasses.replace(ctx, principal_arn=iam_evaluator.caller_arn())
        return evaluate(policy, ctx, *rest, **named)

    def allows(owner, bucket, key, method, query_params, caller, headers=None):
        # An anonymous caller has no account, and stays anonymous.
        token = is_asked.set(bool(caller))
        try:
            return foreign_bucket_allows(owner, bucket, key, method, query_params, caller, headers)
        finally:
            is_asked.reset(token)

    iam_evaluator.evaluate_resource_policy = evaluate_resource_policy
    s3._foreign_bucket_allows = allows
