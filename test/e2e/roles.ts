import { GetRolePolicyCommand, IAMClient, ListRolePoliciesCommand, paginateListRoles } from '@aws-sdk/client-iam';
import type { ClientConfig } from '../../local/aws/local-aws.ts';

interface Allowed {
  readonly role: string;
  readonly action: string;
}

/** Every action that a role of the stack or spoke allows that is deployed in an account. */
export async function allowedActions({ client }: { readonly client: ClientConfig }): Promise<Allowed[]> {
  const iam = new IAMClient(client);
  const allowed: Allowed[] = [];
  for await (const { Roles = [] } of paginateListRoles({ client: iam }, {})) {
    for (const { RoleName = '' } of Roles.filter((role) => role.RoleName?.startsWith('RdsBackupLedger-'))) {
      const { PolicyNames = [] } = await iam.send(new ListRolePoliciesCommand({ RoleName }));
      for (const PolicyName of PolicyNames) {
        const { PolicyDocument = '' } = await iam.send(new GetRolePolicyCommand({ RoleName, PolicyName }));
        const { Statement } = JSON.parse(decodeURIComponent(PolicyDocument)) as {
          Statement: { Effect: string; Action: string | string[] }[];
        };
        const actions = Statement.filter(({ Effect }) => Effect === 'Allow').flatMap(({ Action }) => Action);
        allowed.push(...[...new Set(actions)].map((action) => ({ role: RoleName, action })));
      }
    }
  }
  return allowed;
}

/** The capability that a role belongs to, from the name CloudFormation gave it. */
export function partOf(role: string): string {
  return role
    .replace(/^RdsBackupLedger-/, '')
    .replace(/-[0-9A-F]+$/, '')
    .replace(/[0-9A-F]{8}$/, '');
}

/** Actions that the local AWS takes in a role's name, or not at all, without asking IAM; each with why it is allowed. */
const unseen: readonly { readonly role?: RegExp; readonly action: RegExp; readonly reason: string }[] = [
  {
    action: /^kms:/,
    reason: 'AWS asks for rights on customer keys, the local AWS does not; test/infra/rights.test.ts holds them',
  },
  { action: /^logs:/, reason: 'Lambda writes logs in the role’s name' },
  {
    action: /^sqs:(ReceiveMessage|DeleteMessage|GetQueueAttributes)$/,
    reason: 'Lambda polls the queue in the role’s name',
  },
  {
    action: /^dynamodb:(DescribeStream|GetRecords|GetShardIterator|ListStreams)$/,
    reason: 'Lambda reads the stream in the role’s name',
  },
  { action: /^sqs:SendMessage$/, reason: 'Lambda and Scheduler send failures in the role’s name' },
  { role: /SchedulerRole/, action: /^lambda:InvokeFunction$/, reason: 'Scheduler invokes in the role’s name' },
  {
    action: /^s3:(AbortMultipartUpload|ListBucketMultipartUploads|ListMultipartUploadParts)$/,
    reason: 'only a dump above 5 GB that fails half-way is aborted or taken up; test/shared/copies/objects.test.ts',
  },
  {
    role: /ExportRole|-export-/,
    action: /^s3:/,
    reason: 'RDS lists, reads and deletes in the role’s name; the simulator only writes',
  },
];

/** Why an allowed action cannot be seen to be used here; undefined where it can. */
export function unseenReason(role: string, action: string): string | undefined {
  return unseen.find((entry) => entry.action.test(action) && (entry.role?.test(role) ?? true))?.reason;
}
