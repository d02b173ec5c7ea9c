/**
 * Keeps one connection of its own for `listen`, made when the first channel is asked for, and makes it anew when it breaks.
 * Notices that were sent while it was away are lost in PostgreSQL, so every listener is then called once with the empty payload.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import type { ClientConfig } from 'pg';
import { Refusal } from '../refusal.ts';
import { failureOf } from './failures.ts';

type OnNotice = (payload: string) => void;

export interface Listener {
  listen(channel: string, onNotice: OnNotice): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

export function openListener(settings: ClientConfig): Listener {
  const channels = new Map<string, Set<OnNotice>>();
  const stopping = new AbortController();
  let client: Client | undefined;
  let connecting: Promise<Client> | undefined;

  const open = async (): Promise<Client> => {
    // A listening connection is idle by nature, so it has no time limits of its own.
    const fresh = new Client({ ...settings, statement_timeout: 0, idle_in_transaction_session_timeout: 0 });
    fresh.on('error', () => undefined); // 'end' always follows, and is answered below
    fresh.on('end', () => {
      if (client === fresh) {
        client = undefined;
        void reopen();
      }
    });
    fresh.on('notification', (notice) => {
      for (const onNotice of channels.get(notice.channel) ?? []) onNotice(notice.payload ?? '');
    });
    try {
      await fresh.connect();
      for (const channel of channels.keys()) await fresh.query(`listen ${quoted(channel)}`);
    } catch (error) {
      await fresh.end().catch(() => undefined); // it never became usable; the first error is the one to report
      throw failureOf(error);
    }
    client = fresh;
    return fresh;
  };

  const opened = (): Promise<Client> => {
    if (client) return Promise.resolve(client);
    connecting ??= open().finally(() => {
      connecting = undefined;
    });
    return connecting;
  };

  /** Tries until it succeeds or the database is closed: after 100 ms, then ever more slowly, at most every 5 s. */
  const reopen = async (): Promise<void> => {
    for (let waitMs = 100; !stopping.signal.aborted && channels.size > 0; waitMs = Math.min(2 * waitMs, 5_000)) {
      try {
        await opened();
        for (const listeners of channels.values()) for (const onNotice of listeners) onNotice('');
        return;
      } catch {
        // The server is still away; the next round tries again.
        await sleep(waitMs, undefined, { ref: false });
      }
    }
  };

  return {
    async listen(channel, onNotice) {
      if (stopping.signal.aborted)
        throw new Refusal('database.closed', 'The connection to the database has been closed.');
      const known = channels.get(channel);
      const listeners = known ?? new Set<OnNotice>();
      // Each call is a subscription of its own, even of the same function.
      const subscriber: OnNotice = (payload) => onNotice(payload);
      listeners.add(subscriber);
      channels.set(channel, listeners);
      const stop = async () => {
        listeners.delete(subscriber);
        if (listeners.size === 0 && channels.get(channel) === listeners) {
          channels.delete(channel);
          await client?.query(`unlisten ${quoted(channel)}`).catch(() => undefined); // a broken connection listens no more anyway
        }
      };
      try {
        const ready = await opened();
        await ready.query(`listen ${quoted(channel)}`);
      } catch (error) {
        await stop();
        throw failureOf(error);
      }
      return stop;
    },
    async close() {
      stopping.abort();
      channels.clear();
      await connecting?.catch(() => undefined); // it is closed below if it succeeds
      const last = client;
      client = undefined;
      await last?.end();
    },
  };
}

/** A channel is the one identifier that PostgreSQL takes no parameter for, so only plain lower-case names are let through. */
function quoted(channel: string): string {
  if (!/^[a-z][a-z0-9_]{0,62}$/.test(channel)) {
    throw new RangeError('A channel is named by lower-case letters, digits and underscores.');
  }
  return `"${channel}"`;
}
