/**
 * The policy that the demo runs with: the one of `examples/northwind`, here because the published package has no examples. A test holds the two equal;
 * edit the example first.
 */
import { attribute, identifier, policy, propensity, recommender, safeguard, sensitive } from '../../policy/policy.ts';

export const northwindPolicy = policy({
  controller: { name: 'Northwind Gifts', contact: 'privacy@northwind.example', regions: ['EU', 'UK', 'US-CA'] },

  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions made for you',
      notice:
        'We use what you view, put in your basket and buy, and your age group if you tell us, to suggest gifts. We keep it for 13 months. You can see it, take single things out, or switch it off; the shop works the same without it.',
      keepFor: '13 months',
    },
    email: {
      basis: 'consent',
      title: 'Offers by e-mail',
      notice:
        'We send you at most one e-mail a week with gifts and offers. When to write, and what about, we choose by what you have bought and by your age group if you tell us. Every e-mail has a link that ends it at once.',
      keepFor: '13 months',
    },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice:
        'We compare what people of each gender and age group get to see, to find out whether our suggestions are fair. Your gender is used for nothing else, and nobody here can look it up.',
      keepFor: '24 months',
    },
  },

  // The names that cookie banners send with their events.
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
    'Product Added': { item: 'properties.product_id', properties: { quantity: 'number' }, for: ['suggestions'] },
    'Order Completed': {
      items: 'properties.products[].product_id',
      properties: { revenue: 'money', currency: 'text' },
      for: ['suggestions', 'email'],
    },
  },

  models: {
    alsoLiked: recommender({ for: 'suggestions', from: ['Product Viewed', 'Product Added', 'Order Completed'] }),
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
      variety: { calibrateBy: 'category' },
      atMost: '1 per week',
      approval: 'second person',
      goal: 'Order Completed within 7 days',
    },
  },

  fairness: { groups: ['ageBand', 'gender'], limits: { exposureRatio: 0.8 } },

  retention: { decisions: '13 months', consent: '5 years', complaints: '3 years' },
});
