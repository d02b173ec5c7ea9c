/**
 * A process of its own that sends requests over loopback, so that what it costs is not the server's: kept-alive connections, one request under way on
 * each, requests written by hand. Started by benchmarks with its task as one JSON argument; prints what it saw as one line of JSON.
 */
import { connect } from 'node:net';

export interface LoadTask {
  readonly host: string;
  readonly port: number;
  readonly path: string;
  readonly key: string;
  readonly connections: number;
  readonly seconds: number;
  /** Requests a second, sent at their time whether or not those before have been answered; as fast as answers come when left out. */
  readonly perSecond?: number;
  readonly kind:
    | { readonly name: 'batches'; readonly size: number; readonly people: number; readonly items: number }
    | { readonly name: 'decisions'; readonly people: number; readonly placement: string };
}

export interface LoadResult {
  readonly requests: number;
  readonly refused: number;
  readonly seconds: number;
  /** Milliseconds at these shares of the answers. */
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

if (process.argv[1] === import.meta.filename) {
  const task = JSON.parse(process.argv[2] ?? '') as LoadTask; // written by the benchmark that started this
  process.stdout.write(`${JSON.stringify(await generate(task))}\n`);
}

async function generate(task: LoadTask): Promise<LoadResult> {
  const bodies = bodiesOf(task.kind);
  // Callers keep their connections, so that opening them is not what is measured.
  const lines = await Promise.all(Array.from({ length: task.connections }, async () => openLine(task)));
  const latencies: number[] = [];
  const startedAt = performance.now();
  const endsAt = startedAt + task.seconds * 1_000;
  let refused = 0;
  let sent = 0;
  /** When the next request is due; its latency counts from then, so that a stall is not hidden by what it kept from being sent. */
  const dueAt = (): number =>
    task.perSecond === undefined ? performance.now() : startedAt + (sent++ * 1_000) / task.perSecond;
  const worker = async (line: Line): Promise<void> => {
    for (;;) {
      const due = dueAt();
      if (Math.max(due, performance.now()) >= endsAt) break;
      const wait = due - performance.now();
      if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
      const status = await line.ask(bodies());
      latencies.push(performance.now() - due);
      if (status !== 200) refused += 1;
    }
    line.close();
  };
  await Promise.all(lines.map(worker));
  const seconds = (performance.now() - startedAt) / 1_000;
  latencies.sort((a, b) => a - b);
  const share = (part: number): number =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * part))] ?? 0;
  return { requests: latencies.length, refused, seconds, p50: share(0.5), p99: share(0.99), max: share(1) };
}

/** One connection. `ask` resolves with the status once the whole answer has come. */
interface Line {
  ask(body: string): Promise<number>;
  close(): void;
}

async function openLine(task: LoadTask): Promise<Line> {
  const socket = connect({ host: task.host, port: task.port, noDelay: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  let answered: ((status: number) => void) | undefined;
  let failed: ((error: Error) => void) | undefined;
  let text = '';
  socket.setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    text += chunk;
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = Number(/content-length: (\d+)/i.exec(text.slice(0, end))?.[1] ?? 0);
    if (text.length < end + 4 + length) return;
    const status = Number(text.slice(9, 12));
    text = text.slice(end + 4 + length);
    answered?.(status);
  });
  socket.on('error', (error) => failed?.(error));
  const head = `POST ${task.path} HTTP/1.1\r\nhost: ${task.host}:${task.port}\r\nauthorization: Bearer ${task.key}\r\ncontent-type: application/json\r\ncontent-length: `;
  return {
    ask: (body) =>
      new Promise((resolve, reject) => {
        answered = resolve;
        failed = reject;
        // Bodies are ASCII, so that their length in characters is their length in bytes.
        socket.write(`${head}${body.length}\r\n\r\n${body}`, 'latin1');
      }),
    close: () => socket.destroy(),
  };
}

function bodiesOf(kind: LoadTask['kind']): () => string {
  const run = `${process.pid}-${Date.now()}`;
  let state = 1;
  const next = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  if (kind.name === 'decisions')
    return () => `{"person":{"userId":"user-${next(kind.people)}"},"placement":"${kind.placement}"}`;
  let message = 0;
  return () => {
    const now = new Date().toISOString();
    const context = '"context":{"library":{"name":"@segment/analytics-node","version":"3.0.0"}},"integrations":{}';
    const messages = Array.from(
      { length: kind.size },
      () =>
        `{"type":"track","event":"Product Viewed","userId":"user-${next(kind.people)}","properties":{"product_id":"item-${next(kind.items)}","price":12.5},"messageId":"node-next-${run}-${message++}","timestamp":"${now}","_metadata":{"nodeVersion":"24.0.0","jsRuntime":"node"},${context}}`,
    );
    return `{"batch":[${messages.join(',')}],"sentAt":"${now}"}`;
  };
}
