/** The mail that is sent where the operator brings no template: the items of the decision in a list, and a foot that says who, why, and how to end it. */
import type { Policy } from '../policy/policy.ts';

/** MJML with the item fields that the policy declares. */
export function defaultTemplate(policy: Policy): string {
  const has = (field: string): boolean => Object.hasOwn(policy.items, field);
  const picture = has('image')
    ? `<mj-column width="35%" vertical-align="middle">
        <mj-image padding="0 0 10px" fluid-on-mobile="true" border-radius="8px" src="{{ item.image }}" alt=""${has('url') ? ' href="{{ item.url }}"' : ''} />
      </mj-column>`
    : '';
  const words = [
    `<mj-text font-size="18px" font-weight="600" line-height="24px" css-class="ink">${has('url') ? '<a class="ink" href="{{ item.url }}">{{ item.title }}</a>' : '{{ item.title }}'}</mj-text>`,
    has('category') || has('supplier')
      ? `<mj-text css-class="quiet" padding-top="4px">${['category', 'supplier']
          .filter(has)
          .map((field) => `{{ item.${field} }}`)
          .join(' · ')}</mj-text>`
      : '',
    has('price') ? '<mj-text font-weight="600" padding-top="4px" css-class="ink">{{ item.price }}</mj-text>' : '',
  ];
  return `<mjml lang="en">
  <mj-head>
    <mj-title>A few things from {{ sender.name }}</mj-title>
    <mj-raw><meta name="color-scheme" content="light dark" /><meta name="supported-color-schemes" content="light dark" /></mj-raw>
    <mj-attributes>
      <mj-all font-family="-apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif" />
      <mj-text font-size="15px" line-height="22px" color="#1c2733" padding="0 16px" />
      <mj-section padding="12px 0" />
    </mj-attributes>
    <mj-style>
      a.ink { color: #1c2733; text-decoration: none; }
      .quiet div { color: #56636f !important; }
      .foot a { color: #0b5c8a; text-decoration: underline; }
      @media (prefers-color-scheme: dark) {
        body, .page, .page > div { background-color: #14191f !important; }
        .card, .card > table { background-color: #1e252d !important; }
        .ink div, a.ink, .head div { color: #f2f5f7 !important; }
        .quiet div, .foot div { color: #b3bec8 !important; }
        .foot a { color: #8ecbf0 !important; }
      }
    </mj-style>
  </mj-head>
  <mj-body background-color="#f2f5f7" css-class="page">
    <mj-section padding="28px 0 12px">
      <mj-column>
        <mj-text font-size="22px" font-weight="700" line-height="30px" css-class="head">{{ sender.name }}</mj-text>
      </mj-column>
    </mj-section>
    <mj-raw>{% for item in items %}</mj-raw>
    <mj-wrapper padding="0 0 12px">
      <mj-section background-color="#ffffff" border-radius="12px" padding="16px 12px" css-class="card">
      ${picture}
      <mj-column width="${has('image') ? '65%' : '100%'}" vertical-align="middle">
        ${words.filter((line) => line !== '').join('\n        ')}
      </mj-column>
      </mj-section>
    </mj-wrapper>
    <mj-raw>{% endfor %}</mj-raw>
    <mj-section padding="12px 0 32px">
      <mj-column>
        <mj-text font-size="13px" line-height="20px" color="#56636f" css-class="foot">
          Sent by {{ sender.name }}, {{ sender.contact }}. {{ reason }}<br />
          <a href="{{ whyUrl }}">Why these?</a> &middot; <a href="{{ unsubscribeUrl }}">Unsubscribe</a>
        </mj-text>
      </mj-column>
    </mj-section>
  </mj-body>
</mjml>
`;
}
