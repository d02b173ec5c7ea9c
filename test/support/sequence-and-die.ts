/** A process that takes one step of the transparency log and kills itself at a point of it. Arguments: database, directory, origin, seed, point. */
import { connect } from '../../src/database/connect.ts';
import { systemWorld } from '../../src/database/world.ts';
import { sequenceOnce } from '../../src/transparency/sequencer.ts';

const [url = '', directory = '', origin = '', seed = '', deadly = ''] = process.argv.slice(2);
const database = await connect(url, systemWorld);
await sequenceOnce(database, {
  keys: { origin, seed: Buffer.from(seed, 'hex') },
  directory,
  at: async (point) => {
    if (point !== deadly) return;
    process.kill(process.pid, 'SIGKILL');
    // The signal arrives at once, or as good as; nothing more may happen here.
    await new Promise<never>(() => undefined);
  },
});
