import type { LiveState } from './live.js';

/**
 * What the page of a training does: shows what its server sends, presses stop, and becomes the report at the end. It goes into
 * the page as the text of the function, and so uses nothing from outside of it.
 */
export function liveScript(): void {
  const part = <T extends HTMLElement>(name: string) => document.querySelector<T>(`[${name}]`);
  const page = part('data-live');
  const button = part<HTMLButtonElement>('data-stop');
  if (page === null || button === null) return;
  const say = (name: string, text: string) => {
    const element = part(name);
    if (element !== null && element.textContent !== text) element.textContent = text;
  };
  const bar = page.querySelector<HTMLElement>('.bar');
  const source = new EventSource('events');
  /** The training that this page is of: another one may be served from the same address later. */
  let run: string | undefined;
  let stopping = false;

  function show({ stages, epoch, epochs, share, numbers, learningRate, left, stopping: ending }: LiveState): void {
    const begun = epoch === undefined ? 'reading the data' : 'training';
    const last = stages.length > 0 ? stages[stages.length - 1].text : begun;
    const where = epoch === undefined ? '' : `: epoch ${epoch} of ${epochs}${left ? `, ${left} left at most` : ''}`;
    say('data-stage', `${last}${where}`);
    say('data-numbers', `${numbers ?? ''}${learningRate ? `  learning rate ${learningRate}` : ''}`.trim());
    const percent = String(Math.round(100 * (share ?? 0)));
    // Between two fits there is nothing to count.
    if (bar) bar.style.visibility = share === undefined ? 'hidden' : 'visible';
    bar?.setAttribute('aria-valuenow', percent);
    const filled = bar?.querySelector<HTMLElement>('i');
    if (filled) filled.style.width = `${percent}%`;
    const list = part('data-stages');
    if (list?.parentElement) list.parentElement.hidden = stages.length === 0;
    for (const { text, at } of stages.slice(list?.childElementCount)) {
      const item = document.createElement('li');
      item.textContent = `${new Date(at).toLocaleTimeString()}  ${text}`;
      list?.append(item);
    }
    if (ending) stops();
  }

  function stops(): void {
    stopping = true;
    if (button !== null) button.disabled = true;
    say('data-said', 'Stopping after this batch; then what was trained is scored and saved.');
  }

  /** The report in place of this page. It has all that it needs, so the server may go. */
  function become(report: string): void {
    source.close();
    document.open();
    document.write(report);
    document.close();
    const bar = document.createElement('p');
    bar.className = 'warning ended';
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([report], { type: 'text/html' }));
    link.download = 'report.html';
    link.textContent = 'save it';
    bar.append(
      'The training has ended, and its server with it: this report is here until the page is closed or loaded anew; ',
    );
    bar.append(link, ' to keep it.');
    document.body.prepend(bar);
    scrollTo(0, 0);
  }

  source.addEventListener('run', (event) => {
    if (run !== undefined && run !== event.data) location.reload();
    run = event.data;
  });
  source.addEventListener('state', (event) => show(JSON.parse(event.data)));
  source.addEventListener('curves', (event) => {
    const curves = part('data-curves');
    if (curves === null) return;
    curves.innerHTML = JSON.parse(event.data);
    document.dispatchEvent(new Event('figures'));
  });
  source.addEventListener('ended', (event) => become(JSON.parse(event.data)));
  source.addEventListener('failed', (event) => {
    source.close();
    if (button !== null) button.disabled = true;
    say('data-stage', 'training has failed');
    say('data-said', JSON.parse(event.data));
  });
  source.addEventListener('error', () =>
    say('data-said', 'The training cannot be reached: it was ended, or the connection is lost.'),
  );
  source.addEventListener('open', () => {
    if (!stopping)
      say('data-said', 'Does what Ctrl-C does: training ends after the batch, and what was trained by then is saved.');
  });
  button.addEventListener('click', async () => {
    button.disabled = true;
    try {
      const answer = await fetch('stop', { method: 'POST', headers: { 'x-memcell-token': page.dataset.token ?? '' } });
      if (!answer.ok) throw new Error(await answer.text());
      stops();
    } catch (error) {
      button.disabled = false;
      say('data-said', `It could not be stopped: ${error instanceof Error ? error.message : error}`);
    }
  });
}
