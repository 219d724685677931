/** Languages whose month names are read, in the order in which equal evidence is settled. */
export const languages = [
  'en',
  'de',
  'fr',
  'es',
  'it',
  'pt',
  'nl',
  'pl',
  'sv',
  'da',
  'nb',
  'fi',
  'cs',
  'sk',
  'hu',
  'ro',
  'hr',
  'tr',
  'el',
  'ru',
  'uk',
] as const;

/** Short forms that are in use and in no table of Unicode. */
const further: Record<string, readonly (readonly [string, number])[]> = {
  en: [['sept', 9]],
  de: [
    ['mrz', 3],
    ['maerz', 3],
    ['jän', 1],
    ['jänner', 1],
    ['okt', 10],
    ['dez', 12],
  ],
  es: [
    ['setiembre', 9],
    ['set', 9],
    ['sep', 9],
  ],
  nl: [['mrt', 3]],
};

const dictionaries = new Map<string, Map<string, number>>();
const nameLists = new Map<string, string[]>();

/** The month (1–12) that a word names in a language, or 0. */
export function monthOfWord(word: string, locale: string): number {
  let dictionary = dictionaries.get(locale);
  if (dictionary === undefined) {
    dictionary = makeDictionary(locale);
    dictionaries.set(locale, dictionary);
  }
  const known = dictionary.get(word);
  if (known !== undefined) return known;
  const month = monthOfLower(word.toLowerCase().replace(/\.$/, ''), locale, dictionary);
  dictionary.set(word, month);
  return month;
}

/** The month names of a language, from January. */
export function monthNames(locale: string, length: 'long' | 'short'): string[] {
  return names(locale, { month: length }, (i) => Date.UTC(2020, i, 1), 12);
}

/** The weekday names of a language, from Monday. */
export function weekdayNames(locale: string, length: 'long' | 'short'): string[] {
  return names(locale, { weekday: length }, (i) => Date.UTC(2020, 5, 1 + i), 7);
}

/** A day as languages number it: 1st, 2nd in English; elsewhere the first alone is written otherwise. */
export function ordinal(date: number, locale = 'en'): string {
  if (locale !== 'en') return date === 1 ? (locale === 'fr' ? '1er' : '1º') : String(date);
  const suffix = Math.floor(date / 10) === 1 ? undefined : ['st', 'nd', 'rd'][(date % 10) - 1];
  return `${date}${suffix ?? 'th'}`;
}

function names(locale: string, options: Intl.DateTimeFormatOptions, at: (i: number) => number, n: number): string[] {
  const key = `${locale} ${JSON.stringify(options)}`;
  const known = nameLists.get(key);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat(locale, { ...options, timeZone: 'UTC' });
  const list = Array.from({ length: n }, (_, i) => format.format(at(i)));
  nameLists.set(key, list);
  return list;
}

/** A name, or the first three letters or more of one long name only. */
function monthOfLower(word: string, locale: string, dictionary: Map<string, number>): number {
  const known = dictionary.get(word);
  if (known !== undefined) return known;
  if (word.length < 3) return 0;
  const begun = monthNames(locale, 'long').flatMap((name, i) => (name.toLowerCase().startsWith(word) ? [i + 1] : []));
  return begun.length === 1 ? begun[0] : 0;
}

function makeDictionary(locale: string): Map<string, number> {
  const dictionary = new Map<string, number>(further[locale] ?? []);
  for (const length of ['long', 'short'] as const) {
    const format = new Intl.DateTimeFormat(locale, { month: length, day: 'numeric', timeZone: 'UTC' });
    for (const [i, name] of monthNames(locale, length).entries()) {
      // Slavic languages and Greek inflect the name beside a day.
      const beside = format.formatToParts(Date.UTC(2020, i, 1)).find(({ type }) => type === 'month')?.value ?? name;
      for (const form of [name, beside]) dictionary.set(form.toLowerCase().replace(/\.$/, ''), i + 1);
    }
  }
  return dictionary;
}
