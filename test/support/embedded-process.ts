/**
 * A process of its own that uses the embedded server in a directory, for tests of what happens between processes: prints one line of JSON
 * when it is ready, leaves in good order when its input ends, and can be killed.
 */
import { startEmbedded } from '../../src/database/embedded.ts';
import { systemWorld } from '../../src/database/world.ts';

const embedded = await startEmbedded({ directory: process.argv[2] ?? '', world: systemWorld });
process.stdout.write(`${JSON.stringify({ url: embedded.url, pid: embedded.pid() })}\n`);
for await (const _ of process.stdin);
await embedded.stop();
