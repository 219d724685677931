// Writes the matrix-product tiles in AssemblyScript, which has no macros: one function per tile size, all from two templates.
// A tile holds `rows` × `columns` of C in registers and runs over k once:
//   tile:   C[i][j] (+)= Σk A[i][k]·B[k][j]    A's rows `lda` bytes apart
//   outer:  C[i][j] (+)= Σk A[k][i]·B[k][j]    A's rows `lda` bytes apart, i along a row
// B is a panel: rows of 16 floats, 64 bytes apart; C's rows are `ldc` bytes apart. Rows at s, `lds` bytes apart, are added: what C holds, or
// the same row to all (a bias) where lds is 0; none where s is 0.
// Wide tiles of many rows are `count`, one below the other: a call of each would take a fiftieth of the time.
// A tile over a gap is wide and has as many rows as there may be; those from the `gap`th on (1 or more) are `aGap` and `cGap` bytes further,
// and the row at s is added to all.

const range = (n) => Array.from({ length: n }, (_, i) => i);

/** One tile function. Nothing is unrolled over k, and the loop is tested at its top: V8 spills or slows down otherwise. */
function tile({ kind, rows, columns, overGap = false }) {
  const vectors = range(columns / 4);
  const lines = range(rows);
  const repeated = columns === 16 && rows >= 4 && !overGap;
  const sums = overGap ? 's: usize, gap: i32, aGap: usize, cGap: usize' : 's: usize, lds: usize';
  const parameters = `k: i32, a: usize, lda: usize, b: usize, c: usize, ldc: usize, ${sums}${repeated ? ', count: i32' : ''}`;
  const name = overGap ? `${kind}OverGap` : `${kind}${rows}x${columns}`;
  const out = [`export function ${name}(${parameters}): void {`];
  const jump = (i, by) => (overGap ? ` + (gap == ${i} ? ${by} : 0)` : '');
  out.push('  const end = b + ((<usize>k) << 6);');
  if (repeated) out.push('  for (; count > 0; --count) {');
  for (const i of lines) for (const v of vectors) out.push(`  let c${i}_${v} = f32x4.splat(0);`);
  for (const i of kind === 'tile' ? lines : [0]) {
    const beyond = overGap && i > 0 ? ` + (gap <= ${i} ? aGap : 0)` : '';
    out.push(`  let a${i} = a + ${i} * lda${beyond};`);
  }
  out.push('  let p = b;', '  while (p < end) {');
  for (const v of vectors) out.push(`    const b${v} = v128.load(p, ${16 * v});`);
  for (const i of lines) {
    const source = kind === 'tile' ? `a${i}` : 'a0';
    const offset = kind === 'outer' ? 4 * i : 0;
    out.push(`    const x${i} = v128.load32_splat(${source}, ${offset});`);
    for (const v of vectors) out.push(`    c${i}_${v} = madd(x${i}, b${v}, c${i}_${v});`);
  }
  if (kind === 'tile') for (const i of lines) out.push(`    a${i} += 4;`);
  else out.push('    a0 += lda;');
  out.push('    p += 64;', '  }');
  // Both halves are loaded before either is stored: the revectorizer pairs them only so.
  out.push('  if (s) {');
  for (const i of lines) {
    for (const v of vectors) out.push(`    const s${i}_${v} = f32x4.add(c${i}_${v}, v128.load(s, ${16 * v}));`);
    for (const v of vectors) out.push(`    v128.store(c, s${i}_${v}, ${16 * v});`);
    if (i === rows - 1 && !repeated) continue;
    out.push(`    c += ldc${jump(i + 1, 'cGap')};`);
    if (!overGap) out.push('    s += lds;');
  }
  out.push('  } else {');
  for (const i of lines) {
    for (const v of vectors) out.push(`    v128.store(c, c${i}_${v}, ${16 * v});`);
    if (i < rows - 1 || repeated) out.push(`    c += ldc${jump(i + 1, 'cGap')};`);
  }
  out.push('  }');
  if (repeated) out.push(`  a += ${kind === 'tile' ? `${rows} * lda` : 4 * rows};`, '  }');
  out.push('}', '');
  return out.join('\n');
}

/** Two neighbouring panels, `panel` bytes apart, for one row: eight sums hide the latency of an addition. */
function rowOfTwoPanels() {
  const vectors = range(4);
  const out = [
    'export function tile1x32(k: i32, a: usize, b: usize, panel: usize, c: usize, d: usize, s: usize, t: usize): void {',
  ];
  for (const v of range(8)) out.push(`  let c${v} = f32x4.splat(0);`);
  out.push('  const end = b + ((<usize>k) << 6);', '  let e = b + panel;', '  while (b < end) {');
  out.push('    const x = v128.load32_splat(a);');
  for (const v of vectors) out.push(`    c${v} = madd(x, v128.load(b, ${16 * v}), c${v});`);
  for (const v of vectors) out.push(`    c${v + 4} = madd(x, v128.load(e, ${16 * v}), c${v + 4});`);
  out.push('    a += 4;', '    b += 64;', '    e += 64;', '  }', '  if (s) {');
  for (const [pointer, source, first] of [
    ['c', 's', 0],
    ['d', 't', 4],
  ]) {
    for (const v of vectors) {
      out.push(`    const s${v + first} = f32x4.add(c${v + first}, v128.load(${source}, ${16 * v}));`);
    }
    for (const v of vectors) out.push(`    v128.store(${pointer}, s${v + first}, ${16 * v});`);
  }
  out.push('    return;', '  }');
  for (const v of vectors) out.push(`  v128.store(c, c${v}, ${16 * v});`);
  for (const v of vectors) out.push(`  v128.store(d, c${v + 4}, ${16 * v});`);
  out.push('}', '');
  return out.join('\n');
}

/**
 * Multiply-adds in registers only: this machine's limit. `sums` 4-wide sums a round from and to 16·sums bytes at out, in as many
 * chains as hide the latency; neighbours are stored as pairs, so that the revectorizer joins them.
 */
function peak(name, sums) {
  const out = [`export function ${name}(rounds: i32, out: usize): void {`];
  out.push('  const x = v128.load32_splat(out);', '  const y = v128.load32_splat(out, 4);');
  for (const i of range(sums)) out.push(`  let c${i} = v128.load(out, ${16 * i});`);
  out.push('  while (rounds > 0) {');
  for (const i of range(sums)) out.push(`    c${i} = madd(x, y, c${i});`);
  out.push('    --rounds;', '  }');
  for (const i of range(sums)) out.push(`  v128.store(out, c${i}, ${16 * i});`);
  out.push('}', '');
  return out.join('\n');
}

/**
 * The source of assembly/tiles.ts.
 * @param fused whether `madd` may be one fused operation (relaxed SIMD); fused tiles leave room for one more row
 */
export function tilesSource(fused) {
  const most = fused ? 6 : 5;
  const out = [
    `export const MAX_ROWS: i32 = ${most};`,
    '// @ts-ignore: decorator',
    '@inline',
    'export function madd(a: v128, b: v128, c: v128): v128 {',
    `  return ${fused ? 'f32x4.relaxed_madd(a, b, c)' : 'f32x4.add(f32x4.mul(a, b), c)'};`,
    '}',
    '',
    rowOfTwoPanels(),
    peak('peak', fused ? 12 : 10),
    peak('peakWide', 24),
  ];
  out.push(tile({ kind: 'tile', rows: most, columns: 16, overGap: true }));
  for (const kind of ['tile', 'outer']) {
    // One and two rows hold 16 columns in registers at any speed; three rows of a product go as two and one.
    const least = kind === 'tile' ? 4 : 3;
    for (const rows of [1, 2, 3, 4, 5, 6]) {
      if (rows >= least) out.push(tile({ kind, rows, columns: 8 }));
      out.push(tile({ kind, rows, columns: 16 }));
    }
  }
  return out.join('\n');
}
