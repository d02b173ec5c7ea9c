/**
 * The first policy of the guide, small enough to read at once. The full one of the same shop is `fairlead.policy.ts` beside it.
 */
import {
  attribute,
  identifier,
  policy,
  propensity,
  recommender,
  safeguard,
  sensitive,
} from '../../src/policy/policy.ts';

export default policy({
  controller: { name: 'Northwind Gifts', contact: 'privacy@northwind.example', regions: ['EU', 'UK', 'US-CA'] },
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions made for you',
      notice: 'We use what you view and buy to suggest gifts.',
      keepFor: '13 months',
    },
    email: { basis: 'consent', title: 'Offers by e-mail', notice: '…', keepFor: '13 months' },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice: '…',
      keepFor: '24 months',
    },
  },
  consentCategories: { Advertising: ['email'], Functional: ['suggestions'] }, // names that other consent tools send
  people: {
    email: identifier('email', { for: ['email'] }),
    ageBand: attribute({ oneOf: ['18-24', '25-34', '35-49', '50+'], for: ['suggestions', 'email', 'fairness'] }),
    isMinor: safeguard({ when: 'declared' }),
    gender: sensitive({ oneOf: ['female', 'male', 'other'], for: ['fairness'] }),
  },
  items: { category: 'text', supplier: 'text', price: 'money', available: 'boolean', url: 'url', image: 'url' },
  events: {
    'Product Viewed': { item: 'properties.product_id', for: ['suggestions'] },
    'Order Completed': { items: 'properties.products[].product_id', for: ['suggestions', 'email'] },
  },
  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Order Completed'] }),
    reorder: propensity({
      for: 'email',
      predicts: 'Order Completed',
      within: '30 days',
      using: ['recency', 'frequency', 'ageBand'],
    }),
  },
  placements: {
    home: {
      channel: 'web',
      purposes: ['suggestions'],
      model: 'alsoLiked',
      show: 12,
      variety: { calibrateBy: 'category' },
      otherwise: 'popular',
      goal: 'Order Completed within 7 days',
    },
    weekly: {
      channel: 'email',
      purposes: ['suggestions', 'email'],
      model: 'alsoLiked',
      show: 6,
      atMost: '1 per week',
      approval: 'second person',
      goal: 'Order Completed within 7 days',
    },
  },
  fairness: { groups: ['ageBand', 'gender'], limits: { exposureRatio: 0.8 } },
});
