/**
 * What a page does: shows the figures' numbers under the pointer, and the series that was picked. It goes into the page as the
 * text of the function, and so uses nothing from outside of it.
 */
export function pageScript(): void {
  const tip = document.createElement('div');
  tip.className = 'tip';
  tip.hidden = true;
  document.body.append(tip);

  function arm(figure: HTMLElement): void {
    figure.dataset.armed = '';
    const { x, text }: { x: number[]; text: string[] } = JSON.parse(figure.dataset.tips ?? '{"x":[],"text":[]}');
    const svg = figure.querySelector('svg');
    if (svg === null || x.length === 0) return;
    const mark = document.createElementNS('http://www.w3.org/2000/svg', 'line');
    mark.setAttribute('class', 'mark');
    const height = svg.viewBox.baseVal.height;
    mark.setAttribute('y1', '0');
    mark.setAttribute('y2', String(height));
    svg.append(mark);
    const leave = () => {
      tip.hidden = true;
      mark.style.display = 'none';
    };
    leave();
    svg.addEventListener('pointermove', (event) => {
      const box = svg.getBoundingClientRect();
      const at = ((event.clientX - box.left) / box.width) * svg.viewBox.baseVal.width;
      let nearest = 0;
      for (let i = 1; i < x.length; i++) if (Math.abs(x[i] - at) < Math.abs(x[nearest] - at)) nearest = i;
      mark.setAttribute('x1', String(x[nearest]));
      mark.setAttribute('x2', String(x[nearest]));
      mark.style.display = '';
      tip.textContent = text[nearest];
      tip.hidden = false;
      const left = Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8);
      tip.style.left = `${Math.max(4, left)}px`;
      tip.style.top = `${Math.max(4, event.clientY - tip.offsetHeight - 10)}px`;
    });
    svg.addEventListener('pointerleave', leave);
  }

  const armAll = () => {
    for (const figure of document.querySelectorAll<HTMLElement>('figure[data-tips]:not([data-armed])')) arm(figure);
  };
  armAll();
  // Figures that came later.
  document.addEventListener('figures', () => {
    tip.hidden = true;
    armAll();
  });

  /** What `picked` has packed. */
  async function unpack(series: HTMLElement, packed: string): Promise<void> {
    delete series.dataset.packed;
    const bytes = Uint8Array.from(atob(packed), (character) => character.charCodeAt(0));
    const text = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'));
    series.innerHTML = await new Response(text).text();
    armAll();
  }

  for (const picker of document.querySelectorAll<HTMLSelectElement>('select[data-picker]')) {
    picker.addEventListener('change', () => {
      for (const one of document.querySelectorAll<HTMLElement>('[data-series]')) {
        one.hidden = one.dataset.series !== picker.value;
        if (!one.hidden && one.dataset.packed !== undefined) void unpack(one, one.dataset.packed);
      }
    });
  }
}
