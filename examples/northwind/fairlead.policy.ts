/** What Northwind Gifts, a made-up shop, allows itself: the policy of the demo. Every text here is what its customers read. */
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
      notice: 'We use what you look at and buy to suggest gifts. We forget each thing after 13 months.',
      keepFor: '13 months',
    },
    email: {
      basis: 'consent',
      title: 'Offers by e-mail',
      notice: 'We use your address and what you bought to write to you, at most once a week.',
      keepFor: '13 months',
    },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice: 'We use your age band and gender to check that nobody is treated worse. They never change what you see.',
      keepFor: '24 months',
    },
  },
  consentCategories: { Advertising: ['email'], Functional: ['suggestions'] },
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
