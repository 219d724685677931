/**
 * Draws the maps of gates, and shows the numbers under the pointer: one unit is followed through all maps of its layer. Like
 * `pageScript`, it uses nothing from outside of it.
 */
export function gatesScript(): void {
  interface Layer {
    layer: string;
    steps: number;
    units: number[];
    halfLives?: (number | null)[];
    maps: { name: string; low: number; high: number; bytes: string }[];
  }
  const source = document.getElementById('gates-data');
  if (source === null) return;
  const { layers, tokens }: { layers: Layer[]; tokens?: string[] } = JSON.parse(source.textContent ?? '{}');

  const colours = () => {
    const style = getComputedStyle(document.documentElement);
    return [style.getPropertyValue('--c1'), style.getPropertyValue('--c2'), style.getPropertyValue('--ink')].map(rgb);
  };

  function rgb(hex: string): [number, number, number] {
    const value = Number.parseInt(hex.trim().slice(1), 16);
    return [value >> 16, (value >> 8) & 255, value & 255];
  }

  for (const [index, { steps, units, halfLives, maps }] of layers.entries()) {
    const values = maps.map(({ bytes }) => Uint8Array.from(atob(bytes), (character) => character.charCodeAt(0)));
    const canvases = [...document.querySelectorAll<HTMLCanvasElement>(`canvas[data-layer="${index}"]`)];
    const told = document.querySelector<HTMLElement>(`[data-told="${index}"]`);
    const text = document.querySelector<HTMLElement>(`[data-text="${index}"]`);
    const at = (map: number, row: number, t: number) => {
      const { low, high } = maps[map];
      return low + ((high - low) * values[map][row * steps + t]) / 255;
    };

    function draw(marked?: { row: number; t: number }): void {
      const [cold, warm, ink] = colours();
      for (const [map, canvas] of canvases.entries()) {
        canvas.width = steps;
        canvas.height = units.length;
        const context = canvas.getContext('2d');
        if (context === null) return;
        const image = context.createImageData(steps, units.length);
        const signed = maps[map].low < 0;
        for (let i = 0; i < values[map].length; i++) {
          const share = values[map][i] / 255;
          const size = signed ? Math.abs(2 * share - 1) : share;
          const colour = signed ? (share < 0.5 ? cold : warm) : ink;
          const row = Math.floor(i / steps);
          image.data.set([...colour, marked && marked.row !== row ? 150 * size : 255 * size], 4 * i);
        }
        context.putImageData(image, 0, 0);
      }
    }

    function colourText(row: number): void {
      if (text === null || tokens === undefined) return;
      const cell = Math.max(
        0,
        maps.findIndex(({ name }) => name === 'cell'),
      );
      let high = 1e-6;
      for (let t = 0; t < steps; t++) high = Math.max(high, Math.abs(at(cell, row, t)));
      for (const [t, span] of [...text.children].entries()) {
        const value = at(cell, row, t) / high;
        (span as HTMLElement).style.background =
          `color-mix(in srgb,var(${value < 0 ? '--c1' : '--c2'}) ${Math.round(85 * Math.abs(value))}%,transparent)`;
      }
    }

    const place = (canvas: HTMLCanvasElement, event: PointerEvent) => {
      const box = canvas.getBoundingClientRect();
      const share = (position: number, size: number, count: number) =>
        Math.min(count - 1, Math.max(0, Math.floor((position / size) * count)));
      return {
        t: share(event.clientX - box.left, box.width, steps),
        row: share(event.clientY - box.top, box.height, units.length),
      };
    };
    for (const canvas of canvases) {
      canvas.addEventListener('pointermove', (event) => {
        const { row, t } = place(canvas, event);
        draw({ row, t });
        const life = halfLives?.[row];
        const memory = halfLives
          ? `, half-life ${life === null || life === undefined ? 'endless' : `${life.toPrecision(3)} steps`}`
          : '';
        const here = tokens ? ` (${JSON.stringify(tokens[tokens.length - steps + t])})` : '';
        const numbers = maps.map(({ name }, map) => `${name} ${at(map, row, t).toFixed(2)}`).join('   ');
        if (told) told.textContent = `unit ${units[row]}${memory}; step ${t + 1}${here}: ${numbers}`;
        colourText(row);
      });
      canvas.addEventListener('pointerleave', () => draw());
    }
    draw();
    if (text) {
      // The unit that changes most along the text, until one is chosen.
      let best = 0;
      let most = -1;
      const cell = Math.max(
        0,
        maps.findIndex(({ name }) => name === 'cell'),
      );
      for (let row = 0; row < units.length; row++) {
        let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
        for (let t = 0; t < steps; t++) {
          low = Math.min(low, at(cell, row, t));
          high = Math.max(high, at(cell, row, t));
        }
        if (high - low > most) [best, most] = [row, high - low];
      }
      colourText(best);
    }
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => draw());
  }
}
