/** The figures under `/metrics`. Labels come from the contract and the policy alone, so their number is bounded and nobody can write into them. */
import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from 'prom-client';
import type { Engine } from '../../deciding/engine.ts';
import type { Outcome } from '../../people/intake.ts';
import type { IntakeQueue } from './intake-queue.ts';

export class Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<'route' | 'method' | 'status'>;
  readonly #seconds: Histogram<'route'>;
  readonly #messages: Counter<'outcome'>;
  readonly #decisions: Counter<'placement' | 'personal'>;

  constructor(engine: Engine, queue: IntakeQueue) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: 'fairlead_http_requests_total',
      help: 'Requests by route, method and status.',
      labelNames: ['route', 'method', 'status'],
      registers,
    });
    this.#seconds = new Histogram({
      name: 'fairlead_http_request_seconds',
      help: 'How long requests took, by route.',
      labelNames: ['route'],
      buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5],
      registers,
    });
    this.#messages = new Counter({
      name: 'fairlead_intake_messages_total',
      help: 'Messages by what became of them.',
      labelNames: ['outcome'],
      registers,
    });
    this.#decisions = new Counter({
      name: 'fairlead_decisions_total',
      help: 'Decisions by placement, and whether they were personal.',
      labelNames: ['placement', 'personal'],
      registers,
    });
    const waiting: Gauge = new Gauge({
      name: 'fairlead_intake_waiting',
      help: 'Messages that wait for their transaction.',
      registers,
      collect: () => waiting.set(queue.waiting),
    });
    const dropped: Gauge = new Gauge({
      name: 'fairlead_nonpersonal_unrecorded_total',
      help: 'Non-personal answers that left unrecorded.',
      registers,
      collect: () => dropped.set(engine.nonpersonal.dropped),
    });
    const causes: Gauge<'cause'> = new Gauge({
      name: 'fairlead_nonpersonal_total',
      help: 'Non-personal answers by cause.',
      labelNames: ['cause'],
      registers,
      collect: () => {
        for (const [cause, count] of engine.nonpersonal.counts) causes.set({ cause }, count);
      },
    });
  }

  countRequest(request: { route: string; method: string; status: number; seconds: number }): void {
    this.#requests.inc({ route: request.route, method: request.method, status: request.status });
    this.#seconds.observe({ route: request.route }, request.seconds);
  }

  countOutcomes(outcomes: readonly Outcome[]): void {
    const counts = new Map<Outcome, number>();
    for (const outcome of outcomes) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
    for (const [outcome, count] of counts) this.#messages.inc({ outcome }, count);
  }

  countDecision(placement: string, personal: boolean): void {
    this.#decisions.inc({ placement, personal: String(personal) });
  }

  async text(): Promise<string> {
    return this.#registry.metrics();
  }
}
