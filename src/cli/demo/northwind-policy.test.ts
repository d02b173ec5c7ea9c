import { expect, test } from 'vitest';
import example from '../../../examples/northwind/fairlead.policy.ts';
import { checkPolicy } from '../../policy/check.ts';
import { northwindPolicy } from './northwind-policy.ts';

test('the demo runs with the policy of the example, and the checker finds nothing in it', () => {
  expect(northwindPolicy).toEqual(example);
  expect(checkPolicy(northwindPolicy)).toEqual([]);
});
