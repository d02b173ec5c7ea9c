/**
 * A process that imports a file of orders until it is done or killed, for tests of what a kill leaves behind. Its argument is JSON: the database's URL,
 * the policy, the mapping, the basis and the file. Its keys are those of `testKeys`.
 */
import { connect } from '../../src/database/connect.ts';
import { systemWorld } from '../../src/database/world.ts';
import { closeEngine, openEngine } from '../../src/deciding/engine.ts';
import { type StatedBasis, importEvents } from '../../src/people/import/import-events.ts';
import type { Mapping } from '../../src/people/import/mapping.ts';
import { openRowSource } from '../../src/people/import/open-row-source.ts';
import { Rejects } from '../../src/people/import/rejects.ts';
import type { Policy } from '../../src/policy/policy.ts';
import { keysOf } from '../../src/vault/keys.ts';

export interface ImportProcessOptions {
  url: string;
  policy: Policy;
  mapping: Mapping;
  basis: StatedBasis;
  file: string;
}

const { url, policy, mapping, basis, file } = JSON.parse(process.argv[2] ?? '') as ImportProcessOptions; // written by the test
const database = await connect(url, systemWorld);
const keys = keysOf(Buffer.alloc(32, 7), new Map([[1, Buffer.alloc(32, 9)]]));
const engine = await openEngine({ database, keys, policy, adoptedBy: 'tests' });
const rejects = await Rejects.open(file, undefined);
await importEvents(engine, {
  source: await openRowSource(file),
  mapping,
  rejects,
  counts: engine.counts,
  basis,
  itemsFromRows: true,
});
await rejects.close();
await closeEngine(engine);
await database.close();
