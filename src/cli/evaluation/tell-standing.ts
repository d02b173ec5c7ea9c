/** How a recipe in force stands to the people it was tuned on, in a sentence: for `fairlead learn` and `fairlead doctor`. */
import type { RecipeStanding } from '../../models/recipes.ts';
import { formatCount } from '../terminal.ts';

export function standingTold({ adoptedBy, tunedPeople, tunedPeopleLeft, isProposalDue }: RecipeStanding): string {
  if (tunedPeople === null) return `Recipe: the usual one, adopted by ${adoptedBy}; it was tuned on nobody.`;
  const tuned = `Recipe: tuned on ${formatCount(tunedPeople)} people, adopted by ${adoptedBy}`;
  if (tunedPeopleLeft === null) return `${tuned}; they are of a file, so who of them has left is not known here.`;
  const left =
    tunedPeopleLeft === 0 ? 'all of them are still here' : `${formatCount(tunedPeopleLeft)} of them have left`;
  return `${tuned}; ${left}${isProposalDue ? ', more than 5 %: time for a new proposal (fairlead evaluate --live)' : ''}.`;
}
