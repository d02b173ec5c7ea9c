/** The page that `fairlead evaluate --report` writes: one HTML file that needs nothing else, runs no script and asks nobody anything; it names no person. */
import { createHash } from 'node:crypto';
import type { Evaluation, Estimate } from '../../learning/evaluation.ts';
import { bars, escaped, line } from './plot.ts';
import type { ReportFigures } from './report-figures.ts';

export interface Report {
  readonly file: string;
  readonly evaluation: Evaluation;
  readonly figures: ReportFigures;
  readonly recipe: { readonly lambda: number; readonly minPeople: number };
}

const style = `
:root { color-scheme: light dark; --paper: #fbfaf7; --ink: #1d2329; --soft: #5d6670; --line: #d9d6cd; --ours: #0b6e6e; --other: #a9b4b8; }
@media (prefers-color-scheme: dark) { :root { --paper: #14181b; --ink: #e8e6e1; --soft: #a2abb2; --line: #343b40; --ours: #4fc3bd; --other: #57636a; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
main { max-width: 44rem; margin: 0 auto; padding: 2rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.2; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .25rem; }
p { margin: .25rem 0 .75rem; } .soft, figcaption { color: var(--soft); }
figure { margin: 0; } svg { display: block; width: 100%; height: auto; overflow: visible; }
.table { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; font-size: .8rem; }
th, td { padding: .4rem .35rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; } th:first-child { text-align: left; }
thead th { color: var(--soft); font-weight: 500; }
svg text { fill: var(--ink); font: 13px system-ui, sans-serif; } svg .value { fill: var(--soft); font-size: 12px; }
.ours { fill: var(--ours); } .other { fill: var(--other); } .curve { fill: none; stroke: var(--ours); stroke-width: 2; }
.error { stroke: var(--ink); stroke-width: 1.5; } .grid { stroke: var(--line); } .ring { fill: none; stroke: var(--ink); stroke-width: 1.5; }
@media (max-width: 30rem) { svg text { font-size: 18px; } svg .value { font-size: 17px; } }
`;

export function reportPage({ file, evaluation, figures, recipe }: Report): string {
  const count = (value: number): string => value.toLocaleString('en-GB');
  const digest = createHash('sha256').update(style).digest('base64');
  const quality = bars(
    evaluation.models.map(({ name, ndcg100 }) => ({
      name,
      value: ndcg100.mean,
      se: ndcg100.se,
      isOurs: name === 'local-ridge',
    })),
    'NDCG@100 of each model',
    (value) => value.toFixed(4),
  );
  const { forgetting, shown } = figures;
  const of = Object.entries(shown).map(
    ([name, shares]) =>
      `<h3>${escaped(name)}</h3>${bars(
        shares.map((value, at) => ({
          name: at === 0 ? 'most popular' : at === 9 ? 'least popular' : `${at + 1}. tenth`,
          value,
          se: 0,
          isOurs: name === 'local-ridge',
        })),
        `Places given to each tenth of the items by ${name}`,
        (value) => `${(value * 100).toFixed(1)} %`,
      )}`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-${digest}'"><title>Evaluation of ${escaped(file)}</title>
<style>${style}</style></head><body><main>
<h1>What can be learned from ${escaped(file)}</h1>
<p class="soft">${count(evaluation.people)} people, ${count(evaluation.items)} items, ${count(evaluation.interactions)} different pairs of them. ${protocolTold(evaluation)}</p>
<h2>Quality</h2><p>How well each model finds what was held out. Marks are one standard error.</p><figure>${quality}</figure>
<div class="table" tabindex="0" role="region" aria-label="All figures">${tableOf(evaluation)}</div>
<h2>The ridge</h2><p>Too little learns chance by heart, too much learns only what is popular. The ring is where it stands.</p>
<figure>${line(figures.lambdas, { label: 'NDCG@100 over lambda', axis: 'λ', chosen: recipe.lambda })}</figure>
<h2>What <code>minPeople</code> costs</h2><p>Items and pairs that fewer people share count as zero, so that nobody stands out in a model.</p>
<figure>${line(figures.minPeople, { label: 'NDCG@100 over minPeople', axis: 'minPeople', chosen: recipe.minPeople })}</figure>
<h2>When fewer people opt in</h2><p>The same people tested, learned from a share of the others.</p>
<figure>${line(figures.optIn, { label: 'NDCG@100 over the share of people who opt in', axis: '% of people who opt in' })}</figure>
<h2>How popular what is shown is</h2><p>Of all places in the first twenty, the share that goes to each tenth of the items.</p><figure>${of.join('')}</figure>
<h2>What it costs to forget one</h2>
<p>The person with the most items was subtracted in ${forgetting.subtractMs.toFixed(2)} ms, and the model solved again in ${count(Math.round(forgetting.solveMs))} ms.
It is ${forgetting.isEqual ? 'byte for byte the model' : '<strong>not</strong> the model'} that a training without them gives.</p>
</main></body></html>
`;
}

function protocolTold({ protocol }: Evaluation): string {
  return protocol === 'strong'
    ? 'People were held out; four fifths of what each has was shown, the rest was to be found.'
    : 'The last thing that each person came to was held out.';
}

function tableOf({ models }: Evaluation): string {
  const told = ({ mean, se }: Estimate): string => `${mean.toFixed(4)} ± ${se.toFixed(4)}`;
  const rows = models.map(
    (model) =>
      `<tr><th scope="row">${escaped(model.name)}</th><td>${told(model.recall20)}</td><td>${told(model.recall50)}</td><td>${told(model.ndcg100)}</td><td>${(model.coverage * 100).toFixed(1)} %</td><td>${model.gini.toFixed(3)}</td><td>${model.solveSeconds.toFixed(2)} s</td></tr>`,
  );
  return `<table><thead><tr><th scope="col">Model</th><th scope="col">Recall@20</th><th scope="col">Recall@50</th><th scope="col">NDCG@100</th><th scope="col">Coverage</th><th scope="col">Gini</th><th scope="col">Solve</th></tr></thead><tbody>${rows.join('')}</tbody></table>`;
}
