import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryPolicy } from '../../test/support/arbitrary-policy.ts';
import { eventsFor, fieldsFor, isAuditPurpose, purposesOfEvent, purposesOfField } from './views.ts';

describe('what a purpose may see', () => {
  it('is nothing for a purpose that does not exist', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.constantFrom('', 'nobody', 'constructor', '__proto__'), (policy, name) => {
        expect(fieldsFor(policy, name)).toEqual([]);
        expect(eventsFor(policy, name)).toEqual([]);
        expect(purposesOfEvent(policy, name)).toEqual([]);
        expect(purposesOfField(policy, name)).toEqual([]);
        expect(isAuditPurpose(policy, name)).toBe(false);
      }),
    );
  });

  it('is the same asked from the purpose and from the field or event', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        for (const purpose of Object.keys(policy.purposes)) {
          const fields = Object.keys(policy.people).filter((field) => purposesOfField(policy, field).includes(purpose));
          const events = Object.keys(policy.events).filter((event) => purposesOfEvent(policy, event).includes(purpose));
          expect(fieldsFor(policy, purpose)).toEqual(fields.sort());
          expect(eventsFor(policy, purpose)).toEqual(events.sort());
        }
      }),
    );
  });

  it('never holds a safeguard', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), (policy) => {
        for (const [field, { kind }] of Object.entries(policy.people)) {
          if (kind === 'safeguard') expect(purposesOfField(policy, field)).toEqual([]);
        }
      }),
    );
  });

  it('holds a sensitive attribute only for a purpose with explicit consent that nothing but audits uses', () => {
    fc.assert(
      fc.property(arbitraryPolicy(), fc.nat(3), (policy, use) => {
        const [audit = ''] = Object.keys(policy.purposes).filter((name) => isAuditPurpose(policy, name));
        expect(fieldsFor(policy, audit)).toContain('gender');
        const everyPurpose = { kind: 'sensitive', oneOf: ['a'], for: Object.keys(policy.purposes) } as const;
        const people = { ...policy.people, gender: everyPurpose };
        expect(purposesOfField({ ...policy, people }, 'gender')).toEqual([audit]);
        const inUse = [
          { ...policy, people, events: { ...policy.events, Seen: { for: [audit] } } },
          {
            ...policy,
            people,
            models: { ...policy.models, m: { kind: 'recommender', for: audit, from: [] } as const },
          },
          {
            ...policy,
            people,
            placements: {
              ...policy.placements,
              p: { channel: 'web', purposes: [audit], model: 'm', show: 1 } as const,
            },
          },
          { ...policy, people, segments: { s: { for: audit, where: {} } } },
        ][use];
        expect(inUse && purposesOfField(inUse, 'gender')).toEqual([]);
      }),
    );
  });
});
