/** Every name that a policy uses has to be one that it declares, and one that fits the place: the remedy says which was probably meant. */
import { parsedGoal } from '../durations.ts';
import { nearestName } from '../internal/nearest-name.ts';
import type { Rule, Violation } from '../internal/rule.ts';
import { quoted } from '../internal/shapes.ts';
import { featureUses, purposeUses } from '../internal/uses.ts';
import { builtInFeatures, entryOf } from '../policy.ts';
import type { Policy } from '../policy.ts';

const law = 'The policy language';
const source = 'docs/guides/policy.md';

/** The rules of this pack, in the order of the reference. */
export const nameRules: readonly Rule[] = [
  {
    code: 'unknown.purpose',
    severity: 'error',
    about: 'a field, event, model, placement, segment or consent category for a purpose that does not exist',
    remedy: 'Correct the name, or declare the purpose.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.purposes);
      for (const use of purposeUses(policy)) {
        if (!known.includes(use.purpose))
          yield unknown(`The ${use.by} ${quoted(use.user)}`, 'purpose', use.purpose, known, use.path);
      }
    },
  },
  {
    code: 'unknown.event',
    severity: 'error',
    about: 'a model or a goal over an event that is not declared',
    remedy: 'Correct the name, or declare the event.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.events);
      for (const { user, name, path } of eventUses(policy)) {
        if (!known.includes(name)) yield unknown(user, 'event', name, known, path);
      }
    },
  },
  {
    code: 'unknown.feature',
    severity: 'error',
    about: `a model, segment, prompt or audit over a field of people that is not declared and not built in (${builtInFeatures.join(', ')})`,
    remedy: 'Correct the name, or declare the attribute in people.',
    law,
    source,
    *violations(policy) {
      for (const use of featureUses(policy)) {
        const known =
          use.by === 'fairness' ? Object.keys(policy.people) : [...Object.keys(policy.people), ...builtInFeatures];
        if (!known.includes(use.name)) yield unknown(use.where, 'attribute', use.name, known, use.path);
      }
    },
  },
  {
    code: 'unknown.model',
    severity: 'error',
    about: 'a placement with a model that is not declared',
    remedy: 'Correct the name, or declare the model.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.models);
      for (const [name, { model }] of Object.entries(policy.placements)) {
        const path = ['placements', name, 'model'];
        if (!known.includes(model)) yield unknown(`The placement ${quoted(name)}`, 'model', model, known, path);
      }
    },
  },
  {
    code: 'unknown.item-field',
    severity: 'error',
    about: 'a variety rule or a prompt over an item field that is not declared',
    remedy: 'Correct the name, or declare the field in items.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.items);
      for (const { user, name, path } of itemFieldUses(policy)) {
        // A field of people there is for the rules that say why it must not be.
        if (!known.includes(name) && !Object.hasOwn(policy.people, name))
          yield unknown(user, 'item field', name, known, path);
      }
    },
  },
  {
    code: 'unknown.segment',
    severity: 'error',
    about: 'an audience of a segment that is not declared',
    remedy: 'Correct the name, or declare the segment.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.segments ?? {});
      for (const [name, { segment }] of Object.entries(policy.audiences ?? {})) {
        const path = ['audiences', name, 'segment'];
        if (!known.includes(segment)) yield unknown(`The audience ${quoted(name)}`, 'segment', segment, known, path);
      }
    },
  },
  {
    code: 'unknown.placement',
    severity: 'error',
    about: 'an audience or a prompt for a placement that is not declared',
    remedy: 'Correct the name, or declare the placement.',
    law,
    source,
    *violations(policy) {
      const known = Object.keys(policy.placements);
      for (const [name, { placement }] of Object.entries(policy.audiences ?? {})) {
        const path = ['audiences', name, 'placement'];
        if (!known.includes(placement))
          yield unknown(`The audience ${quoted(name)}`, 'placement', placement, known, path);
      }
      for (const [name, { placement }] of Object.entries(policy.copy ?? {})) {
        const path = ['copy', name, 'placement'];
        if (!known.includes(placement))
          yield unknown(`The prompt ${quoted(name)}`, 'placement', placement, known, path);
      }
    },
  },
  {
    code: 'name.taken',
    severity: 'error',
    about: `a field of people named like a built-in feature (${builtInFeatures.join(', ')})`,
    remedy: 'Choose another name, so that a model says clearly what it uses.',
    law,
    source,
    *violations(policy) {
      for (const name of Object.keys(policy.people)) {
        if (builtInFeatures.includes(name)) {
          yield { path: ['people', name], message: `${quoted(name)} is the name of a feature that is built in` };
        }
      }
    },
  },
  {
    code: 'event.two-paths',
    severity: 'error',
    about: 'an event with both item and items',
    remedy: 'Keep item for one id, items for a list of them.',
    law,
    source,
    *violations(policy) {
      for (const [name, event] of Object.entries(policy.events)) {
        if (event.item !== undefined && event.items !== undefined) {
          yield { path: ['events', name, 'items'], message: `The event ${quoted(name)} says both item and items` };
        }
      }
    },
  },
  {
    code: 'recommender.event-without-items',
    severity: 'error',
    about: 'a recommender over an event that does not say where its items stand',
    remedy: "Add item: 'properties.product_id' (or items) to the event, or take the event out of the model.",
    law,
    source,
    *violations(policy) {
      for (const [name, model] of Object.entries(policy.models)) {
        if (model.kind !== 'recommender') continue;
        for (const [index, eventName] of model.from.entries()) {
          const event = entryOf(policy.events, eventName);
          if (event === undefined || event.item !== undefined || event.items !== undefined) continue;
          yield {
            path: ['models', name, 'from', String(index)],
            message: `The model ${quoted(name)} learns from ${quoted(eventName)}, which does not say where its items stand`,
          };
        }
      }
    },
  },
  {
    code: 'placement.not-a-recommender',
    severity: 'error',
    about: 'a placement whose model scores people and not items',
    remedy: 'Name a recommender.',
    law,
    source,
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        if (entryOf(policy.models, placement.model)?.kind !== 'propensity') continue;
        yield {
          path: ['placements', name, 'model'],
          message: `The placement ${quoted(name)} shows items, but the model ${quoted(placement.model)} scores people`,
        };
      }
    },
  },
  {
    code: 'variety.not-text',
    severity: 'error',
    about: 'variety calibrated by an item field that is no text, so that its values make no groups',
    remedy: "Calibrate by a field declared as 'text', such as the category.",
    law,
    source,
    *violations(policy) {
      for (const [name, placement] of Object.entries(policy.placements)) {
        const by = placement.variety?.calibrateBy;
        const type = by === undefined ? undefined : entryOf(policy.items, by);
        if (by === undefined || type === undefined || type === 'text') continue;
        yield {
          path: ['placements', name, 'variety', 'calibrateBy'],
          message: `The placement ${quoted(name)} calibrates by ${quoted(by)}, which is declared as ${type}`,
        };
      }
    },
  },
  {
    code: 'group.open',
    severity: 'error',
    about: 'a prompt or an audit by groups of an attribute that has no closed list of values',
    remedy: 'Use an attribute with oneOf, or a boolean.',
    law,
    source,
    *violations(policy) {
      for (const use of featureUses(policy)) {
        const field = entryOf(policy.people, use.name);
        const isOpen = field?.kind === 'attribute' && (field.type === 'number' || field.type === 'date');
        if (!isOpen || (use.by !== 'copy' && use.by !== 'fairness')) continue;
        yield {
          path: use.path,
          message: `${use.where} is by groups of ${quoted(use.name)}, which has no closed list of values`,
        };
      }
    },
  },
  {
    code: 'segment.condition',
    severity: 'error',
    about:
      'a segment with a condition that its attribute can never meet: a code that is not in its list, a range over codes, an empty range',
    remedy: 'Name codes of the attribute, or write a range for a number.',
    law,
    source,
    *violations(policy) {
      for (const [name, segment] of Object.entries(policy.segments ?? {})) {
        for (const [feature, condition] of Object.entries(segment.where)) {
          const field = entryOf(policy.people, feature);
          const path = ['segments', name, 'where', feature];
          const isOneOf = field?.kind === 'attribute' && field.oneOf !== undefined;
          const isNumber =
            builtInFeatures.includes(feature) || (field?.kind === 'attribute' && field.type === 'number');
          if (!isListOfCodes(condition)) {
            const { atLeast, atMost } = condition;
            if (isOneOf)
              yield {
                path,
                message: `The segment ${quoted(name)} sets a range for ${quoted(feature)}, which is one of a list of codes`,
              };
            else if ((atLeast ?? -Infinity) > (atMost ?? Infinity) || (atLeast ?? atMost) === undefined) {
              yield {
                path,
                message: `The segment ${quoted(name)} sets a range for ${quoted(feature)} that holds for nobody or everybody`,
              };
            }
            continue;
          }
          if (isNumber)
            yield {
              path,
              message: `The segment ${quoted(name)} lists codes for ${quoted(feature)}, which is a number`,
            };
          if (!isOneOf) continue;
          for (const [index, code] of condition.entries()) {
            if (field.oneOf.includes(code)) continue;
            yield unknown(`The segment ${quoted(name)}`, `code of ${quoted(feature)}`, code, field.oneOf, [
              ...path,
              String(index),
            ]);
          }
        }
      }
    },
  },
];

function isListOfCodes(condition: unknown): condition is readonly string[] {
  return Array.isArray(condition);
}

/** Models and goals, with the event that each names. */
function eventUses(policy: Policy): { user: string; name: string; path: string[] }[] {
  const uses: { user: string; name: string; path: string[] }[] = [];
  for (const [name, model] of Object.entries(policy.models)) {
    const user = `The model ${quoted(name)}`;
    if (model.kind === 'propensity') uses.push({ user, name: model.predicts, path: ['models', name, 'predicts'] });
    else
      for (const [index, event] of model.from.entries())
        uses.push({ user, name: event, path: ['models', name, 'from', String(index)] });
  }
  for (const [name, placement] of Object.entries(policy.placements)) {
    const goal = parsedGoal(placement.goal ?? '');
    if (goal === undefined) continue;
    uses.push({
      user: `The goal of the placement ${quoted(name)}`,
      name: goal.event,
      path: ['placements', name, 'goal'],
    });
  }
  return uses;
}

/** Variety rules and prompts, with the item field that each names. */
function itemFieldUses(policy: Policy): { user: string; name: string; path: string[] }[] {
  const uses: { user: string; name: string; path: string[] }[] = [];
  for (const [name, { variety }] of Object.entries(policy.placements)) {
    if (variety === undefined) continue;
    uses.push({
      user: `The placement ${quoted(name)}`,
      name: variety.calibrateBy,
      path: ['placements', name, 'variety', 'calibrateBy'],
    });
    // A share of suppliers is counted over the item field of that name.
    if (variety.supplierShareMax !== undefined)
      uses.push({
        user: `The supplier share of the placement ${quoted(name)}`,
        name: 'supplier',
        path: ['placements', name, 'variety', 'supplierShareMax'],
      });
  }
  for (const [name, copy] of Object.entries(policy.copy ?? {})) {
    for (const [index, fact] of copy.facts.entries()) {
      uses.push({ user: `The prompt ${quoted(name)}`, name: fact, path: ['copy', name, 'facts', String(index)] });
    }
  }
  return uses;
}

function unknown(
  user: string,
  what: string,
  name: string,
  known: readonly string[],
  path: readonly string[],
): Violation {
  const near = nearestName(name, known);
  const hint =
    near === undefined
      ? `declared ${known.length === 0 ? 'is none' : `are ${known.map(quoted).join(', ')}`}`
      : `did you mean ${quoted(near)}?`;
  return {
    path,
    message: `${user} names the ${what} ${quoted(name)}, which does not exist`,
    remedy: `Correct the name or declare it; ${hint}`,
  };
}
