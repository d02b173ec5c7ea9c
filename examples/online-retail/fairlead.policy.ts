/**
 * The policy of the example: one purpose, one event, one model, one placement. Its rows are of 2011, so it keeps them for thirty years; a policy of today
 * would keep them for about one, and `fairlead check` warns of it.
 */
import { policy, recommender } from 'fairlead/policy';

export default policy({
  controller: { name: 'A gift shop of 2011', contact: 'privacy@shop.example', regions: ['UK'] },
  purposes: {
    suggestions: {
      basis: 'consent',
      title: 'Suggestions made for you',
      notice: 'We use what you have ordered to suggest gifts. You can take anything out again.',
      keepFor: '30 years',
    },
  },
  people: {},
  items: { price: 'money', available: 'boolean' },
  events: {
    'Order Completed': {
      item: 'properties.product_id',
      properties: { quantity: 'number', price: 'money' },
      for: ['suggestions'],
    },
  },
  models: {
    alsoOrdered: recommender({ for: 'suggestions', from: ['Order Completed'] }),
  },
  placements: {
    home: { channel: 'web', purposes: ['suggestions'], model: 'alsoOrdered', show: 12, otherwise: 'catalogue' },
  },
});
