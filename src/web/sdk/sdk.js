/**
 * `/sdk.js`: the element `<fairlead-consent>`, which asks a visitor what they allow. One file without a build, a cookie or a third party; nothing is kept in the
 * browser before a choice, and afterwards the visitor's random id alone. Refusing costs as many presses as allowing. Kept choices are not asked about again.
 *
 *     <script type="module" src="https://fairlead.shop.example/sdk.js"></script>
 *     <fairlead-consent key="PUBLIC KEY" layout="banner"></fairlead-consent>
 *
 * Attributes: `key` (a public key), `server` (where this file came from when left out), `layout` (`banner` at the bottom of the window, or `form` where it stands),
 * `language` (of the page when left out), `more` (the address of the operator's own privacy page). `open()` shows it again; the event `fairlead-consent` tells what
 * stands, in `detail.standing`.
 */
const words = {
  en: {
    title: 'May we?',
    lead: 'You decide what we may use. You can change it at any time.',
    all: 'Allow all',
    none: 'Refuse all',
    some: 'Save my choice',
    choose: 'Choose one by one',
    done: 'Saved.',
    failed: 'It could not be saved. Nothing is used.',
    signal: 'Your browser says “do not sell or share my data”. We do what it says.',
    more: 'More about your data',
    kept: 'kept for',
  },
  de: {
    title: 'Dürfen wir?',
    lead: 'Sie entscheiden, was wir nutzen dürfen. Sie können es jederzeit ändern.',
    all: 'Alles erlauben',
    none: 'Alles ablehnen',
    some: 'Auswahl speichern',
    choose: 'Einzeln wählen',
    done: 'Gespeichert.',
    failed: 'Das ließ sich nicht speichern. Es wird nichts genutzt.',
    signal: 'Ihr Browser sagt: „Meine Daten nicht verkaufen oder teilen“. Wir tun, was er sagt.',
    more: 'Mehr über Ihre Daten',
    kept: 'bleibt',
  },
  fr: {
    title: 'Vous permettez ?',
    lead: 'Vous décidez ce que nous pouvons utiliser. Vous pouvez changer d’avis à tout moment.',
    all: 'Tout permettre',
    none: 'Tout refuser',
    some: 'Enregistrer mon choix',
    choose: 'Choisir un par un',
    done: 'C’est enregistré.',
    failed: 'Cela n’a pas pu être enregistré. Rien n’est utilisé.',
    signal: 'Votre navigateur dit : « ne vendez pas et ne partagez pas mes données ». Nous le suivons.',
    more: 'Plus sur vos données',
    kept: 'gardé',
  },
  es: {
    title: '¿Nos permite?',
    lead: 'Usted decide qué podemos usar. Puede cambiarlo cuando quiera.',
    all: 'Permitir todo',
    none: 'Rechazar todo',
    some: 'Guardar mi elección',
    choose: 'Elegir uno por uno',
    done: 'Guardado.',
    failed: 'No se pudo guardar. No se usa nada.',
    signal: 'Su navegador dice «no vendan ni compartan mis datos». Hacemos lo que dice.',
    more: 'Más sobre sus datos',
    kept: 'se guarda',
  },
  ar: {
    title: 'هل تسمح لنا؟',
    lead: 'أنت تقرر ما يجوز لنا استخدامه، ويمكنك تغييره في أي وقت.',
    all: 'اسمح بالكل',
    none: 'ارفض الكل',
    some: 'احفظ اختياري',
    choose: 'اختر واحدًا واحدًا',
    done: 'تم الحفظ.',
    failed: 'لم يُحفظ. لن يُستخدم شيء.',
    signal: 'يقول متصفحك: «لا تبيعوا بياناتي ولا تشاركوها». ونحن نفعل ما يقول.',
    more: 'المزيد عن بياناتك',
    kept: 'مدة الحفظ',
  },
};

const look = `
:host { all: initial; color-scheme: light dark; font: 1rem/1.5 ui-sans-serif, system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif; }
:host([hidden]) { display: none; }
section { box-sizing: border-box; max-height: 85vh; overflow: auto; padding: 1.25rem; color: light-dark(#15201e, #e8efec); background: light-dark(#fff, #181f1e); border: 1px solid light-dark(#5d6b68, #93a29e); }
section.banner { position: fixed; z-index: 2147483000; inset-inline: 0; inset-block-end: 0; border-inline: 0; border-block-end: 0; }
section.form { border-radius: 16px; }
.inner { max-width: 60rem; margin-inline: auto; }
h2 { margin: 0 0 .25rem; font-size: 1.2rem; line-height: 1.25; }
p { margin: 0 0 .75rem; max-width: 68ch; }
.buttons { display: grid; grid-template-columns: repeat(2, minmax(0, 14rem)); gap: .75rem; margin-block: 1rem .25rem; }
button { min-height: 48px; padding: .25rem .75rem; border: 1px solid currentcolor; border-radius: 10px; background: none; color: inherit; font: inherit; font-weight: 600; cursor: pointer; }
:focus-visible { outline: 3px solid light-dark(#0b6363, #5cc7bd); outline-offset: 2px; }
label { display: grid; grid-template-columns: 24px 1fr; gap: .75rem; padding-block: .6rem; cursor: pointer; }
input { width: 24px; height: 24px; margin: 0; }
label small, .soft { display: block; color: light-dark(#4d5b58, #a3b2ae); font-size: .9rem; }
summary { padding-block: .5rem; cursor: pointer; text-decoration: underline; }
a { display: inline-block; padding-block: .5rem; color: light-dark(#0b6363, #5cc7bd); }
`;

/** Where the visitor's random id is kept, after a choice and never before. */
const place = 'fairlead-visitor';
const ownAddress = new URL(import.meta.url);

class FairleadConsent extends HTMLElement {
  #purposes = [];
  #said = words.en;

  connectedCallback() {
    void this.#start();
  }

  /** Shows what can be chosen, also to somebody who has chosen already. */
  async open() {
    await this.#load();
    const visitor = localStorage.getItem(place);
    const standing =
      visitor === null
        ? {}
        : (await this.#call('POST', '/v1/consents/lookup', { person: { anonymousId: visitor } })).standing;
    this.#show(standing, true);
  }

  async #start() {
    this.hidden = true;
    try {
      const visitor = localStorage.getItem(place);
      if (visitor !== null) {
        const { standing, ask } = await this.#call('POST', '/v1/consents/lookup', { person: { anonymousId: visitor } });
        this.#tell(standing);
        if (ask.length === 0) return;
      }
      await this.#load();
      this.#show({}, false);
    } catch {
      // Nobody could be asked, so nothing is allowed, and the page goes on without us.
    }
  }

  async #load() {
    const asked = (this.getAttribute('language') ?? (document.documentElement.lang || navigator.language)).slice(0, 2);
    this.#said = words[asked] ?? words.en;
    const language = words[asked] === undefined ? 'en' : asked;
    this.lang = language;
    this.dir = language === 'ar' ? 'rtl' : 'ltr';
    this.#purposes = (await this.#call('GET', `/v1/consents?language=${language}`)).purposes;
  }

  #show(standing, focuses) {
    const say = this.#said;
    const root = this.shadowRoot ?? this.attachShadow({ mode: 'open' });
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(look);
    root.adoptedStyleSheets = [sheet];
    const boxes = this.#purposes.map(({ purpose, title, notice, keepFor, noticeLanguage }) => {
      const box = made('input', { type: 'checkbox', name: purpose });
      box.checked = standing[purpose] === true;
      const text = made('span', { lang: noticeLanguage }, [
        made('b', {}, [title]),
        made('small', {}, [notice, ` (${say.kept}: ${inWords(keepFor, this.lang)})`]),
      ]);
      return { purpose, box, label: made('label', {}, [box, text]) };
    });
    const choose = (chosen) => () =>
      void this.#save(Object.fromEntries(boxes.map(({ purpose, box }) => [purpose, chosen ?? box.checked])));
    const more = this.getAttribute('more');
    const status = made('p', { role: 'status' });
    const heading = made('h2', { id: 'title', tabindex: '-1' }, [say.title]);
    const isForm = this.getAttribute('layout') === 'form';
    const list = made('div', { role: 'group', 'aria-labelledby': 'title' }, [
      ...boxes.map(({ label }) => label),
      button(say.some, choose()),
    ]);
    root.replaceChildren(
      made('section', { class: isForm ? 'form' : 'banner', 'aria-labelledby': 'title' }, [
        made('div', { class: 'inner' }, [
          heading,
          made('p', {}, [say.lead]),
          ...(navigator.globalPrivacyControl === true ? [made('p', { class: 'soft' }, [say.signal])] : []),
          made('p', { class: 'soft' }, [this.#purposes.map(({ title }) => title).join(' · ')]),
          made('div', { class: 'buttons' }, [button(say.none, choose(false)), button(say.all, choose(true))]),
          isForm ? list : made('details', {}, [made('summary', {}, [say.choose]), list]),
          ...(more?.startsWith('https://') || more?.startsWith('/') ? [made('a', { href: more }, [say.more])] : []),
          status,
        ]),
      ]),
    );
    this.hidden = false;
    if (focuses) heading.focus();
  }

  async #save(purposes) {
    const root = this.shadowRoot;
    const status = root?.querySelector('[role=status]');
    try {
      const visitor = localStorage.getItem(place) ?? crypto.randomUUID();
      const notices = Object.fromEntries(this.#purposes.map(({ purpose, noticeVersion }) => [purpose, noticeVersion]));
      const signals = navigator.globalPrivacyControl === true ? { signals: { gpc: true } } : {};
      const { standing } = await this.#call('POST', '/v1/consents', {
        person: { anonymousId: visitor },
        purposes,
        notices,
        method: 'banner',
        ...signals,
      });
      localStorage.setItem(place, visitor);
      this.#tell(standing);
      if (this.getAttribute('layout') === 'form') status?.replaceChildren(this.#said.done);
      else this.hidden = true;
    } catch {
      status?.replaceChildren(this.#said.failed);
    }
  }

  #tell(standing) {
    this.dispatchEvent(new CustomEvent('fairlead-consent', { bubbles: true, composed: true, detail: { standing } }));
  }

  async #call(method, path, body) {
    const answer = await fetch(new URL(path, this.getAttribute('server') ?? ownAddress), {
      method,
      credentials: 'omit',
      headers: {
        authorization: `Bearer ${this.getAttribute('key') ?? ''}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    return answer.json();
  }
}

/** A length of time such as `13 months`, as the language says it. */
function inWords(text, language) {
  const [, count, unit] = /^(\d+) (minute|hour|day|week|month|year)s?$/.exec(text) ?? [];
  if (unit === undefined) return text;
  const locale = language === 'ar' ? 'ar-u-nu-latn' : language;
  return new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(Number(count));
}

/** An element of text and elements alone, so that no notice can bring markup. */
function made(name, attributes, children = []) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function button(text, act) {
  const element = made('button', { type: 'button' }, [text]);
  element.addEventListener('click', act);
  return element;
}

if (customElements.get('fairlead-consent') === undefined) customElements.define('fairlead-consent', FairleadConsent);
