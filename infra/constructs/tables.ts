/** The tables of the topology. They are retained when the stack is deleted; precious ones have point-in-time recovery. */
import { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Construct } from 'constructs';
import { tables, timeToLiveAttribute } from '../topology.ts';

type TableName = keyof typeof tables;
export type Tables = Readonly<Record<TableName, Table>>;

export function createTables(parent: Construct): Tables {
  const scope = new Construct(parent, 'Tables');
  return {
    connections: createTable(scope, 'Connections', 'connections'),
    activity: createTable(scope, 'Activity', 'activity'),
  };
}

function createTable(scope: Construct, id: string, name: TableName): Table {
  const { indexes, precious } = tables[name];
  const table = new Table(scope, id, {
    partitionKey: { name: 'pk', type: AttributeType.STRING },
    sortKey: { name: 'sk', type: AttributeType.STRING },
    billingMode: BillingMode.PAY_PER_REQUEST,
    timeToLiveAttribute,
    // An AWS-owned key is enough: Hawser seals secrets before it stores them, and every function with access to the
    // table would need a grant on a customer key.
    encryption: TableEncryption.DEFAULT,
    pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: precious },
    deletionProtection: precious,
    removalPolicy: RemovalPolicy.RETAIN,
  });
  for (const index of indexes) {
    table.addGlobalSecondaryIndex({
      indexName: index.name,
      partitionKey: { name: index.partition, type: AttributeType.STRING },
      sortKey: { name: index.sort, type: AttributeType.STRING },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }
  return table;
}
