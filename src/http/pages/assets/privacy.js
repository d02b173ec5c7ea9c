/**
 * Makes the privacy centre answer without a new page: a form is sent, and what the server answers takes the place of what is there, with the eyes and the focus
 * where they were. Nothing is decided here; without this file the same forms lead to the same pages.
 */
document.addEventListener('submit', (event) => {
  void sendForm(event);
});

async function sendForm(event) {
  const form = event.target;
  const main = document.getElementById('main');
  if (!(form instanceof HTMLFormElement) || main === null || event.submitter?.hasAttribute('data-plain')) return;
  event.preventDefault();
  if (main.getAttribute('aria-busy') === 'true') return;
  main.setAttribute('aria-busy', 'true');
  try {
    const page = await fetch(form.action, {
      method: 'POST',
      body: new URLSearchParams(new FormData(form)),
      credentials: 'same-origin',
    });
    if (!page.headers.get('content-type')?.startsWith('text/html')) throw new Error('no page');
    showAnswer(main, await page.text(), new URL(page.url));
  } catch {
    // What could not be sent this way is sent the plain way, and the browser says what is the matter.
    form.submit();
  }
}

function showAnswer(main, html, address) {
  const page = new DOMParser().parseFromString(html, 'text/html');
  const next = page.getElementById('main');
  if (next === null) throw new Error('no page');
  const focused = document.activeElement?.id;
  const isSamePage = next.querySelector('#allow') !== null && main.querySelector('#allow') !== null;
  const top = scrollY;
  main.replaceWith(next);
  document.title = page.title;
  if (address.pathname === '/privacy') history.replaceState(null, '', address.pathname + address.search);
  const said = document.getElementById('said');
  if (isSamePage) {
    // Set anew, so that screen readers say it.
    const words = said?.textContent ?? '';
    if (said !== null) said.textContent = '';
    requestAnimationFrame(() => {
      if (said !== null) said.textContent = words;
    });
    scrollTo(0, top);
    document.getElementById(focused ?? '')?.focus({ preventScroll: true });
  } else {
    scrollTo(0, 0);
    said?.focus({ preventScroll: true });
  }
}
