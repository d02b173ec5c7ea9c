/**
 * Ada and Ben, who are made up like everybody in the demo: what they looked at in the shop and when, told so that a reader recognises a person. Told
 * to the shop through the same calls as everybody else's doings.
 */

export interface Deed {
  readonly daysAgo: number;
  readonly did: 'viewed' | 'added' | 'ordered';
  readonly item: string;
}

export interface Story {
  readonly userId: string;
  readonly name: string;
  readonly about: string;
  readonly askedDaysAgo: number;
  readonly answers: Readonly<Record<string, boolean>>;
  readonly traits: Readonly<Record<string, unknown>>;
  readonly deeds: readonly Deed[];
  /** What they bought afterwards; the shop never hears of it. */
  readonly heldOut: readonly string[];
}

export const adasStory: Story = {
  userId: 'ada',
  name: 'Ada',
  about: 'Reads late, drinks tea, likes the night sky.',
  askedDaysAgo: 97,
  answers: { suggestions: true, email: true },
  traits: { email: 'ada@people.example', ageBand: '35-49', gender: 'female' },
  deeds: [
    { daysAgo: 96.4, did: 'viewed', item: 'orion-loose-leaf-tea' },
    { daysAgo: 96.3, did: 'added', item: 'orion-loose-leaf-tea' },
    { daysAgo: 96.2, did: 'ordered', item: 'orion-loose-leaf-tea' },
    { daysAgo: 71.5, did: 'viewed', item: 'midnight-stoneware-mug' },
    { daysAgo: 71.4, did: 'viewed', item: 'moonrise-espresso-cups' },
    { daysAgo: 43.6, did: 'viewed', item: 'wren-framed-print' },
    { daysAgo: 43.5, did: 'viewed', item: 'kingfisher-note-cards' },
    { daysAgo: 20.3, did: 'viewed', item: 'midnight-wool-blanket' },
    { daysAgo: 20.2, did: 'viewed', item: 'bramble-gin-miniature' },
    { daysAgo: 9.4, did: 'viewed', item: 'moonrise-notebook' },
    { daysAgo: 9.3, did: 'added', item: 'moonrise-notebook' },
    { daysAgo: 9.2, did: 'ordered', item: 'moonrise-notebook' },
    { daysAgo: 1.2, did: 'viewed', item: 'midnight-tea-light-lantern' },
  ],
  heldOut: ['midnight-desk-planner', 'orion-hanging-poster'],
};

export const bensStory: Story = {
  userId: 'ben',
  name: 'Ben',
  about: 'Keeps bees, grows tomatoes, bakes.',
  askedDaysAgo: 120,
  answers: { suggestions: true, fairness: true },
  traits: { email: 'ben@people.example', ageBand: '50+', gender: 'male' },
  deeds: [
    { daysAgo: 118.4, did: 'viewed', item: 'beekeeper-watering-can' },
    { daysAgo: 118.2, did: 'ordered', item: 'beekeeper-watering-can' },
    { daysAgo: 88.5, did: 'viewed', item: 'honeycomb-seed-tin' },
    { daysAgo: 88.4, did: 'viewed', item: 'bumblebee-plant-pot' },
    { daysAgo: 61.3, did: 'viewed', item: 'beekeeper-apron' },
    { daysAgo: 61.2, did: 'ordered', item: 'beekeeper-apron' },
    { daysAgo: 30.1, did: 'viewed', item: 'fernhill-plant-pot' },
    { daysAgo: 6.6, did: 'viewed', item: 'bumblebee-loose-leaf-tea' },
    { daysAgo: 6.5, did: 'viewed', item: 'woodland-seed-tin' },
  ],
  heldOut: ['bumblebee-cake-tin'],
};
