import { expect, it } from 'vitest';
import { inProcessClient } from '../../../local/rds/in-process.ts';
import { RdsSimulator } from '../../../local/rds/simulator.ts';
import { ByEnvironment } from '../../../shared/domain/index.ts';
import { wholeInventory } from '../../../shared/rds/inventory.ts';
import { RdsReader } from '../../../shared/rds/rds-reader.ts';

/** A reader whose listings answer nothing before all of them have begun. */
class WaitingForAll extends RdsReader {
  readonly begun: string[] = [];
  #release = () => {};
  readonly #allBegun = new Promise<void>((resolve) => {
    this.#release = resolve;
  });

  async *#after<T>(name: string, pages: AsyncIterable<T>): AsyncIterable<T> {
    this.begun.push(name);
    if (this.begun.length === 5) this.#release();
    await this.#allBegun;
    yield* pages;
  }

  override instances() {
    return this.#after('instances', super.instances());
  }

  override clusters() {
    return this.#after('clusters', super.clusters());
  }

  override instanceSnapshots(type?: 'awsbackup') {
    return this.#after(`instance snapshots ${type ?? ''}`, super.instanceSnapshots(type));
  }

  override clusterSnapshots() {
    return this.#after('cluster snapshots', super.clusterSnapshots());
  }
}

it('no listing waits for another', async () => {
  const rds = new RdsSimulator({ now: new Date('2026-11-20T12:00:00Z') });
  rds.createInstance({ id: 'orders' });
  rds.createCluster({ id: 'billing' });
  const reader = new WaitingForAll(inProcessClient(rds));
  const readers = new ByEnvironment(() => reader);
  const inventory = await wholeInventory(readers, [{ account: rds.account, region: rds.region }], () => false);
  expect(inventory.problems).toEqual([]);
  expect([...inventory.databases].map(({ id }) => id).sort()).toEqual(['billing', 'orders']);
  expect(reader.begun).toHaveLength(5);
});
