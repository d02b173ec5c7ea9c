import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBuckets, addressGroup } from './rate-limits.ts';

describe('token buckets', () => {
  test('over any time and any spacing, no more pass than the burst and the rate allow', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 2_000 }), { minLength: 1, maxLength: 200 }),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 50 }),
        (gaps, perSecond, burst) => {
          const buckets = new TokenBuckets({ perSecond, burst });
          let now = 1_000_000;
          let passed = 0;
          for (const gap of gaps) {
            now += gap;
            if (buckets.take('one', now) === 0) passed += 1;
          }
          expect(passed).toBeLessThanOrEqual(burst + ((now - 1_000_000) / 1_000) * perSecond + 1);
          expect(passed).toBeGreaterThanOrEqual(Math.min(gaps.length, burst));
        },
      ),
    );
  });

  test('whoever waits as long as they are told, passes', () => {
    const buckets = new TokenBuckets({ perSecond: 0.2, burst: 1 });
    expect(buckets.take('one', 0)).toBe(0);
    const seconds = buckets.take('one', 0);
    expect(seconds).toBe(5);
    expect(buckets.take('one', seconds * 1_000)).toBe(0);
  });

  test('a clock that is set back gives nothing and takes nothing', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 2 });
    expect(buckets.take('one', 10_000)).toBe(0);
    expect(buckets.take('one', 0)).toBe(0);
    expect(buckets.take('one', 0)).toBe(1);
  });

  test('however many there are, memory is bounded, and who comes often stays', () => {
    const buckets = new TokenBuckets({ perSecond: 1, burst: 2 });
    for (let name = 0; name < 100_000; name += 1) {
      buckets.take(`stranger ${name}`, 0);
      buckets.take('regular', 0);
    }
    expect(buckets.size).toBeLessThanOrEqual(20_000);
    expect(buckets.take('regular', 0)).toBeGreaterThan(0);
  });
});

test.each([
  ['203.0.113.9', '203.0.113.9'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['::1', '0:0:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::', '2001:db8:1:2::/64'],
  ['2001:db8::7', '2001:db8:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['', ''],
])('the address %s counts as %s', (address, group) => {
  expect(addressGroup(address)).toBe(group);
});
