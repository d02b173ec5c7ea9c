import { expect, it } from 'vitest';
import { intakeReport } from './intake-report.ts';

it('says nothing where nothing came, and nothing is wrong where all is kept', () => {
  expect(intakeReport([])).toEqual({ came: 0, kept: 0, findings: [] });
  expect(
    intakeReport([
      { reason: 'stored', name: 'Product Viewed', count: 5 },
      { reason: 'duplicate', name: 'Product Viewed', count: 2 },
    ]),
  ).toEqual({ came: 7, kept: 7, findings: [] });
});

it('says in a sentence how much is lost for want of a purpose, and what to do', () => {
  const report = intakeReport([
    { reason: 'without basis', name: 'Product Viewed', count: 11_900 },
    { reason: 'stored', name: 'Product Viewed', count: 100 },
  ]);
  expect(report).toMatchObject({ came: 12_000, kept: 100 });
  expect(report.findings.map((finding) => finding.message)).toEqual([
    '11,900 of 12,000 events dropped: no standing purpose',
  ]);
  expect(report.findings[0]?.remedy).toContain('POST /v1/consents');
});

it('names what the policy does not declare, the most frequent first', () => {
  const report = intakeReport([
    { reason: 'undeclared', name: '', count: 30 },
    { reason: 'undeclared event', name: 'Cart Viewed', count: 20 },
    { reason: 'undeclared event', name: 'A', count: 5 },
    { reason: 'undeclared event', name: 'B', count: 4 },
    { reason: 'undeclared event', name: 'C', count: 1 },
    { reason: 'undeclared property', name: 'Product Viewed.colour', count: 2 },
    { reason: 'wrong type', name: 'Order Completed.total', count: 9 },
    { reason: 'unnamed', name: 'Product Viewed', count: 10 },
  ]);
  expect(report.came).toBe(40);
  expect(report.findings.map((finding) => finding.message)).toEqual([
    '30 of 40 events dropped: the policy declares no event "Cart Viewed" (20), "A" (5), "B" (4) and 1 more',
    '10 of 40 events dropped: they name nobody',
    'Properties left out of events: "Order Completed.total" (9, not of the declared type), "Product Viewed.colour" (2)',
  ]);
});
