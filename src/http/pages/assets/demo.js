// @ts-check
/**
 * Makes the demo's page livelier: sends its forms without leaving the page, puts the page that comes back in the place of the old one, and moves what has
 * changed. Everything it does, the forms do without it. Asks nobody but the server that it came from.
 */

const still = matchMedia('(prefers-reduced-motion: reduce)');

document.addEventListener('submit', (event) => {
  const form = /** @type {HTMLFormElement} */ (event.target); // only forms are submitted
  if (!form.matches('#demo form')) return;
  event.preventDefault();
  void send(form, event.submitter);
});

document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return;
  for (const open of document.querySelectorAll('details.terms[open]')) {
    open.removeAttribute('open');
    if (open.contains(document.activeElement)) open.querySelector('summary')?.focus();
  }
});

// One bill is open at a time, and a click beside it closes it.
document.addEventListener('click', (event) => {
  for (const open of document.querySelectorAll('details.terms[open]')) {
    if (!(event.target instanceof Node) || !open.contains(event.target)) open.removeAttribute('open');
  }
});

/** @param {HTMLFormElement} form @param {HTMLElement | null} submitter */
async function send(form, submitter) {
  const demo = document.getElementById('demo');
  if (demo === null || demo.getAttribute('aria-busy') === 'true') return;
  demo.setAttribute('aria-busy', 'true');
  if (submitter?.getAttribute('role') === 'switch') {
    const isOn = submitter.getAttribute('aria-checked') !== 'true';
    submitter.setAttribute('aria-checked', String(isOn));
    submitter.querySelector('span')?.replaceChildren(isOn ? 'on' : 'off');
  }
  try {
    const fields = new URLSearchParams();
    for (const [name, value] of new FormData(form)) {
      if (typeof value === 'string') fields.append(name, value);
    }
    const isProof = form.id === 'prove-form';
    const answer = isProof
      ? await proven(form.action, fields)
      : await fetch(form.action, { method: 'POST', body: fields });
    if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
    await show(new DOMParser().parseFromString(await answer.text(), 'text/html'), { isProof });
  } catch {
    // The plain page is always right: whatever went wrong here, it shows what stands now.
    location.reload();
  } finally {
    document.getElementById('demo')?.removeAttribute('aria-busy');
  }
}

/** Follows the training line by line, then asks for the page that shows its result. @param {string} action @param {URLSearchParams} fields */
async function proven(action, fields) {
  const progress = document.getElementById('progress');
  const step = document.getElementById('step');
  const bar = /** @type {HTMLProgressElement | null} */ (document.getElementById('bar')); // the template makes it one
  document.getElementById('proof')?.remove();
  if (progress !== null) progress.hidden = false;
  const answer = await fetch(action, { method: 'POST', body: fields, headers: { accept: 'application/x-ndjson' } });
  if (!answer.ok || answer.body === null) throw new Error(`the server answered ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let text = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    text += value;
    const whole = text.split('\n');
    text = whole.pop() ?? '';
    for (const line of whole) {
      const said = JSON.parse(line);
      if (said.ended === 'badly') throw new Error('the training failed');
      if (said.step === undefined || step === null || bar === null) continue;
      step.textContent = said.step;
      bar.max = said.total;
      bar.value = said.done;
    }
  }
  return fetch('/');
}

/** Puts the new page in the place of the old one. @param {Document} next @param {{ isProof: boolean }} options */
async function show(next, { isProof }) {
  const before = document.getElementById('demo');
  const after = next.getElementById('demo');
  if (before === null || after === null) return location.reload();
  const focused = document.activeElement?.id ?? '';
  const old = {
    people: Number(before.dataset['people']),
    digest: before.dataset['digest'] ?? '',
    list: before.dataset['list'],
  };
  const cards = before.querySelector('.cards');
  const scrolled = old.list === after.dataset['list'] && cards !== null ? cards.scrollLeft : 0;
  const isOpen = before.querySelector('#receipt')?.hasAttribute('open') ?? false;
  const said = after.querySelector('#said');
  const words = said?.textContent ?? '';

  const replace = () => {
    before.replaceWith(after);
    const list = after.querySelector('.cards');
    if (list !== null) list.scrollLeft = scrolled;
    if (isOpen && old.list === after.dataset['list']) after.querySelector('#receipt')?.setAttribute('open', '');
    document.getElementById(focused)?.focus({ preventScroll: true });
  };
  if (still.matches || document.startViewTransition === undefined) {
    replace();
  } else {
    name(before);
    const transition = document.startViewTransition(() => {
      replace();
      name(after);
    });
    await transition.updateCallbackDone;
    void transition.finished.then(() => unname(after));
  }
  // A live region speaks when its text changes while it stands, so the words come a moment after it.
  if (said !== null && said.childElementCount === 0) {
    said.textContent = '';
    requestAnimationFrame(() => (said.textContent = words));
  }
  count(old.people, Number(after.dataset['people']));
  if (old.digest !== after.dataset['digest']) print(old.digest, after.dataset['digest'] ?? '');
  if (isProof) reveal();
}

/** Cards that stay glide to their new place. @param {HTMLElement} demo */
function name(demo) {
  for (const card of demo.querySelectorAll('.thing')) {
    if (card instanceof HTMLElement) card.style.setProperty('view-transition-name', `thing-${card.dataset['item']}`);
  }
}

/** @param {HTMLElement} demo */
function unname(demo) {
  for (const card of demo.querySelectorAll('.thing')) {
    if (card instanceof HTMLElement) card.style.removeProperty('view-transition-name');
  }
}

/** Lets the number of people roll from one to the other. @param {number} from @param {number} to */
function count(from, to) {
  const place = document.getElementById('people');
  if (place === null || from === to || still.matches) return;
  const settled = place.textContent;
  place.textContent = new Intl.NumberFormat('en-GB').format(from);
  setTimeout(() => {
    place.textContent = settled;
    place.animate(
      [
        { transform: `translateY(${to < from ? '-' : ''}0.45em)`, opacity: 0 },
        { transform: 'none', opacity: 1 },
      ],
      { duration: 420, easing: 'cubic-bezier(0.2, 0.9, 0.3, 1.2)' },
    );
  }, 380);
}

/** Lets the digits of the fingerprint settle one after the other, and its bars grow. @param {string} from @param {string} to */
function print(from, to) {
  const place = document.getElementById('digest');
  if (place === null || still.matches) return;
  const begun = performance.now();
  const digits = '0123456789abcdef';
  const frame = (/** @type {number} */ now) => {
    const settled = Math.floor(((now - begun - 250) / 650) * to.length);
    if (settled >= to.length || !place.isConnected) {
      place.textContent = to;
      return;
    }
    place.textContent = Array.from(to, (digit, at) => {
      if (digit === ' ' || at < settled) return digit;
      return settled < 0 ? (from[at] ?? digit) : digits[(at * 7 + Math.floor(now / 40)) % 16];
    }).join('');
    requestAnimationFrame(frame);
  };
  requestAnimationFrame(frame);
  document.querySelectorAll('.bars rect').forEach((bar, at) => {
    bar.animate([{ transform: 'scaleY(0.05)' }, { transform: 'none' }], {
      duration: 420,
      delay: 250 + at * 28,
      easing: 'cubic-bezier(0.2, 0.8, 0.3, 1)',
      fill: 'backwards',
    });
  });
}

/** Brings the proof into view, line after line. */
function reveal() {
  const proof = document.getElementById('proof');
  if (proof === null) return;
  proof.focus({ preventScroll: true });
  proof.scrollIntoView({ block: 'nearest', behavior: still.matches ? 'auto' : 'smooth' });
  if (still.matches) return;
  proof.querySelectorAll('h3, .pair, .pair ~ p').forEach((line, at) => {
    line.animate(
      [
        { opacity: 0, transform: 'translateY(6px)' },
        { opacity: 1, transform: 'none' },
      ],
      { duration: 320, delay: at * 220, easing: 'ease-out', fill: 'backwards' },
    );
  });
}
