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
      languages: {
        de: {
          title: 'Vorschläge für Sie',
          notice:
            'Wir nutzen, was Sie ansehen, in den Korb legen und kaufen, und Ihre Altersgruppe, wenn Sie sie nennen. Damit schlagen wir Geschenke vor. Das bleibt 13 Monate. Sie können alles sehen, einzelne Dinge herausnehmen oder es ausschalten. Der Laden geht auch ohne.',
        },
        fr: {
          title: 'Des idées pour vous',
          notice:
            'Nous utilisons ce que vous voyez, mettez au panier et achetez, et votre âge si vous le dites. Avec cela, nous proposons des cadeaux. C’est gardé 13 mois. Vous pouvez tout voir, retirer une chose, ou couper. La boutique marche pareil sans cela.',
        },
        es: {
          title: 'Ideas para usted',
          notice:
            'Usamos lo que ve, pone en la cesta y compra, y su grupo de edad si nos lo dice. Con eso le damos ideas de regalo. Se guarda 13 meses. Puede verlo, quitar cosas una a una o apagarlo. La tienda va igual sin ello.',
        },
        ar: {
          title: 'اقتراحات لك',
          notice:
            'نستخدم ما تشاهده وتضعه في السلة وتشتريه، وفئة عمرك إن ذكرتها، لنقترح عليك الهدايا. نحفظ ذلك 13 شهرًا. يمكنك أن تراه، وأن تُخرج منه ما تشاء، أو أن توقفه. ويعمل المتجر كما هو من دونه.',
        },
      },
    },
    email: {
      basis: 'consent',
      title: 'Offers by e-mail',
      notice:
        'We send you at most one e-mail a week with gifts and offers. When to write, and what about, we choose by what you have bought and by your age group if you tell us. Every e-mail has a link that ends it at once.',
      keepFor: '13 months',
      languages: {
        de: {
          title: 'Angebote per E-Mail',
          notice:
            'Wir schicken Ihnen höchstens eine E-Mail in der Woche, mit Geschenken und Angeboten. Wann und worüber, das richten wir nach dem, was Sie gekauft haben, und nach Ihrer Altersgruppe, wenn Sie sie nennen. In jeder E-Mail steht ein Link, der damit sofort Schluss macht.',
        },
        fr: {
          title: 'Des offres par e-mail',
          notice:
            'Nous vous envoyons au plus un e-mail par semaine, avec des cadeaux et des offres. Le moment et le sujet dépendent de vos achats, et de votre âge si vous le dites. Dans chaque e-mail, un lien y met fin tout de suite.',
        },
        es: {
          title: 'Ofertas por correo',
          notice:
            'Le mandamos como mucho un correo por semana, con regalos y ofertas. Cuándo y sobre qué depende de lo que compró, y de su grupo de edad si nos lo dice. Cada correo lleva un enlace que lo termina al momento.',
        },
        ar: {
          title: 'عروض بالبريد الإلكتروني',
          notice:
            'نرسل إليك رسالة واحدة في الأسبوع على الأكثر، فيها هدايا وعروض. ونختار وقتها وموضوعها بحسب ما اشتريته، وبحسب فئة عمرك إن ذكرتها. وفي كل رسالة رابط يوقفها فورًا.',
        },
      },
    },
    fairness: {
      basis: 'explicit-consent',
      title: 'Checking that we treat people alike',
      notice:
        'We compare what people of each gender and age group get to see, to find out whether our suggestions are fair. Your gender is used for nothing else, and nobody here can look it up.',
      keepFor: '24 months',
      languages: {
        de: {
          title: 'Prüfen, ob wir alle gleich behandeln',
          notice:
            'Wir vergleichen, was Menschen jedes Geschlechts und jedes Alters zu sehen bekommen. So finden wir heraus, ob unsere Vorschläge fair sind. Ihr Geschlecht dient sonst zu nichts, und niemand hier kann es nachsehen.',
        },
        fr: {
          title: 'Voir si nous traitons tout le monde pareil',
          notice:
            'Nous comparons ce que voient les gens de chaque sexe et de chaque âge. Cela nous dit si nos idées sont justes. Votre sexe ne sert à rien d’autre, et ici personne ne peut le voir.',
        },
        es: {
          title: 'Ver si tratamos a todos por igual',
          notice:
            'Comparamos lo que ve la gente de cada sexo y de cada edad. Así sabemos si nuestras ideas son justas. Su sexo no se usa para nada más, y aquí nadie lo puede ver.',
        },
        ar: {
          title: 'التأكد من أننا نعامل الناس بالتساوي',
          notice:
            'نقارن ما يراه الناس من كل جنس وكل فئة عمر. هكذا نعرف إن كانت اقتراحاتنا عادلة. ولا يُستخدم جنسك لغير ذلك، ولا أحد هنا يستطيع أن يراه.',
        },
      },
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
