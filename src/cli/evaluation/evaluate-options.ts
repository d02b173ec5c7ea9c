/** What the options of `fairlead evaluate` come to, with each default in its place. */
import { Refusal } from '../../database/refusal.ts';
import { type LocalRidgeRecipe, defaultRecipe, requireRecipe } from '../../learning/recipe.ts';
import type { OpenOptions } from '../open-installation.ts';
import { type ContenderName, contenderNames } from './contenders.ts';

/** As the command line gives them. */
export interface EvaluateOptions extends OpenOptions {
  readonly person?: string;
  readonly item?: string;
  readonly time?: string;
  readonly timeFormat?: string;
  readonly rating?: string;
  readonly minRating?: number;
  readonly separator?: string;
  readonly encoding?: string;
  readonly header: boolean;
  readonly atLeast: number;
  readonly protocol: 'strong' | 'next';
  readonly models?: string;
  readonly k?: number;
  readonly lambda?: number;
  readonly minPeople: number;
  readonly seed: number;
  readonly folds: number;
  readonly propose?: string;
  readonly predict?: string;
  readonly positive?: string;
  readonly drop?: readonly string[];
  readonly live?: string | true;
  readonly report?: string;
  readonly json?: boolean;
}

export interface Evaluating {
  readonly columns: Pick<EvaluateOptions, 'person' | 'item' | 'time' | 'timeFormat' | 'rating' | 'minRating'>;
  readonly source: { readonly hasHeader: boolean; readonly separator?: string; readonly encoding?: string };
  readonly least: number;
  readonly protocol: 'strong' | 'next';
  /** Undefined when none were named: then all, as far as they fit. */
  readonly models: readonly ContenderName[] | undefined;
  readonly recipe: LocalRidgeRecipe;
  /** The neighbourhood of item-knn, when it was said. */
  readonly neighbours: number | undefined;
  /** What a proposal is to try, where the options narrow it. */
  readonly grid: { readonly neighbours?: readonly number[]; readonly lambdas?: readonly number[] };
  readonly seed: number;
  readonly folds: number;
  readonly propose: string | undefined;
  /** What `--predict` asks for. */
  readonly outcome:
    | { readonly predict: string; readonly positive: string; readonly drop: readonly string[] }
    | undefined;
  readonly live: string | true | undefined;
  readonly report: string | undefined;
  readonly json: boolean;
  readonly place: OpenOptions;
}

/** Refuses with `evaluate.options` what does not go together, and as `requireRecipe` does. */
export function optionsOf(given: EvaluateOptions): Evaluating {
  const { k, lambda, minPeople, separator, encoding } = given;
  if (given.minRating !== undefined && given.rating === undefined)
    throw wrong('There is a --min-rating, but no --rating.', 'Say which column is the rating.');
  if (given.timeFormat !== undefined && given.time === undefined)
    throw wrong('There is a --time-format, but no --time.', 'Say which column is the time.');
  const recipe = defaultRecipe({
    minPeople,
    ...(k === undefined ? {} : { neighbours: k, keep: k }),
    ...(lambda === undefined ? {} : { lambda }),
  });
  requireRecipe(recipe);
  return {
    columns: given,
    source: {
      hasHeader: given.header,
      ...(separator === undefined ? {} : { separator: separator === '\\t' ? '\t' : separator }),
      ...(encoding === undefined ? {} : { encoding }),
    },
    least: given.atLeast,
    protocol: given.protocol,
    models: given.models === undefined ? undefined : namesIn(given.models),
    recipe,
    neighbours: k,
    grid: { ...(k === undefined ? {} : { neighbours: [k] }), ...(lambda === undefined ? {} : { lambdas: [lambda] }) },
    seed: given.seed,
    folds: given.folds,
    propose: given.propose,
    outcome: outcomeOf(given),
    live: given.live,
    report: given.report,
    json: given.json === true,
    place: given,
  };
}

function outcomeOf({ predict, positive, drop }: EvaluateOptions): Evaluating['outcome'] {
  if (predict === undefined && positive === undefined && drop === undefined) return undefined;
  if (predict === undefined || positive === undefined)
    throw wrong('It was not said what is to be predicted.', 'Say --predict COLUMN and --positive VALUE.');
  const dropped = (drop ?? []).flatMap((names) => names.split(',').map((name) => name.trim()));
  return { predict, positive, drop: [...new Set(dropped)].filter((name) => name !== '') };
}

function namesIn(text: string): ContenderName[] {
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  return names.map((name) => {
    const known = contenderNames.find((one) => one === name);
    if (known === undefined)
      throw wrong(`There is no model "${name}" to evaluate.`, `There are: ${contenderNames.join(', ')}.`);
    return known;
  });
}

function wrong(message: string, remedy: string): Refusal {
  return new Refusal('evaluate.options', message, { remedy });
}
